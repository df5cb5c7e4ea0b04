package nn

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// Linear is x · Weightᵀ + Bias.
type Linear struct {
	Weight *torch.Tensor `nn:"weight"` // (out, in)
	Bias   *torch.Tensor `nn:"bias"`   // (out), nil without one
}

// NewLinear makes a layer from in to out features with PyTorch's initialisation.
func NewLinear(in, out int, o ...LinearOptions) *Linear {
	l := &Linear{Weight: newParameter(out, in)}
	if !only(o).NoBias {
		l.Bias = newParameter(out)
	}
	initializer.LinearDefaults(l.Weight, l.Bias)
	return l
}

// LinearOptions are the optional arguments of NewLinear.
type LinearOptions struct {
	NoBias bool
}

// Forward maps (…, in) to (…, out).
func (l *Linear) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Linear(x, l.Weight, torch.LinearOptions{Bias: l.Bias})
}

// newParameter makes an uninitialised parameter.
func newParameter(shape ...int) *torch.Tensor {
	return torch.Empty(shape).Own().SetRequiresGrad(true)
}
