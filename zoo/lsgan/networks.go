package lsgan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/zoo/internal/samepad"
)

// Generator maps latents z (N, Latent) to pictures (N, Channels, Size, Size) in [−1, 1].
//
// Mao et al. 2017, figure 3 a; official vgg.py. At 112 pixels, each with BN and ReLU but the last:
//
//	7×7      linear                    Latent → 4·Width
//	14×14    transposed 3×3 stride 2   4·Width
//	14×14    transposed 3×3 stride 1   4·Width
//	28×28    transposed 3×3 stride 2   4·Width
//	28×28    transposed 3×3 stride 1   4·Width
//	56×56    transposed 3×3 stride 2   → 2·Width
//	112×112  transposed 3×3 stride 2   → Width
//	112×112  transposed 3×3 stride 1   → Channels   tanh
//
// At 64 and 32 pixels it is DCGAN's, of stability_comparison, with 5×5 kernels; at 64:
//
//	4×4      linear                    Latent → 8·Width
//	8×8      transposed 5×5 stride 2   → 4·Width
//	16×16    transposed 5×5 stride 2   → 2·Width
//	32×32    transposed 5×5 stride 2   → Width
//	64×64    transposed 5×5 stride 2   → Channels   tanh
type Generator struct {
	Linear *nn.Linear     `nn:"linear"`
	Main   *nn.Sequential `nn:"main"`

	side int // of the linear layer's map
}

// NewGenerator makes the network with the paper's weights.
func NewGenerator(c Config) *Generator {
	var layers []nn.Layer
	activate := func(width int) {
		if c.NormG == "batch" {
			layers = append(layers, nn.NewBatchNorm2d(width))
		}
		layers = append(layers, nn.ReLU{InPlace: true})
	}
	g := &Generator{side: 4}
	width := c.Width * c.Size / 8
	if c.Size == 112 {
		g.side, width = 7, 4*c.Width
		in := width
		activate(in)
		for _, l := range []struct {
			out   int
			layer func(in, out int) nn.Layer
		}{{width, twice3}, {width, same3}, {width, twice3}, {width, same3}, {2 * c.Width, twice3}, {c.Width, twice3}} {
			layers = append(layers, l.layer(in, l.out))
			activate(l.out)
			in = l.out
		}
		layers = append(layers, same3(in, c.Channels))
	} else {
		activate(width)
		in := width
		for ; in > c.Width; in /= 2 {
			layers = append(layers, samepad.NewDoubling(in, in/2, 5))
			activate(in / 2)
		}
		layers = append(layers, samepad.NewDoubling(in, c.Channels, 5))
	}
	g.Linear = nn.NewLinear(c.Latent, g.side*g.side*width)
	g.Main = nn.NewSequential(append(layers, nn.Tanh{})...)
	samepad.Initialise(g)
	return g
}

// Forward generates pictures.
func (g *Generator) Forward(z *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		return g.Main.Forward(g.Linear.Forward(z).View(z.Size(0), -1, g.side, g.side))
	})
}

// Discriminator maps pictures (N, Channels, Size, Size) in [−1, 1] to unbounded outputs (N, 1).
//
// Mao et al. 2017, figure 3 b; official vgg.py. At 112 pixels, and with one block less at 32:
//
//	56×56    5×5 stride 2   Channels → Width   LeakyReLU 0.2
//	28×28    5×5 stride 2   → 2·Width          BN, LeakyReLU 0.2
//	14×14    5×5 stride 2   → 4·Width          BN, LeakyReLU 0.2
//	7×7      5×5 stride 2   → 8·Width          BN, LeakyReLU 0.2
//	1×1      linear         → 1
type Discriminator struct {
	Main   *nn.Sequential `nn:"main"`
	Linear *nn.Linear     `nn:"linear"`
}

// NewDiscriminator makes the network with the paper's weights.
func NewDiscriminator(c Config) *Discriminator {
	var layers []nn.Layer
	in, side := c.Channels, c.Size
	for out := c.Width; side > 7; out *= 2 {
		layers = append(layers, nn.ConstantPad2d{Padding: []int{1, 2, 1, 2}}, nn.NewConv2d(in, out, 5, nn.Conv{Stride: 2}))
		if c.NormD == "batch" && in != c.Channels {
			layers = append(layers, nn.NewBatchNorm2d(out))
		}
		layers = append(layers, nn.LeakyReLU{Slope: 0.2, InPlace: true})
		in, side = out, side/2
	}
	d := &Discriminator{nn.NewSequential(layers...), nn.NewLinear(in*side*side, 1)}
	samepad.Initialise(d)
	return d
}

// Forward judges pictures.
func (d *Discriminator) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		return d.Linear.Forward(d.Main.Forward(x).Flatten(torch.FlattenOptions{StartDim: 1}))
	})
}

// twice3 doubles the size, same3 keeps it.
func twice3(in, out int) nn.Layer { return samepad.NewDoubling(in, out, 3) }
func same3(in, out int) nn.Layer  { return nn.NewConvTranspose2d(in, out, 3, nn.Conv{Padding: 1}) }
