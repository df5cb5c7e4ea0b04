// Package resnet32 holds the class-conditional residual networks for 32×32 pictures that rGAN and CP-GAN share (Kaneko,
// Ushiku and Harada, CVPR 2019 and BMVC 2019), which are those of SNGAN and WGAN-GP with a condition. State dictionaries
// are those of takuhirok/rGAN and takuhirok/CP-GAN, models/resnet.py.
package resnet32

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// Generator maps latents z (N, Latent) and classes to pictures (N, Channels, Size, Size) in [−1, 1].
//
//	4×4    linear                 Latent → Width
//	8×8    up block               Width
//	16×16  up block               Width
//	32×32  up block               Width
//	32×32  BN, ReLU, 3×3, tanh    → Channels
//
// Pictures of another Size, a multiple of 8, begin with a map of an eighth of it.
type Generator struct {
	Linear1 *nn.Linear      `nn:"linear1.linear"`
	Block2  *UpBlock        `nn:"block2"`
	Block3  *UpBlock        `nn:"block3"`
	Block4  *UpBlock        `nn:"block4"`
	Norm5   *nn.BatchNorm2d `nn:"norm5"`
	Conv5   *nn.Conv2d      `nn:"conv5.conv"`

	options GeneratorOptions
}

// GeneratorOptions are the dimensions of a Generator, all of which must be given but Size.
type GeneratorOptions struct {
	Classes  int
	Latent   int
	Width    int // feature maps
	Channels int // of pictures
	Size     int // of pictures, a multiple of 8; 32 if 0

	// UniformGains begins the scales of conditional norms with U(0, 1), as CP-GAN does, not with 1.
	UniformGains bool
	SpectralNorm bool // of all layers; no published run has it
}

// NewGenerator makes the network with its initial weights: Xavier's uniform distribution, with gain √2 in the 3×3
// convolutions of blocks, but PyTorch's defaults in layers with a spectral norm; biases 0.
func NewGenerator(o GeneratorOptions) *Generator {
	if o.Size == 0 {
		o.Size = 32
	}
	l, start := layers{spectral: o.SpectralNorm}, o.Size/8
	return &Generator{
		Linear1: l.linear(o.Latent, o.Width*start*start),
		Block2:  newUpBlock(l, o), Block3: newUpBlock(l, o), Block4: newUpBlock(l, o),
		Norm5: nn.NewBatchNorm2d(o.Width), Conv5: l.conv(o.Width, o.Channels, 3, 1),
		options: o,
	}
}

// Forward generates pictures from z (N, Latent) of the classes y: labels (N), int64, or weights of classes (N, Classes),
// as a posterior, by which the scales and shifts of classes are mixed.
func (g *Generator) Forward(z, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		y := Weights(y, g.options.Classes, z.DType())
		start := g.options.Size / 8
		h := g.Linear1.Forward(z).View(z.Size(0), -1, start, start)
		h = g.Block4.Forward(g.Block3.Forward(g.Block2.Forward(h, y), y), y)
		return g.Conv5.Forward(g.Norm5.Forward(h).ReLU()).Tanh()
	})
}

// Weights are classes as weights (N, classes): labels y (N), int64, as one-hot vectors of a type, and weights as they are.
func Weights(y *torch.Tensor, classes int, of torch.DType) *torch.Tensor {
	if y.DType().IsFloat() {
		return y
	}
	return gan.OneHot(y, classes).ToDType(of)
}

// UpBlock doubles the size: CBN, ReLU, twice, 3×3, CBN, ReLU, 3×3, and beside it twice, 1×1. Twice repeats pixels.
type UpBlock struct {
	Norm1    *ConditionalNorm `nn:"norm1"`
	Norm2    *ConditionalNorm `nn:"norm2"`
	Shortcut *nn.Conv2d       `nn:"conv_shortcut.conv.conv"`
	Conv1    *nn.Conv2d       `nn:"conv1.conv.conv"`
	Conv2    *nn.Conv2d       `nn:"conv2.conv"`
}

func newUpBlock(l layers, o GeneratorOptions) *UpBlock {
	w := o.Width
	return &UpBlock{
		NewConditionalNorm(w, o.Classes, o.UniformGains), NewConditionalNorm(w, o.Classes, o.UniformGains),
		l.shortcut(w, w), l.main(w, w), l.main(w, w),
	}
}

// Forward maps x (N, Width, H, W) and weights of classes y (N, Classes) to (N, Width, 2H, 2W).
func (b *UpBlock) Forward(x, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := b.Conv1.Forward(twice.Forward(b.Norm1.Forward(x, y).ReLU()))
		h = b.Conv2.Forward(b.Norm2.Forward(h, y).ReLU())
		return b.Shortcut.Forward(twice.Forward(x)).Add(h)
	})
}

var twice = nn.Upsample{Scale: 2}

// ConditionalNorm is a batch norm with a scale and a shift for each class, mixed by the weights of classes:
// BN(x)·(y·Weight) + y·Bias.
type ConditionalNorm struct {
	Weight *torch.Tensor   `nn:"weight"` // (classes, C)
	Bias   *torch.Tensor   `nn:"bias"`   // (classes, C)
	BN     *nn.BatchNorm2d `nn:""`       // without affine
}

// NewConditionalNorm makes a layer with scales 1, or from U(0, 1), and shifts 0.
func NewConditionalNorm(channels, classes int, uniform bool) *ConditionalNorm {
	n := &ConditionalNorm{
		Weight: torch.Ones([]int{classes, channels}).Own().SetRequiresGrad(true),
		Bias:   torch.Zeros([]int{classes, channels}).Own().SetRequiresGrad(true),
		BN:     nn.NewBatchNorm2d(channels, nn.BatchNorm{NoAffine: true}),
	}
	if uniform {
		initializer.Uniform(n.Weight, 0, 1)
	}
	return n
}

// Forward maps x (N, C, H, W) and weights of classes y (N, classes) to (N, C, H, W).
func (n *ConditionalNorm) Forward(x, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		scale, shift := y.MM(n.Weight), y.MM(n.Bias)
		return n.BN.Forward(x).Mul(scale.View(-1, x.Size(1), 1, 1)).Add(shift.View(-1, x.Size(1), 1, 1))
	})
}
