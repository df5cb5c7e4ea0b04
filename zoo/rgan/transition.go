package rgan

import (
	"fmt"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/labels"
)

// Inform takes the transition matrix of the settings for the classes of the set. Where it says that labels are clean the
// model is an AC-GAN or a cGAN, as it is before Inform. The error tells a set whose labels do not fit.
func (m *Model) Inform(set data.Dataset) error {
	known, ok := set.(data.Labelled)
	if !ok || len(known.Classes()) == 0 {
		return fmt.Errorf("rgan: %s has no labels: put the pictures of each class into a folder of its own", set.Name())
	}
	if n := len(known.Classes()); n != m.config.Classes {
		return fmt.Errorf("rgan: %s has %d classes: take --classes %d, not %d", set.Name(), n, n, m.config.Classes)
	}
	changed, _ := set.(*labels.Set)
	if changed != nil && changed.Options().Keep != 0 {
		return fmt.Errorf("rgan: every picture needs a label, which --labels %s takes away", changed.Options())
	}
	var noise labels.Noise
	switch {
	case m.config.Transition == "none":
	case m.config.Transition != "labels":
		o, err := labels.Parse(m.config.Transition)
		if err != nil {
			return fmt.Errorf("rgan: --transition: %w", err)
		}
		noise = o.Noise
	case changed != nil:
		noise = changed.Options().Noise
	}
	matrix, err := noise.Matrix(known)
	if err != nil {
		return fmt.Errorf("rgan: --transition %s: %w", m.config.Transition, err)
	}
	m.know(matrix)
	return nil
}

// know takes a transition matrix.
func (m *Model) know(matrix labels.Matrix) {
	for _, t := range []*torch.Tensor{m.transition, m.clean} {
		if t != nil {
			t.Free()
		}
	}
	m.transition, m.clean = nil, nil
	for i, row := range matrix {
		if row[i] != 1 {
			m.transition = gan.NoiseMatrix(matrix, m.fixed.Device()).Own()
			m.clean = gan.NoiseMatrix(matrix.Inverse(), m.fixed.Device()).Own()
			return
		}
	}
}
