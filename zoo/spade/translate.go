package spade

import (
	"fmt"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Translation says that label maps, and instance maps if they are used, become pictures.
func (m *Model) Translation() train.Translation {
	t := train.Translation{Inputs: []string{"label"}, Target: "image", Paired: true, Style: m.config.VAE, Scale: 1, Multiple: m.config.multiple()}
	if m.config.Instance {
		t.Inputs = append(t.Inputs, "instance")
	}
	return t
}

// Translate makes pictures of the label maps in b: the fields label and, if instances are used, instance, (N, H, W) int64.
// With VAE the style is drawn from what the encoder sees in the field image, as in the official test, where there is one,
// otherwise from N(0, 1); then sides are those of the settings. The generator runs with its running statistics, unless
// BatchStats is set. It panics with a *torch.Error with back, on other sizes and on a batch without its fields.
func (m *Model) Translate(b *train.Batch, back bool) *torch.Tensor {
	if back {
		panic(misuse("pictures do not become label maps"))
	}
	return m.generate(b, func() *torch.Tensor {
		if x := b.Images(); x != nil {
			return m.encode(x, nil).z
		}
		return torch.Randn([]int{b.Len, m.config.Latent}, torch.RandnOptions{TensorOptions: torch.TensorOptions{
			Device: b.Tensor("label").Device(),
		}})
	})
}

// generate makes pictures, in the styles that style gives with the encoder in evaluation mode, where there is one.
func (m *Model) generate(b *train.Batch, style func() *torch.Tensor) (x *torch.Tensor) {
	if !m.config.BatchStats {
		nn.Eval(m.G)
		defer nn.Train(m.G)
	}
	torch.NoGrad(func() {
		x = torch.Tidy(func() *torch.Tensor {
			labels := m.maps(b)
			var z *torch.Tensor
			if m.E != nil {
				nn.Eval(m.E)
				defer nn.Train(m.E)
				z = style()
			}
			return m.G.Forward(labels, z)
		})
	})
	return x
}

// maps are what the networks see of the label maps in b: one channel a class, then the edges of instances, (N, maps, H, W).
func (m *Model) maps(b *train.Batch) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		labels := m.field(b, "label")
		x := translation.OneHotMap(labels, m.config.classes())
		if m.config.Instance {
			edges := translation.InstanceEdges(m.field(b, "instance"))
			x = torch.Cat([]*torch.Tensor{x, edges}, torch.CatOptions{Dim: 1})
		}
		return x
	})
}

// field is a map of b whose size the generator can make.
func (m *Model) field(b *train.Batch, name string) *torch.Tensor {
	x, c := b.Tensor(name), m.config
	if x == nil {
		panic(misuse(fmt.Sprintf("the batch has no field %s", name)))
	}
	switch h, w := x.Size(1), x.Size(2); {
	case h%c.multiple() != 0 || w%c.multiple() != 0:
		panic(misuse(fmt.Sprintf("sides are multiples of %d with upsampling %s", c.multiple(), c.Upsampling), x))
	case c.VAE && (h != c.Height || w != c.Size):
		panic(misuse(fmt.Sprintf("with a style maps are %d × %d, as in training", c.Height, c.Size), x))
	}
	return x
}

// Exhibit keeps the items of the sample grid.
func (m *Model) Exhibit(b *train.Batch) { m.shown = b }

// Columns is 3: label map, picture made, real picture.
func (m *Model) Columns() int { return 3 }

// Preview makes the pictures of the items that Exhibit was given, between label maps in colour and the real pictures. With
// VAE their style is the middle of what the encoder sees in the real one.
func (m *Model) Preview() *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		real := m.shown.Images()
		made := m.generate(m.shown, func() *torch.Tensor { return m.encode(real, nil).mean })
		labels := translation.Colours(m.shown.Tensor("label"), m.config.classes())
		rows := torch.Stack([]*torch.Tensor{labels, inColour(made.ToDType(torch.Float32)), inColour(real)}, torch.StackOptions{Dim: 1})
		return rows.Flatten(torch.FlattenOptions{EndDim: new(1)})
	})
}

// inColour is pictures (N, C, H, W) in three channels.
func inColour(x *torch.Tensor) *torch.Tensor {
	if x.Size(1) == 3 {
		return x
	}
	return x.Expand([]int{-1, 3, -1, -1})
}

func misuse(message string, about ...*torch.Tensor) *torch.Error {
	e := &torch.Error{Op: "spade", Code: torch.ValueError, Msg: message}
	for _, x := range about {
		e.Shapes = append(e.Shapes, x.Shape())
	}
	return e
}

var (
	_ train.Translator = (*Model)(nil)
	_ train.Exhibitor  = (*Model)(nil)
)
