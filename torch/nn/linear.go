package nn

import (
	"math"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// Linear is x · Weightᵀ + Bias.
type Linear struct {
	Weight *torch.Tensor `nn:"weight"` // (out, in)
	Bias   *torch.Tensor `nn:"bias"`   // (out), nil without one

	parametrized
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

// LinearOptions are the optional arguments of NewLinear and NewBilinear.
type LinearOptions struct {
	NoBias bool
}

// Forward maps (…, in) to (…, out).
func (l *Linear) Forward(x *torch.Tensor) *torch.Tensor {
	return observe(l, torch.Linear(x, l.effective(l.Weight), torch.LinearOptions{Bias: l.Bias}))
}

// Bilinear is x1ᵀ · Weight[k] · x2 + Bias[k] for each output k.
type Bilinear struct {
	Weight *torch.Tensor `nn:"weight"` // (out, in1, in2)
	Bias   *torch.Tensor `nn:"bias"`   // (out), nil without one

	parametrized
}

// NewBilinear makes a layer from in1 and in2 to out features with PyTorch's initialisation.
func NewBilinear(in1, in2, out int, o ...LinearOptions) *Bilinear {
	if in1 < 1 {
		panic(refusal("a bilinear layer of %d features", in1))
	}
	l := &Bilinear{Weight: newParameter(out, in1, in2)}
	bound := 1 / math.Sqrt(float64(in1))
	initializer.Uniform(l.Weight, -bound, bound)
	if !only(o).NoBias {
		l.Bias = newParameter(out)
		initializer.Uniform(l.Bias, -bound, bound)
	}
	return l
}

// Forward maps (…, in1) and (…, in2) to (…, out).
func (l *Bilinear) Forward(x1, x2 *torch.Tensor) *torch.Tensor {
	return observe(l, torch.Bilinear(x1, x2, l.effective(l.Weight), torch.BilinearOptions{Bias: l.Bias}))
}

// newParameter makes an uninitialised parameter.
func newParameter(shape ...int) *torch.Tensor {
	return torch.Empty(shape).Own().SetRequiresGrad(true)
}
