package wgan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/zoo/internal/cnn32"
)

// Generator maps latents z (N, Latent) to pictures (N, Channels, Size, Size), in [−1, 1] but for linear layers, which end
// without a bound.
//
// Authors' models/dcgan.py, DCGAN_G. At 64 pixels:
//
//	4×4    transposed 4×4 stride 1   Latent → 8·Width   BN, ReLU
//	8×8    transposed 4×4 stride 2   → 4·Width          BN, ReLU
//	16×16  transposed 4×4 stride 2   → 2·Width          BN, ReLU
//	32×32  transposed 4×4 stride 2   → Width            BN, ReLU
//	64×64  transposed 4×4 stride 2   → Channels         tanh
//
// Another size has a block more or less in front. Linear, models/mlp.py, MLP_G: Latent → Hidden → Hidden → Hidden, each
// with ReLU, → all pixels.
type Generator struct {
	Main *nn.Sequential `nn:"main"`

	shape []int // of a latent as Main takes it
	size  int
}

var (
	first = nn.Conv{NoBias: true}                        // between a 1×1 and a 4×4 map
	twice = nn.Conv{Stride: 2, Padding: 1, NoBias: true} // halves or doubles the size
	leaky = nn.LeakyReLU{Slope: 0.2, InPlace: true}
)

// NewGenerator makes the network of the setting G.
func NewGenerator(c Config) nn.Layer {
	switch c.G {
	case "cnn":
		return cnn32.NewGenerator(c.Latent, c.Width, c.Channels, false)
	case "mlp":
		return &Generator{linears(c.Latent, c.Hidden, c.Channels*c.Size*c.Size), nil, c.Size}
	}
	var layers []nn.Layer
	block := func(l nn.Layer, width int) {
		layers = append(layers, l)
		if !c.NoBN {
			layers = append(layers, nn.NewBatchNorm2d(width))
		}
		layers = append(layers, nn.ReLU{InPlace: true})
	}
	width := c.Width * c.Size / 8
	block(nn.NewConvTranspose2d(c.Latent, width, 4, first), width)
	for ; width > c.Width; width /= 2 {
		block(nn.NewConvTranspose2d(width, width/2, 4, twice), width/2)
	}
	layers = append(layers, nn.NewConvTranspose2d(width, c.Channels, 4, twice), nn.Tanh{})
	return &Generator{nn.NewSequential(layers...), []int{1, 1}, c.Size}
}

// Forward generates pictures.
func (g *Generator) Forward(z *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		z = z.View(append(z.Shape(), g.shape...)...)
		return g.Main.Forward(z).View(z.Size(0), -1, g.size, g.size)
	})
}

// Critic maps pictures (N, Channels, Size, Size) to scores (N, 1), the higher the more real.
//
// Authors' models/dcgan.py, DCGAN_D. At 64 pixels:
//
//	32×32  4×4 stride 2   Channels → Width   LeakyReLU 0.2
//	16×16  4×4 stride 2   → 2·Width          BN, LeakyReLU 0.2
//	8×8    4×4 stride 2   → 4·Width          BN, LeakyReLU 0.2
//	4×4    4×4 stride 2   → 8·Width          BN, LeakyReLU 0.2
//	1×1    4×4 stride 1   → 1
//
// Linear, models/mlp.py, MLP_D: all pixels → Hidden → Hidden → Hidden, each with ReLU, → 1.
type Critic struct {
	Main *nn.Sequential `nn:"main"`

	linear bool
}

// NewCritic makes the network of the setting D.
func NewCritic(c Config) nn.Layer {
	switch c.D {
	case "cnn":
		return cnn32.NewDiscriminator(c.Width, c.Channels, nil)
	case "mlp":
		return &Critic{linears(c.Channels*c.Size*c.Size, c.Hidden, 1), true}
	}
	width := c.Width
	layers := []nn.Layer{nn.NewConv2d(c.Channels, width, 4, twice), leaky}
	for ; width < c.Width*c.Size/8; width *= 2 {
		layers = append(layers, nn.NewConv2d(width, 2*width, 4, twice), nn.NewBatchNorm2d(2*width), leaky)
	}
	return &Critic{nn.NewSequential(append(layers, nn.NewConv2d(width, 1, 4, first))...), false}
}

// Forward scores pictures.
func (d *Critic) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		if d.linear {
			x = x.Flatten(torch.FlattenOptions{StartDim: 1})
		}
		return d.Main.Forward(x).View(-1, 1)
	})
}

// linears are four linear layers with ReLU between them.
func linears(in, hidden, out int) *nn.Sequential {
	return nn.NewSequential(
		nn.NewLinear(in, hidden), nn.ReLU{InPlace: true},
		nn.NewLinear(hidden, hidden), nn.ReLU{InPlace: true},
		nn.NewLinear(hidden, hidden), nn.ReLU{InPlace: true},
		nn.NewLinear(hidden, out),
	)
}
