package nn

import "github.com/forgergan/forger/torch"

// LayerNorm normalises the last dimensions of each sample, then scales and shifts them. Ba et al. 2016.
type LayerNorm struct {
	Weight *torch.Tensor `nn:"weight"` // as the shape, nil without affine
	Bias   *torch.Tensor `nn:"bias"`   // as the shape, nil without affine or bias

	shape []int
	eps   float64
}

// LayerNormOptions are the optional arguments of NewLayerNorm.
type LayerNormOptions struct {
	Eps      float64 // 1e-5 if 0
	NoAffine bool    // no scale and shift
	NoBias   bool    // no shift
}

// NewLayerNorm makes a layer for last dimensions of the given shape: scale 1, shift 0.
func NewLayerNorm(shape []int, o ...LayerNormOptions) *LayerNorm {
	c := only(o)
	l := &LayerNorm{shape: shape, eps: c.Eps}
	if c.Eps == 0 {
		l.eps = 1e-5
	}
	if !c.NoAffine {
		l.Weight = torch.Ones(shape).Own().SetRequiresGrad(true)
		if !c.NoBias {
			l.Bias = torch.Zeros(shape).Own().SetRequiresGrad(true)
		}
	}
	return l
}

// Forward maps (…, shape) to the same.
func (l *LayerNorm) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.LayerNorm(x, l.shape, torch.LayerNormOptions{Weight: l.Weight, Bias: l.Bias, Eps: &l.eps})
}
