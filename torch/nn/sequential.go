package nn

import "github.com/forgergan/forger/torch"

// Sequential applies layers one after another; their names are their numbers from 0 on.
type Sequential struct {
	Layers []Layer `nn:""`
}

// NewSequential makes a Sequential of layers.
func NewSequential(layers ...Layer) *Sequential { return &Sequential{layers} }

// Forward gives x to the first layer and returns what the last one makes, x itself without layers.
// Each tensor between is freed as soon as the layer that reads it is done, unless the layer kept it
// or the autograd graph needs it.
func (s *Sequential) Forward(x *torch.Tensor) *torch.Tensor { return chain(s.Layers, x) }

// chain opens the scope of the last layer first: what a layer reads lies in that layer's scope.
func chain(layers []Layer, x *torch.Tensor) *torch.Tensor {
	last := len(layers) - 1
	if last < 0 {
		return x
	}
	return torch.Tidy(func() *torch.Tensor {
		return observe(&layers[last], layers[last].Forward(chain(layers[:last], x)))
	})
}
