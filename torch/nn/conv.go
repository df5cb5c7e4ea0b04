package nn

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// Conv are the settings of a convolution beside its channels and kernel; the zero value is PyTorch's default.
type Conv struct {
	Stride        int // 1 if 0
	Padding       int
	OutputPadding int // of transposed convolutions only
	Dilation      int // 1 if 0
	Groups        int // 1 if 0
	NoBias        bool
}

func (c Conv) withDefaults() Conv {
	c.Stride, c.Dilation, c.Groups = max(c.Stride, 1), max(c.Dilation, 1), max(c.Groups, 1)
	return c
}

// Conv2d is a 2-D convolution with a square kernel.
type Conv2d struct {
	Weight *torch.Tensor `nn:"weight"` // (out, in/groups, kernel, kernel)
	Bias   *torch.Tensor `nn:"bias"`   // (out), nil without one

	conv Conv
}

// NewConv2d makes a layer from in to out channels with PyTorch's initialisation.
func NewConv2d(in, out, kernel int, o ...Conv) *Conv2d {
	c := only(o).withDefaults()
	l := &Conv2d{Weight: newParameter(out, in/c.Groups, kernel, kernel), conv: c}
	if !c.NoBias {
		l.Bias = newParameter(out)
	}
	initializer.LinearDefaults(l.Weight, l.Bias)
	return l
}

// Forward maps (N, in, H, W) to (N, out, H', W'), H' = (H + 2·padding − dilation·(kernel−1) − 1)/stride + 1.
func (l *Conv2d) Forward(x *torch.Tensor) *torch.Tensor {
	c := l.conv
	return torch.Conv2d(x, l.Weight, torch.Conv2dOptions{
		Bias: l.Bias, Stride: []int{c.Stride}, Padding: []int{c.Padding}, Dilation: []int{c.Dilation}, Groups: &c.Groups,
	})
}

// ConvTranspose2d is a transposed 2-D convolution with a square kernel.
type ConvTranspose2d struct {
	Weight *torch.Tensor `nn:"weight"` // (in, out/groups, kernel, kernel)
	Bias   *torch.Tensor `nn:"bias"`   // (out), nil without one

	conv Conv
}

// NewConvTranspose2d makes a layer from in to out channels with PyTorch's initialisation.
func NewConvTranspose2d(in, out, kernel int, o ...Conv) *ConvTranspose2d {
	c := only(o).withDefaults()
	l := &ConvTranspose2d{Weight: newParameter(in, out/c.Groups, kernel, kernel), conv: c}
	if !c.NoBias {
		l.Bias = newParameter(out)
	}
	initializer.LinearDefaults(l.Weight, l.Bias)
	return l
}

// Forward maps (N, in, H, W) to (N, out, H', W'), H' = (H−1)·stride − 2·padding + dilation·(kernel−1) + output padding + 1.
func (l *ConvTranspose2d) Forward(x *torch.Tensor) *torch.Tensor {
	c := l.conv
	return torch.ConvTranspose2d(x, l.Weight, torch.ConvTranspose2dOptions{
		Bias: l.Bias, Stride: []int{c.Stride}, Padding: []int{c.Padding}, OutputPadding: []int{c.OutputPadding},
		Groups: &c.Groups, Dilation: []int{c.Dilation},
	})
}

// only is the one element of a variadic options parameter, or the zero value.
func only[T any](o []T) (v T) {
	if len(o) > 0 {
		v = o[0]
	}
	return v
}
