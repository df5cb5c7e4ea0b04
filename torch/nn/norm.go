package nn

import "github.com/forgergan/forger/torch"

// LayerNorm normalises over the last dimensions, then scales and shifts. Ba et al. 2016.
type LayerNorm struct {
	Weight *torch.Tensor `nn:"weight"` // of the shape that is normalised, nil without scale
	Bias   *torch.Tensor `nn:"bias"`   // of the same shape, nil without shift

	shape []int
	eps   float64
}

// LayerNormOptions are the optional arguments of NewLayerNorm; the zero value is PyTorch's default.
type LayerNormOptions struct {
	Eps      float64 // 1e-5 if 0
	NoAffine bool    // no scale and shift
	NoBias   bool    // no shift
}

// NewLayerNorm makes a layer that normalises over dimensions of the given sizes, the last ones.
func NewLayerNorm(shape []int, o ...LayerNormOptions) *LayerNorm {
	c := only(o)
	l := &LayerNorm{shape: shape, eps: otherwise(c.Eps, 1e-5)}
	if !c.NoAffine {
		l.Weight = scale(shape...)
	}
	if !c.NoAffine && !c.NoBias {
		l.Bias = shift(shape...)
	}
	return l
}

// Forward maps (…, shape) to the same shape.
func (l *LayerNorm) Forward(x *torch.Tensor) *torch.Tensor {
	return observe(l, torch.LayerNorm(x, l.shape, torch.LayerNormOptions{Weight: l.Weight, Bias: l.Bias, Eps: &l.eps}))
}

// GroupNorm normalises groups of channels of each sample, then scales and shifts each channel. Wu and He 2018.
type GroupNorm struct {
	Weight *torch.Tensor `nn:"weight"` // (C), nil without affine
	Bias   *torch.Tensor `nn:"bias"`   // (C), nil without affine

	groups int
	eps    float64
}

// GroupNormOptions are the optional arguments of NewGroupNorm; the zero value is PyTorch's default.
type GroupNormOptions struct {
	Eps      float64 // 1e-5 if 0
	NoAffine bool    // no scale and shift
}

// NewGroupNorm makes a layer that divides the channels into groups. It panics with a *torch.Error if they do not divide
// evenly.
func NewGroupNorm(groups, channels int, o ...GroupNormOptions) *GroupNorm {
	if groups < 1 || channels%groups != 0 {
		panic(refusal("%d groups do not divide %d channels", groups, channels))
	}
	c := only(o)
	l := &GroupNorm{groups: groups, eps: otherwise(c.Eps, 1e-5)}
	if !c.NoAffine {
		l.Weight, l.Bias = scale(channels), shift(channels)
	}
	return l
}

// Forward maps (N, C, …) to the same shape.
func (l *GroupNorm) Forward(x *torch.Tensor) *torch.Tensor {
	return observe(l, torch.GroupNorm(x, l.groups, torch.GroupNormOptions{Weight: l.Weight, Bias: l.Bias, Eps: &l.eps}))
}

// RMSNorm divides by the root of the mean square over the last dimensions, then scales. Zhang and Sennrich 2019.
type RMSNorm struct {
	Weight *torch.Tensor `nn:"weight"` // of the shape that is normalised, nil without affine

	shape []int
	eps   *float64
}

// RMSNormOptions are the optional arguments of NewRMSNorm; the zero value is PyTorch's default.
type RMSNormOptions struct {
	Eps      float64 // the smallest step from 1 of the input's type if 0
	NoAffine bool    // no scale
}

// NewRMSNorm makes a layer that normalises over dimensions of the given sizes, the last ones.
func NewRMSNorm(shape []int, o ...RMSNormOptions) *RMSNorm {
	c := only(o)
	l := &RMSNorm{shape: shape}
	if c.Eps != 0 {
		l.eps = &c.Eps
	}
	if !c.NoAffine {
		l.Weight = scale(shape...)
	}
	return l
}

// Forward maps (…, shape) to the same shape.
func (l *RMSNorm) Forward(x *torch.Tensor) *torch.Tensor {
	return observe(l, torch.RMSNorm(x, l.shape, torch.RMSNormOptions{Weight: l.Weight, Eps: l.eps}))
}

// LocalResponseNorm divides by (K + Alpha·mean of squares over Size neighbouring channels)^Beta. Krizhevsky et al. 2012.
type LocalResponseNorm struct {
	Size  int
	Alpha float64 // 1e-4 if 0
	Beta  float64 // 0.75 if 0
	K     float64 // 1 if 0
}

// Forward maps (N, C, …) to the same shape.
func (l LocalResponseNorm) Forward(x *torch.Tensor) *torch.Tensor {
	if x.Dim() < 3 {
		panic(refusal("LocalResponseNorm takes (N, C, …), not %v", x.Shape()))
	}
	if l.Size < 1 {
		panic(refusal("LocalResponseNorm over %d channels", l.Size))
	}
	if x.Numel() == 0 {
		return x
	}
	return torch.Tidy(func() *torch.Tensor {
		around := x.Square().Flatten(torch.FlattenOptions{StartDim: 2}).Unsqueeze(1).
			Pad([]int{0, 0, l.Size / 2, (l.Size - 1) / 2})
		mean := around.AvgPool2d([]int{l.Size, 1}, torch.AvgPool2dOptions{Stride: []int{1}}).ViewAs(x)
		return x.Div(mean.MulScalar(otherwise(l.Alpha, 1e-4)).AddScalar(otherwise(l.K, 1)).Pow(otherwise(l.Beta, 0.75)))
	})
}

// NormalizeOptions are the optional arguments of Normalize; the zero value is PyTorch's default.
type NormalizeOptions struct {
	P   float64 // of the norm, 2 if 0
	Dim *int    // along which it is taken, 1 if nil
	Eps float64 // the least norm by which is divided, 1e-12 if 0
}

// Normalize divides x by its P-norm along a dimension, F.normalize of PyTorch.
func Normalize(x *torch.Tensor, o ...NormalizeOptions) *torch.Tensor {
	c := only(o)
	dim := 1
	if c.Dim != nil {
		dim = *c.Dim
	}
	return torch.Tidy(func() *torch.Tensor {
		norm := x.VectorNorm(torch.VectorNormOptions{Ord: otherwise(c.P, 2), Dim: []int{dim}, Keepdim: true})
		return x.Div(norm.ClampMin(otherwise(c.Eps, 1e-12)))
	})
}
