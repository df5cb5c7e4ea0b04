package nn

import "github.com/forgergan/forger/torch"

// Sequential applies layers one after another; their names are their numbers from 0 on.
type Sequential struct {
	Layers []Layer `nn:""`
}

// NewSequential makes a Sequential of layers.
func NewSequential(layers ...Layer) *Sequential { return &Sequential{layers} }

// Forward gives x to the first layer and returns what the last one makes. The tensors between
// are freed as soon as neither the layers nor the autograd graph need them.
func (s *Sequential) Forward(x *torch.Tensor) *torch.Tensor {
	for _, layer := range s.Layers {
		in := x
		x = torch.Tidy(func() *torch.Tensor { return layer.Forward(in) })
	}
	return x
}
