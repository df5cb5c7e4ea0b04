package pix2pix

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Translation is from A to B, which the data exchange with --direction BtoA; of colouring, from A to a colour picture.
func (m *Model) Translation() train.Translation {
	t := train.Translation{Inputs: []string{"A"}, Target: "B", Paired: true, Scale: 1, Multiple: m.config.multiple()}
	if m.config.Colour {
		t.Target = "image"
	}
	return t
}

// Translate makes the pictures of inputs "A" (N, C, H, W). As the official program does unless it is asked for
// evaluation, it works one picture at a time in training mode: dropout is the noise of a translation, and batch norm
// normalises by the picture's own statistics. It does not translate back.
func (m *Model) Translate(b *train.Batch, back bool) *torch.Tensor {
	if back {
		panic(&torch.Error{Op: "Translate", Code: torch.ValueError, Msg: "pix2pix translates one way only: train another one for the other"})
	}
	return m.translate(b.Tensor("A"))
}

func (m *Model) translate(x *torch.Tensor) *torch.Tensor {
	if m.config.EvalMode {
		nn.Eval(m.G)
		defer nn.Train(m.G)
	}
	return torch.Tidy(func() *torch.Tensor {
		each := make([]*torch.Tensor, x.Size(0))
		torch.NoGrad(func() {
			for i := range each {
				each[i] = m.G.Forward(x.Narrow(0, i, 1))
			}
		})
		return m.picture(x, torch.Cat(each))
	})
}

// picture is what the channels of an output or target, with its input x, look like: of colouring the coloured input.
func (m *Model) picture(x, y *torch.Tensor) *torch.Tensor {
	if m.config.Colour {
		return coloured(x, y)
	}
	return y
}

// Exhibit takes the pairs of the sample grid.
func (m *Model) Exhibit(b *train.Batch) { m.exhibits = b }

// Columns are input, output and target.
func (m *Model) Columns() int { return 3 }

// Preview shows the pairs that Exhibit was given, a row each: input, output, target.
func (m *Model) Preview() *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		a := m.exhibits.Tensor("A")
		columns := []*torch.Tensor{a, m.translate(a), m.picture(a, m.exhibits.Tensor("B"))}
		for i, x := range columns {
			if in, out := m.config.channels(); in != out && x.Size(1) == 1 { // grey beside colour
				columns[i] = x.Expand([]int{-1, 3, -1, -1})
			}
		}
		return torch.Stack(columns, torch.StackOptions{Dim: 1}).Flatten(torch.FlattenOptions{EndDim: new(1)})
	})
}

var (
	_ train.Translator = (*Model)(nil)
	_ train.Exhibitor  = (*Model)(nil)
)
