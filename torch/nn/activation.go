package nn

import "github.com/forgergan/forger/torch"

// ReLU is max(0, x).
type ReLU struct {
	InPlace bool // overwrite x
}

// Forward maps x of any shape, elementwise.
func (r ReLU) Forward(x *torch.Tensor) *torch.Tensor {
	if r.InPlace {
		return x.ReLUInPlace()
	}
	return x.ReLU()
}

// LeakyReLU is x where positive and Slope·x elsewhere.
type LeakyReLU struct {
	Slope   float64 // 0.01 if 0, PyTorch's default
	InPlace bool    // overwrite x
}

// Forward maps x of any shape, elementwise.
func (l LeakyReLU) Forward(x *torch.Tensor) *torch.Tensor {
	slope := otherwise(l.Slope, 0.01)
	if l.InPlace {
		return x.LeakyReLUInPlace(torch.LeakyReLUInPlaceOptions{NegativeSlope: slope})
	}
	return x.LeakyReLU(torch.LeakyReLUOptions{NegativeSlope: slope})
}

// Tanh is the hyperbolic tangent, in (−1, 1).
type Tanh struct{}

// Forward maps x of any shape, elementwise.
func (Tanh) Forward(x *torch.Tensor) *torch.Tensor { return x.Tanh() }

// Sigmoid is 1 / (1 + e^−x), in (0, 1).
type Sigmoid struct{}

// Forward maps x of any shape, elementwise.
func (Sigmoid) Forward(x *torch.Tensor) *torch.Tensor { return x.Sigmoid() }

// ReLU6 limits x to [0, 6].
type ReLU6 struct{}

// Forward maps x of any shape, elementwise.
func (ReLU6) Forward(x *torch.Tensor) *torch.Tensor { return x.ReLU6() }

// ELU is x where positive and Alpha·(e^x − 1) elsewhere. Clevert et al. 2016.
type ELU struct {
	Alpha float64 // 1 if 0
}

// Forward maps x of any shape, elementwise.
func (e ELU) Forward(x *torch.Tensor) *torch.Tensor {
	return x.ELU(torch.ELUOptions{Alpha: otherwise(e.Alpha, 1)})
}

// SELU is a scaled ELU that keeps mean 0 and variance 1. Klambauer et al. 2017.
type SELU struct{}

// Forward maps x of any shape, elementwise.
func (SELU) Forward(x *torch.Tensor) *torch.Tensor { return x.SELU() }

// CELU is x where positive and Alpha·(e^(x/Alpha) − 1) elsewhere. Barron 2017.
type CELU struct {
	Alpha float64 // 1 if 0
}

// Forward maps x of any shape, elementwise.
func (c CELU) Forward(x *torch.Tensor) *torch.Tensor {
	return x.CELU(torch.CELUOptions{Alpha: otherwise(c.Alpha, 1)})
}

// GELU is x·Φ(x) with the normal distribution function Φ. Hendrycks and Gimpel 2016.
type GELU struct {
	Approximate string // "none" if empty, or "tanh"
}

// Forward maps x of any shape, elementwise.
func (g GELU) Forward(x *torch.Tensor) *torch.Tensor {
	if g.Approximate == "" {
		return x.GELU()
	}
	return x.GELU(torch.GELUOptions{Approximate: g.Approximate})
}

// SiLU is x·sigmoid(x), also called swish.
type SiLU struct{}

// Forward maps x of any shape, elementwise.
func (SiLU) Forward(x *torch.Tensor) *torch.Tensor { return x.SiLU() }

// Mish is x·tanh(softplus(x)). Misra 2019.
type Mish struct{}

// Forward maps x of any shape, elementwise.
func (Mish) Forward(x *torch.Tensor) *torch.Tensor { return x.Mish() }

// Hardtanh limits x to [Min, Max].
type Hardtanh struct {
	Min float64 // −1 if Min and Max are 0
	Max float64 // 1 if Min and Max are 0
}

// Forward maps x of any shape, elementwise.
func (h Hardtanh) Forward(x *torch.Tensor) *torch.Tensor {
	if h.Min == 0 && h.Max == 0 {
		return x.Hardtanh()
	}
	return x.Hardtanh(torch.HardtanhOptions{MinVal: h.Min, MaxVal: h.Max})
}

// Hardsigmoid is x/6 + ½ limited to [0, 1].
type Hardsigmoid struct{}

// Forward maps x of any shape, elementwise.
func (Hardsigmoid) Forward(x *torch.Tensor) *torch.Tensor { return x.Hardsigmoid() }

// Hardswish is x·hardsigmoid(x). Howard et al. 2019.
type Hardswish struct{}

// Forward maps x of any shape, elementwise.
func (Hardswish) Forward(x *torch.Tensor) *torch.Tensor { return x.Hardswish() }

// Hardshrink is x, and 0 within [−Lambda, Lambda].
type Hardshrink struct {
	Lambda float64 // 0.5 if 0
}

// Forward maps x of any shape, elementwise.
func (h Hardshrink) Forward(x *torch.Tensor) *torch.Tensor {
	return x.Hardshrink(torch.HardshrinkOptions{Lambd: otherwise(h.Lambda, 0.5)})
}

// Softshrink is x moved towards 0 by Lambda, and 0 within [−Lambda, Lambda].
type Softshrink struct {
	Lambda float64 // 0.5 if 0
}

// Forward maps x of any shape, elementwise.
func (s Softshrink) Forward(x *torch.Tensor) *torch.Tensor {
	return x.Softshrink(torch.SoftshrinkOptions{Lambd: otherwise(s.Lambda, 0.5)})
}

// Tanhshrink is x − tanh(x).
type Tanhshrink struct{}

// Forward maps x of any shape, elementwise.
func (Tanhshrink) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return x.Sub(x.Tanh()) })
}

// Softplus is log(1 + e^(Beta·x))/Beta, and x itself above Threshold/Beta.
type Softplus struct {
	Beta      float64 // 1 if 0
	Threshold float64 // 20 if 0
}

// Forward maps x of any shape, elementwise.
func (s Softplus) Forward(x *torch.Tensor) *torch.Tensor {
	return x.Softplus(torch.SoftplusOptions{Beta: otherwise(s.Beta, 1), Threshold: otherwise(s.Threshold, 20)})
}

// Softsign is x/(1 + |x|), in (−1, 1).
type Softsign struct{}

// Forward maps x of any shape, elementwise.
func (Softsign) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return x.Div(x.Abs().AddScalar(1)) })
}

// LogSigmoid is log(sigmoid(x)), without overflow.
type LogSigmoid struct{}

// Forward maps x of any shape, elementwise.
func (LogSigmoid) Forward(x *torch.Tensor) *torch.Tensor { return x.LogSigmoid() }

// Threshold is x where above Threshold and Value elsewhere.
type Threshold struct {
	Threshold float64
	Value     float64
}

// Forward maps x of any shape, elementwise.
func (t Threshold) Forward(x *torch.Tensor) *torch.Tensor { return x.Threshold(t.Threshold, t.Value) }

// Softmax is e^x, scaled to sum 1 along a dimension.
type Softmax struct {
	Dim int // the first, of samples, if 0
}

// Forward keeps the shape of x.
func (s Softmax) Forward(x *torch.Tensor) *torch.Tensor { return x.Softmax(s.Dim) }

// Softmin is Softmax of −x.
type Softmin struct {
	Dim int // the first, of samples, if 0
}

// Forward keeps the shape of x.
func (s Softmin) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return x.Neg().Softmax(s.Dim) })
}

// LogSoftmax is the logarithm of Softmax.
type LogSoftmax struct {
	Dim int // the first, of samples, if 0
}

// Forward keeps the shape of x.
func (l LogSoftmax) Forward(x *torch.Tensor) *torch.Tensor { return x.LogSoftmax(l.Dim) }

// GLU is a·sigmoid(b) for the halves a and b of x along a dimension. Dauphin et al. 2017.
type GLU struct {
	Dim *int // −1 if nil
}

// Forward halves that dimension of x.
func (g GLU) Forward(x *torch.Tensor) *torch.Tensor { return x.GLU(torch.GLUOptions{Dim: g.Dim}) }

// PReLU is x where positive and Weight·x elsewhere. He et al. 2015.
type PReLU struct {
	Weight *torch.Tensor `nn:"weight"` // (1), or (C) for a slope of each channel
}

// NewPReLU makes a layer with slopes of 0.25: 1 for all channels, PyTorch's default, or one for each.
func NewPReLU(slopes int) *PReLU {
	return &PReLU{torch.Full([]int{slopes}, 0.25).Own().SetRequiresGrad(true)}
}

// Forward maps x (N, C, …), elementwise.
func (p *PReLU) Forward(x *torch.Tensor) *torch.Tensor { return observe(p, x.PReLU(p.Weight)) }

// RReLU is x where positive, and elsewhere x times a slope drawn from [Lower, Upper) in training, the mean one in
// evaluation. Xu et al. 2015.
type RReLU struct {
	Lower float64 // 1/8 if Lower and Upper are 0
	Upper float64 // 1/3 if Lower and Upper are 0

	mode
}

// Forward maps x of any shape, elementwise.
func (r *RReLU) Forward(x *torch.Tensor) *torch.Tensor {
	o := torch.RReLUOptions{Training: r.training()}
	if r.Lower != 0 || r.Upper != 0 {
		o.Lower, o.Upper = r.Lower, r.Upper
	}
	return x.RReLU(o)
}
