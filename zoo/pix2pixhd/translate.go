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

// Translate makes pictures. With features each instance gets the look of a random cluster of its label, after UseClusters;
// without them its look in the target, where the batch has that, and otherwise zeros.
func (m *Model) Translate(b *train.Batch, _ bool) (pictures *torch.Tensor) {
	torch.NoGrad(func() {
		pictures = torch.Tidy(func() *torch.Tensor {
			condition := m.condition(b)
			return m.G.Forward(m.withFeatures(condition, func() *torch.Tensor { return m.look(b) }))
		})
	})
	return pictures
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
// G sees one item at a time.
func (m *Model) Preview() *torch.Tensor {
	var pictures []*torch.Tensor
	for i := range m.shown.Len {
		item := map[string]*torch.Tensor{}
		for _, name := range append(m.Translation().Inputs, "image") {
			item[name] = field(m.shown, name).Narrow(0, i, 1)
		}
		b := train.NewBatch(item)
		input := b.Tensor(m.config.inputField())
		if classes := *m.config.Classes; classes > 0 {
			input = translation.Colours(input, classes)
		}
		for _, x := range []*torch.Tensor{input, m.Translate(b, false), field(b, "image")} {
			for x.Size(3) > most {
				x = x.AvgPool2d([]int{2})
			}
			pictures = append(pictures, x)
		}
	}
	return torch.Cat(pictures)
}
