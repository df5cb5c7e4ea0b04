package rgan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
	"github.com/forgergan/forger/zoo/internal/resnet32"
)

// The paper trains DCGANs, too, but neither it nor its program says which. These are those of Radford et al. 2016 for 32
// pixels, one layer less than for 64, with the condition where the residual networks have it.

var twice = nn.Conv{Stride: 2, Padding: 1, NoBias: true} // a 4×4 convolution that halves or doubles the size

// DCGenerator maps latents z (N, Latent) and labels to pictures (N, Channels, Size, Size) in [−1, 1].
//
//	4×4    linear                    Latent → 4·Width   CBN, ReLU
//	8×8    transposed 4×4 stride 2   → 2·Width          CBN, ReLU
//	16×16  transposed 4×4 stride 2   → Width            CBN, ReLU
//	32×32  transposed 4×4 stride 2   → Channels         tanh
type DCGenerator struct {
	Linear *nn.Linear                `nn:"linear"`
	Norm1  *resnet32.ConditionalNorm `nn:"norm1"`
	Conv1  *nn.ConvTranspose2d       `nn:"conv1"`
	Norm2  *resnet32.ConditionalNorm `nn:"norm2"`
	Conv2  *nn.ConvTranspose2d       `nn:"conv2"`
	Norm3  *resnet32.ConditionalNorm `nn:"norm3"`
	Conv3  *nn.ConvTranspose2d       `nn:"conv3"`

	classes, start int
}

// NewDCGenerator makes the network with weights from N(0, 0.02).
func NewDCGenerator(c Config) *DCGenerator {
	w, start := c.Width, c.Size/8
	norm := func(channels int) *resnet32.ConditionalNorm {
		return resnet32.NewConditionalNorm(channels, c.Classes, false)
	}
	g := &DCGenerator{
		Linear: nn.NewLinear(c.Latent, 4*w*start*start, nn.LinearOptions{NoBias: true}),
		Norm1:  norm(4 * w), Conv1: nn.NewConvTranspose2d(4*w, 2*w, 4, twice),
		Norm2: norm(2 * w), Conv2: nn.NewConvTranspose2d(2*w, w, 4, twice),
		Norm3: norm(w), Conv3: nn.NewConvTranspose2d(w, c.Channels, 4, twice),
		classes: c.Classes, start: start,
	}
	initializer.Normal(g.Linear.Weight, 0, 0.02)
	gan.InitNormal(g)
	return g
}

// Forward generates pictures of z (N, Latent) and labels y (N), int64.
func (g *DCGenerator) Forward(z, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		weights := gan.OneHot(y, g.classes)
		h := g.Linear.Forward(z).View(z.Size(0), -1, g.start, g.start)
		h = g.Conv1.Forward(g.Norm1.Forward(h, weights).ReLU())
		h = g.Conv2.Forward(g.Norm2.Forward(h, weights).ReLU())
		return g.Conv3.Forward(g.Norm3.Forward(h, weights).ReLU()).Tanh()
	})
}

// newDCBody makes the network that maps pictures (N, Channels, 32, 32) to a map (N, 4·DWidth, 4, 4), with weights from N(0,
// 0.02). Each convolution is 4×4 with stride 2 and followed by LeakyReLU 0.2.
//
//	16×16  Channels → DWidth
//	8×8    → 2·DWidth   BN
//	4×4    → 4·DWidth   BN
func newDCBody(c Config) *nn.Sequential {
	w, leaky := c.DWidth, nn.LeakyReLU{Slope: 0.2, InPlace: true}
	body := nn.NewSequential(
		nn.NewConv2d(c.Channels, w, 4, twice), leaky,
		nn.NewConv2d(w, 2*w, 4, twice), nn.NewBatchNorm2d(2*w), leaky,
		nn.NewConv2d(2*w, 4*w, 4, twice), nn.NewBatchNorm2d(4*w), leaky,
	)
	gan.InitNormal(body)
	return body
}
