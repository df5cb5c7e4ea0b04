package dcgan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Generator maps latents z (N, Latent, 1, 1) to images (N, Channels, Size, Size) in [−1, 1].
//
// Radford et al. 2016, §3; names and order of layers as in dcgan/main.py. At 64 pixels:
//
//	4×4    transposed 4×4 stride 1   Latent → 8·Width   BN, ReLU
//	8×8    transposed 4×4 stride 2   → 4·Width          BN, ReLU
//	16×16  transposed 4×4 stride 2   → 2·Width          BN, ReLU
//	32×32  transposed 4×4 stride 2   → Width            BN, ReLU
//	64×64  transposed 4×4 stride 2   → Channels         tanh
//
// Another size has a block more or less in front, with its width doubled or halved.
type Generator struct {
	Main *nn.Sequential `nn:"main"`
}

var (
	first = nn.Conv{NoBias: true}                        // between a 1×1 and a 4×4 map
	twice = nn.Conv{Stride: 2, Padding: 1, NoBias: true} // halves or doubles the size
)

// NewGenerator makes the network with PyTorch's default weights; New replaces them by the paper's.
func NewGenerator(c Config) *Generator {
	width := c.Width * c.Size / 8
	layers := []nn.Layer{
		nn.NewConvTranspose2d(c.Latent, width, 4, first), nn.NewBatchNorm2d(width), nn.ReLU{InPlace: true},
	}
	for ; width > c.Width; width /= 2 {
		layers = append(layers,
			nn.NewConvTranspose2d(width, width/2, 4, twice), nn.NewBatchNorm2d(width/2), nn.ReLU{InPlace: true})
	}
	layers = append(layers, nn.NewConvTranspose2d(width, c.Channels, 4, twice), nn.Tanh{})
	return &Generator{nn.NewSequential(layers...)}
}

// Forward generates images.
func (g *Generator) Forward(z *torch.Tensor) *torch.Tensor { return g.Main.Forward(z) }

// Discriminator maps images (N, Channels, Size, Size) in [−1, 1] to the probability (N) that each is real.
//
// Radford et al. 2016, §3; names and order of layers as in dcgan/main.py. At 64 pixels:
//
//	32×32  4×4 stride 2   Channels → Width   LeakyReLU 0.2
//	16×16  4×4 stride 2   → 2·Width          BN, LeakyReLU 0.2
//	8×8    4×4 stride 2   → 4·Width          BN, LeakyReLU 0.2
//	4×4    4×4 stride 2   → 8·Width          BN, LeakyReLU 0.2
//	1×1    4×4 stride 1   → 1                sigmoid
type Discriminator struct {
	Main *nn.Sequential `nn:"main"`
}

var leaky = nn.LeakyReLU{Slope: 0.2, InPlace: true}

// NewDiscriminator makes the network with PyTorch's default weights; New replaces them by the paper's.
func NewDiscriminator(c Config) *Discriminator {
	width := c.Width
	layers := []nn.Layer{nn.NewConv2d(c.Channels, width, 4, twice), leaky}
	for ; width < c.Width*c.Size/8; width *= 2 {
		layers = append(layers, nn.NewConv2d(width, 2*width, 4, twice), nn.NewBatchNorm2d(2*width), leaky)
	}
	layers = append(layers, nn.NewConv2d(width, 1, 4, first), nn.Sigmoid{})
	return &Discriminator{nn.NewSequential(layers...)}
}

// Forward judges images.
func (d *Discriminator) Forward(x *torch.Tensor) *torch.Tensor { return d.Main.Forward(x).View(-1) }
