// Package dcgan32 holds class-conditional DCGANs for 32×32 pictures: the networks of Radford, Metz and Chintala 2016 for 32
// pixels, one layer less than for 64, with the condition where the residual networks of package resnet32 have it. The paper
// of rGAN trains DCGANs, too, but neither it nor its program says which. In CP-GAN they are ours.
package dcgan32

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
	"github.com/forgergan/forger/zoo/internal/resnet32"
)

var twice = nn.Conv{Stride: 2, Padding: 1, NoBias: true} // a 4×4 convolution that halves or doubles the size

// Generator maps latents z (N, Latent) and classes to pictures (N, Channels, Size, Size) in [−1, 1].
//
//	4×4    linear                    Latent → 4·Width   CBN, ReLU
//	8×8    transposed 4×4 stride 2   → 2·Width          CBN, ReLU
//	16×16  transposed 4×4 stride 2   → Width            CBN, ReLU
//	32×32  transposed 4×4 stride 2   → Channels         tanh
type Generator struct {
	Linear *nn.Linear                `nn:"linear"`
	Norm1  *resnet32.ConditionalNorm `nn:"norm1"`
	Conv1  *nn.ConvTranspose2d       `nn:"conv1"`
	Norm2  *resnet32.ConditionalNorm `nn:"norm2"`
	Conv2  *nn.ConvTranspose2d       `nn:"conv2"`
	Norm3  *resnet32.ConditionalNorm `nn:"norm3"`
	Conv3  *nn.ConvTranspose2d       `nn:"conv3"`

	classes, start int
}

// NewGenerator makes the network with weights from N(0, 0.02). Of the options it takes the dimensions, all of which must be
// given, and UniformGains: from equal scales the noisy gradient of a projection takes thousands of steps to begin to tell
// classes from each other. Width is that at the highest resolution.
func NewGenerator(o resnet32.GeneratorOptions) *Generator {
	w, start := o.Width, o.Size/8
	norm := func(channels int) *resnet32.ConditionalNorm {
		return resnet32.NewConditionalNorm(channels, o.Classes, o.UniformGains)
	}
	g := &Generator{
		Linear: nn.NewLinear(o.Latent, 4*w*start*start, nn.LinearOptions{NoBias: true}),
		Norm1:  norm(4 * w), Conv1: nn.NewConvTranspose2d(4*w, 2*w, 4, twice),
		Norm2: norm(2 * w), Conv2: nn.NewConvTranspose2d(2*w, w, 4, twice),
		Norm3: norm(w), Conv3: nn.NewConvTranspose2d(w, o.Channels, 4, twice),
		classes: o.Classes, start: start,
	}
	initializer.Normal(g.Linear.Weight, 0, 0.02)
	gan.InitNormal(g)
	return g
}

// Forward generates pictures from z (N, Latent) of the classes y: labels (N), int64, or weights of classes (N, Classes), by
// which the scales and shifts of classes are mixed.
func (g *Generator) Forward(z, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		y := resnet32.Weights(y, g.classes, z.DType())
		h := g.Linear.Forward(z).View(z.Size(0), -1, g.start, g.start)
		h = g.Conv1.Forward(g.Norm1.Forward(h, y).ReLU())
		h = g.Conv2.Forward(g.Norm2.Forward(h, y).ReLU())
		return g.Conv3.Forward(g.Norm3.Forward(h, y).ReLU()).Tanh()
	})
}

// NewDiscriminator makes a discriminator of pictures (N, Channels, Size, Size), with weights from N(0, 0.02).
//
//	16×16  4×4 stride 2   Channels → Width   LeakyReLU 0.2
//	8×8    4×4 stride 2   → 2·Width          BN, LeakyReLU 0.2
//	4×4    4×4 stride 2   → 4·Width          BN, LeakyReLU 0.2
//	1      mean, sum or, as in the paper, neither, the head
//
// Of the options it takes the dimensions, Projection and Pool; Width is that at the highest resolution.
func NewDiscriminator(o resnet32.DiscriminatorOptions) *resnet32.Discriminator {
	body := newBody(o)
	o.Width *= 4
	if o.Pool == resnet32.Flat {
		o.Width *= (o.Size / 8) * (o.Size / 8)
	}
	return &resnet32.Discriminator{Body: body, Head: resnet32.NewHead(o), Pool: o.Pool}
}

func newBody(o resnet32.DiscriminatorOptions) *nn.Sequential {
	w, leaky := o.Width, nn.LeakyReLU{Slope: 0.2, InPlace: true}
	body := nn.NewSequential(
		nn.NewConv2d(o.Channels, w, 4, twice), leaky,
		nn.NewConv2d(w, 2*w, 4, twice), nn.NewBatchNorm2d(2*w), leaky,
		nn.NewConv2d(2*w, 4*w, 4, twice), nn.NewBatchNorm2d(4*w), leaky,
	)
	gan.InitNormal(body)
	return body
}
