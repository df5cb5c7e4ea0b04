package pix2pixhd

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
)

// Translation says that label maps, or pictures, and instance maps become pictures.
func (m *Model) Translation() train.Translation {
	t := train.Translation{
		Inputs: []string{m.config.inputField()}, Target: "image", Paired: true, Scale: 1, Multiple: m.config.multiple(),
	}
	if !m.config.NoInstance {
		t.Inputs = append(t.Inputs, "instance")
	}
	return t
}

// Translate makes pictures, one at a time, as the official program does. With features each instance gets the look of a random
// cluster of its label, where the run has clusters; otherwise its look in the target, where the batch has that, or zeros. It
// does not translate back.
func (m *Model) Translate(b *train.Batch, back bool) (pictures *torch.Tensor) {
	if back {
		panic(&torch.Error{Op: "Translate", Code: torch.ValueError, Msg: "pix2pixhd makes pictures of label maps, not label maps of pictures"})
	}
	torch.NoGrad(func() {
		pictures = torch.Tidy(func() *torch.Tensor {
			made := make([]*torch.Tensor, b.Len)
			for i := range made {
				made[i] = torch.Tidy(func() *torch.Tensor {
					item := m.item(b, i)
					return m.G.Forward(m.withFeatures(m.condition(item), func() *torch.Tensor { return m.look(item) }))
				})
			}
			return torch.Cat(made)
		})
	})
	return pictures
}

// item is the batch of item i alone.
func (m *Model) item(b *train.Batch, i int) *train.Batch {
	fields := map[string]*torch.Tensor{}
	for _, name := range append(m.Translation().Inputs, "image") {
		if t := b.Tensor(name); t != nil {
			fields[name] = t.Narrow(0, i, 1)
		}
	}
	return train.NewBatch(fields)
}

// look is the features of a batch to translate.
func (m *Model) look(b *train.Batch) *torch.Tensor {
	areas := m.areas(b)
	switch target := b.Tensor("image"); {
	case m.clusters != nil:
		return m.clusters.draw(areas, m.config.FeatureChannels)
	case target != nil:
		return m.E.Forward(target, areas)
	}
	n, h, w := areas.Size(0), areas.Size(1), areas.Size(2)
	return torch.Zeros([]int{n, m.config.FeatureChannels, h, w}, torch.TensorOptions{Device: areas.Device()})
}

// Exhibit takes the items of the sample grid.
func (m *Model) Exhibit(b *train.Batch) { m.shown = b }

// Columns is input, output and target.
func (m *Model) Columns() int { return 3 }

// most is the width of a picture in the sample grid.
const most = 512

// Preview shows each item's label map, in colours, or picture, what G makes of it and the target, at most 512 pixels wide.
func (m *Model) Preview() *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		input := field(m.shown, m.config.inputField())
		if classes := *m.config.Classes; classes > 0 {
			input = translation.Colours(input, classes)
		}
		columns := []*torch.Tensor{input, m.Translate(m.shown, false), field(m.shown, "image")}
		rows := torch.Stack(columns, torch.StackOptions{Dim: 1}).Flatten(torch.FlattenOptions{EndDim: new(1)})
		for rows.Size(3) > most {
			rows = rows.AvgPool2d([]int{2})
		}
		return rows
	})
}
