// Package cnn32 holds the convolutional networks for 32×32 pictures of Miyato et al., "Spectral Normalization for
// Generative Adversarial Networks", ICLR 2018, table 3, in the form that several systems train on CIFAR-10.
package cnn32

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

var (
	same  = nn.Conv{Padding: 1}            // a 3×3 convolution that keeps the size
	twice = nn.Conv{Stride: 2, Padding: 1} // a 4×4 convolution that halves or doubles it
	leaky = nn.LeakyReLU{Slope: 0.1, InPlace: true}
)

// Generator maps latents z (N, latent) to pictures (N, channels, 32, 32) in [−1, 1].
//
//	4×4    linear                    latent → 8·width   BN, ReLU
//	8×8    transposed 4×4 stride 2   → 4·width          BN, ReLU
//	16×16  transposed 4×4 stride 2   → 2·width          BN, ReLU
//	32×32  transposed 4×4 stride 2   → width            BN, ReLU
//	32×32  3×3                       → channels         tanh
type Generator struct {
	Linear *nn.Linear      `nn:"linear"`
	Flat   *nn.BatchNorm1d `nn:"flat"` // nil where the first norm belongs to Main
	Main   *nn.Sequential  `nn:"main"`
}

// NewGenerator makes the network with weights from N(0, 0.02) and biases 0. With flat the first norm is of each unit of the
// linear layer, as in chainer-gan-lib and compare_gan, instead of each of the 8·width maps.
func NewGenerator(latent, width, channels int, flat bool) *Generator {
	w := 8 * width
	g := &Generator{Linear: nn.NewLinear(latent, 16*w)}
	var layers []nn.Layer
	if flat {
		g.Flat = nn.NewBatchNorm1d(16 * w)
	} else {
		layers = append(layers, nn.NewBatchNorm2d(w))
	}
	layers = append(layers, nn.ReLU{InPlace: true})
	for ; w > width; w /= 2 {
		layers = append(layers, nn.NewConvTranspose2d(w, w/2, 4, twice), nn.NewBatchNorm2d(w/2), nn.ReLU{InPlace: true})
	}
	layers = append(layers, nn.NewConv2d(w, channels, 3, same), nn.Tanh{})
	g.Main = nn.NewSequential(layers...)
	initialise(g)
	return g
}

// Forward generates pictures.
func (g *Generator) Forward(z *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := g.Linear.Forward(z)
		if g.Flat != nil {
			h = g.Flat.Forward(h)
		}
		return g.Main.Forward(h.View(z.Size(0), -1, 4, 4))
	})
}

// Discriminator maps pictures (N, channels, 32, 32) in [−1, 1] to scores (N, 1). Each layer is followed by LeakyReLU
// 0.1; the transitions are 4×4 stride 2, the others 3×3.
//
//	32×32  channels → width
//	16×16  → 2·width, 2·width
//	8×8    → 4·width, 4·width
//	4×4    → 8·width, 8·width
//	1×1    linear → 1
type Discriminator struct {
	Main   *nn.Sequential `nn:"main"`
	Linear *nn.Linear     `nn:"linear"`
}

// NewDiscriminator makes the network with weights from N(0, 0.02) and biases 0, and applies rule, which may be nil, to its
// layers.
func NewDiscriminator(width, channels int, rule gan.WeightRule) *Discriminator {
	layers := []nn.Layer{nn.NewConv2d(channels, width, 3, same), leaky}
	for w := width; w < 8*width; w *= 2 {
		layers = append(layers, nn.NewConv2d(w, 2*w, 4, twice), leaky, nn.NewConv2d(2*w, 2*w, 3, same), leaky)
	}
	d := &Discriminator{nn.NewSequential(layers...), nn.NewLinear(16*8*width, 1)}
	initialise(d)
	if rule != nil {
		nn.Apply(d, func(m any) {
			if l, ok := m.(nn.Weighted); ok {
				rule(l)
			}
		})
	}
	return d
}

// Forward scores pictures.
func (d *Discriminator) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		return d.Linear.Forward(d.Main.Forward(x).Flatten(torch.FlattenOptions{StartDim: 1}))
	})
}

func initialise(net any) {
	nn.Apply(net, func(m any) {
		switch l := m.(type) {
		case *nn.Linear:
			initializer.Normal(l.Weight, 0, 0.02)
			initializer.Constant(l.Bias, 0)
		case *nn.Conv2d:
			initializer.Normal(l.Weight, 0, 0.02)
			initializer.Constant(l.Bias, 0)
		case *nn.ConvTranspose2d:
			initializer.Normal(l.Weight, 0, 0.02)
			initializer.Constant(l.Bias, 0)
		}
	})
}
