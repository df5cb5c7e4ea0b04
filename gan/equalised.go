package gan

import (
	"math"
	"slices"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// EqualLR learns the weight of layer at an equalised learning rate and returns layer: the stored weight is drawn from
// N(0, 1) and multiplied in each forward pass by √(2/fan_in), so that Adam, whose steps do not grow with the gradient,
// learns all layers equally fast. A bias starts as 0 and is not scaled. fan_in is the dimension 1 of the weight times
// the kernel.
//
// The state lists weight_orig behind the bias in place of weight, as in rosinality's progressive-gan-pytorch and
// style-based-gan-pytorch. StyleGAN's learning rate multiplier and StyleGAN2's names are those of EqualLinear and
// EqualConv2d. Karras et al. 2018, §4.1.
func EqualLR[L nn.Weighted](layer L) L {
	for _, e := range nn.StateDict(layer) {
		if e.Name == "bias" {
			initializer.Constant(e.Tensor, 0)
		}
	}
	return nn.Parametrize(layer, func(w *torch.Tensor, _ int) nn.Parametrization {
		initializer.Normal(w, 0, 1)
		return equalised(math.Sqrt(2 / float64(w.Numel()/w.Size(0))))
	})
}

// equalised is the factor of a stored weight.
type equalised float64

func (e equalised) Weight(w *torch.Tensor, _ bool) *torch.Tensor { return w.MulScalar(float64(e)) }

func (equalised) State(own []nn.Entry) []nn.Entry {
	i := slices.IndexFunc(own, func(e nn.Entry) bool { return e.Name == "weight" })
	w := own[i]
	w.Name = "weight_orig"
	return append(slices.Delete(own, i, i+1), w)
}

// EqualOptions are the optional arguments of NewEqualLinear and NewEqualConv2d; the zero value is StyleGAN2's default.
type EqualOptions struct {
	// Gain multiplies the weight, 1 if 0. ProGAN and StyleGAN take √2, and 1 where no LeakyReLU follows.
	Gain float64

	// LRMultiplier makes weight and bias learn by so much slower, 1 if 0: they are stored divided by it. StyleGAN's
	// mapping network has 0.01.
	LRMultiplier float64

	Bias   float64 // the bias at first; StyleGAN2's affine maps of styles start with 1
	NoBias bool
}

// newEqual makes the tensors of a layer and the factor of its weight.
func newEqual(c EqualOptions, shape ...int) (weight, bias *torch.Tensor, scale, multiplier float64) {
	multiplier = otherwise(c.LRMultiplier, 1)
	weight = torch.Randn(shape).DivScalarInPlace(multiplier).Own().SetRequiresGrad(true)
	if !c.NoBias {
		bias = torch.Full([]int{shape[0]}, c.Bias).Own().SetRequiresGrad(true)
	}
	return weight, bias, otherwise(c.Gain, 1) / math.Sqrt(float64(weight.Numel()/shape[0])) * multiplier, multiplier
}

// EqualLinear is a linear layer at an equalised learning rate: x · (Weight·gain/√in·multiplier)ᵀ + Bias·multiplier, with
// a stored Weight from N(0, 1/multiplier). Karras et al. 2019, appendix C.
type EqualLinear struct {
	Weight *torch.Tensor `nn:"weight"` // (out, in)
	Bias   *torch.Tensor `nn:"bias"`   // (out), nil without one

	scale, multiplier float64
}

// NewEqualLinear makes a layer from in to out features.
func NewEqualLinear(in, out int, o ...EqualOptions) *EqualLinear {
	l := &EqualLinear{}
	l.Weight, l.Bias, l.scale, l.multiplier = newEqual(only(o), out, in)
	return l
}

// Forward maps (…, in) to (…, out).
func (l *EqualLinear) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		var bias *torch.Tensor
		if l.Bias != nil {
			bias = l.Bias.MulScalar(l.multiplier)
		}
		return torch.Linear(x, l.Weight.MulScalar(l.scale), torch.LinearOptions{Bias: bias})
	})
}

// EqualConv2d is a convolution at an equalised learning rate, as EqualLinear is a linear layer; in counts in·kernel².
type EqualConv2d struct {
	Weight *torch.Tensor `nn:"weight"` // (out, in, kernel, kernel)
	Bias   *torch.Tensor `nn:"bias"`   // (out), nil without one

	stride, padding   int
	scale, multiplier float64
}

// NewEqualConv2d makes a layer from in to out channels.
func NewEqualConv2d(in, out, kernel, stride, padding int, o ...EqualOptions) *EqualConv2d {
	l := &EqualConv2d{stride: stride, padding: padding}
	l.Weight, l.Bias, l.scale, l.multiplier = newEqual(only(o), out, in, kernel, kernel)
	return l
}

// Forward maps (N, in, H, W) to (N, out, H', W'), H' = (H + 2·padding − kernel)/stride + 1, rounded down.
func (l *EqualConv2d) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		o := torch.Conv2dOptions{Stride: []int{l.stride}, Padding: []int{l.padding}}
		if l.Bias != nil {
			o.Bias = l.Bias.MulScalar(l.multiplier)
		}
		return torch.Conv2d(x, l.Weight.MulScalar(l.scale), o)
	})
}

// BiasedLeakyReLU is StyleGAN2's activation √2·LeakyReLU(x + Bias) with slope 0.2, which keeps the variance of normal
// numbers about the same. Its name in the official code is fused_leaky_relu.
type BiasedLeakyReLU struct {
	Bias *torch.Tensor `nn:"bias"` // (C), nil without one
}

// NewBiasedLeakyReLU makes an activation with a bias of 0 for each channel.
func NewBiasedLeakyReLU(channels int) *BiasedLeakyReLU {
	return &BiasedLeakyReLU{torch.Zeros([]int{channels}).Own().SetRequiresGrad(true)}
}

// Forward maps (N, C, …) to the same shape.
func (l *BiasedLeakyReLU) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		if l.Bias != nil {
			x = x.Add(perChannel(l.Bias.Unsqueeze(0), x))
		}
		return x.LeakyReLU(torch.LeakyReLUOptions{NegativeSlope: 0.2}).MulScalar(math.Sqrt2)
	})
}
