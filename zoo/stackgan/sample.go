package stackgan

import (
	"fmt"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
)

// remembered is the number of captions that a model remembers of its training set.
const remembered = 2048

// described is a set whose pictures have captions, as those of package captions.
type described interface {
	TextSize() int
	Embeddings(item int) [][]float32
}

// Inform remembers captions from all over the set for Sample. The error tells a set without captions, or embeddings of
// another length than the settings'.
func (m *Model) Inform(set data.Dataset) error {
	d, ok := set.(described)
	if !ok {
		return fmt.Errorf("stackgan: %s has no captions", set.Name())
	}
	if d.TextSize() != m.config.Text {
		return fmt.Errorf("stackgan: the captions of %s have embeddings of %d numbers: take --text %d, not %d", set.Name(), d.TextSize(), d.TextSize(), m.config.Text)
	}
	var all []float32
	for i := range remembered {
		item, round := i%set.Len(), i/set.Len() // another caption each time around a small set
		if set.Len() > remembered {
			item, round = i*set.Len()/remembered, i
		}
		texts := d.Embeddings(item)
		all = append(all, texts[round%len(texts)]...)
	}
	torch.Scope(func() {
		torch.NoGrad(func() { m.bank.CopyInPlace(torch.FromSlice(all, remembered, m.config.Text)) })
	})
	return nil
}

// Sample makes pictures of n captions of the training set, drawn at random.
func (m *Model) Sample(n int) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		on := torch.TensorOptions{Device: m.bank.Device(), DType: torch.Int64}
		picked := torch.RandInt(0, remembered, []int{n}, torch.RandIntOptions{TensorOptions: on})
		return m.SampleText(m.bank.IndexSelect(0, picked))
	})
}

// TextSize is the length of embeddings.
func (m *Model) TextSize() int { return m.config.Text }

// SampleText makes a new picture (n, 3, Size, Size) in [−1, 1] of each embedding (n, TextSize).
func (m *Model) SampleText(embeddings *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return m.generate(embeddings, m.noise(embeddings.Size(0))).Image })
}

// generate makes pictures without recording, with the running statistics of batch norm, or with those of the batch where
// BNEval is not set.
func (m *Model) generate(texts *torch.Tensor, noise Noise) (out Output) {
	if *m.config.BNEval {
		nn.Eval(m.G)
		defer nn.Train(m.G)
	}
	torch.NoGrad(func() {
		out = m.G.Generate(texts.To(torch.ToOptions{Device: new(m.fixed.Device()), DType: m.fixed.DType()}), noise)
	})
	return out
}

// Exhibit keeps the pictures and texts of the sample grid.
func (m *Model) Exhibit(b *train.Batch) { m.real, m.told = b.Images(), texts(b) }

// shots is the number of pictures that the grid shows of a text.
func (m *Model) shots() int {
	if m.config.Stage == 2 {
		return 3
	}
	return 7
}

// Columns of the grid are the real picture and those made of its text; in Stage II a sketch beside each.
func (m *Model) Columns() int { return 1 + m.shots()*m.config.Stage }

// Preview makes the sample grid, a text a row.
func (m *Model) Preview() *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		c, rows, shots := m.config, m.told.Size(0), m.shots()
		fixed := m.fixed.Repeat(rows, 1)
		out := m.generate(m.told.RepeatInterleave(shots, torch.RepeatInterleaveOptions{Dim: new(0)}), Noise{
			Z: fixed.Narrow(1, 0, c.Latent), First: fixed.Narrow(1, c.Latent, c.Condition), Second: fixed.Narrow(1, c.Latent+c.Condition, c.Condition),
		})
		made := out.Image
		if c.Stage == 2 {
			sketch := nn.Interpolate(out.Sketch, nn.Interpolation{Scale: c.Size / sketchSize})
			made = torch.Stack([]*torch.Tensor{sketch, made}, torch.StackOptions{Dim: 1})
		}
		grid := torch.Cat([]*torch.Tensor{m.real.Unsqueeze(1), made.View(rows, -1, 3, c.Size, c.Size)}, torch.CatOptions{Dim: 1})
		return grid.Flatten(torch.FlattenOptions{StartDim: 0, EndDim: new(1)})
	})
}
