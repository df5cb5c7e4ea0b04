// Package samepad holds what networks written in TensorFlow have in common: convolutions of stride 2 with the padding "SAME"
// of even sizes, and their initial weights. They list the tensors of the convolution itself.
package samepad

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// NewHalving makes a convolution of stride 2; of odd padding the larger half lies behind.
func NewHalving(in, out, kernel int) *Halving {
	before, after := (kernel-2)/2, (kernel-1)/2
	return &Halving{nn.ZeroPad2d{Padding: []int{before, after, before, after}}, nn.NewConv2d(in, out, kernel, nn.Conv{Stride: 2})}
}

// Halving is a convolution of stride 2 behind a padding.
type Halving struct {
	Pad  nn.ZeroPad2d
	Conv *nn.Conv2d `nn:""`
}

// Forward maps (N, in, H, W) to (N, out, H/2, W/2).
func (h *Halving) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return h.Conv.Forward(h.Pad.Forward(x)) })
}

// NewDoubling makes the transposed convolution of NewHalving's: the last row and column are dropped.
func NewDoubling(in, out, kernel int) *Doubling {
	return &Doubling{nn.NewConvTranspose2d(in, out, kernel, nn.Conv{Stride: 2, Padding: (kernel - 2) / 2})}
}

// Doubling is a transposed convolution of stride 2 that drops what exceeds twice the size.
type Doubling struct {
	Conv *nn.ConvTranspose2d `nn:""`
}

// Forward maps (N, in, H, W) to (N, out, 2H, 2W).
func (d *Doubling) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		return d.Conv.Forward(x).Narrow(2, 0, 2*x.Size(2)).Narrow(3, 0, 2*x.Size(3))
	})
}

// Initialise draws weights from N(0, 0.02), those of convolutions cut at two deviations, and sets biases to 0.
func Initialise(net any) {
	nn.Apply(net, func(m any) {
		switch l := m.(type) {
		case *nn.Linear:
			initializer.Normal(l.Weight, 0, 0.02)
			initializer.Constant(l.Bias, 0)
		case *nn.ConvTranspose2d:
			initializer.Normal(l.Weight, 0, 0.02)
			initializer.Constant(l.Bias, 0)
		case *nn.Conv2d:
			initializer.TruncNormal(l.Weight, 0, 0.02, -0.04, 0.04)
			initializer.Constant(l.Bias, 0)
		}
	})
}
