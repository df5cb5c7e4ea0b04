package acgan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// EmbedGenerator multiplies the latents with a vector of the class.
//
// eriklindernoren/PyTorch-GAN acgan.py, at 32 pixels; its second and third norm have 0.8 for ε, a slip that is kept:
//
//	8×8    linear            Latent → 128   BN
//	16×16  repeat, 3×3       128            BN, LeakyReLU 0.2
//	32×32  repeat, 3×3       → 64           BN, LeakyReLU 0.2
//	32×32  3×3               → Channels     tanh
type EmbedGenerator struct {
	Label *nn.Embedding  `nn:"label_emb"`
	L1    *nn.Sequential `nn:"l1"`
	Conv  *nn.Sequential `nn:"conv_blocks"`

	side int
}

var (
	same  = nn.Conv{Padding: 1}
	slip  = nn.BatchNorm{Eps: 0.8}
	leaky = nn.LeakyReLU{Slope: 0.2, InPlace: true}
)

func newEmbedGenerator(c Config, wide, narrow int) *EmbedGenerator {
	side := c.Size / 4
	g := &EmbedGenerator{
		Label: nn.NewEmbedding(c.Classes, c.Latent),
		L1:    nn.NewSequential(nn.NewLinear(c.Latent, wide*side*side)),
		Conv: nn.NewSequential(
			nn.NewBatchNorm2d(wide),
			nn.Upsample{Scale: 2}, nn.NewConv2d(wide, wide, 3, same), nn.NewBatchNorm2d(wide, slip), leaky,
			nn.Upsample{Scale: 2}, nn.NewConv2d(wide, narrow, 3, same), nn.NewBatchNorm2d(narrow, slip), leaky,
			nn.NewConv2d(narrow, c.Channels, 3, same), nn.Tanh{},
		),
		side: side,
	}
	gan.InitNormal(g)
	return g
}

// Forward generates pictures.
func (g *EmbedGenerator) Forward(z, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		return g.Conv.Forward(g.L1.Forward(g.Label.Forward(y).Mul(z)).View(z.Size(0), -1, g.side, g.side))
	})
}

// HalvingDiscriminator is four 3×3 convolutions of stride 2, each with LeakyReLU 0.2 and dropout 0.25 of whole maps and all
// but the first with a BN behind them, whose ε is 0.8, and two linear heads: Channels → 16 → 32 → 64 → 128.
// eriklindernoren/PyTorch-GAN acgan.py.
type HalvingDiscriminator struct {
	Conv *nn.Sequential `nn:"conv_blocks"`
	Adv  *nn.Sequential `nn:"adv_layer"`
	Aux  *nn.Sequential `nn:"aux_layer"`
}

func newHalvingDiscriminator(c Config) *HalvingDiscriminator {
	var layers []nn.Layer
	in := c.Channels
	for i := range 4 {
		out := 16 << i / c.Divide
		layers = append(layers, nn.NewConv2d(in, out, 3, nn.Conv{Stride: 2, Padding: 1}), leaky, nn.NewDropout2d(0.25))
		if i > 0 {
			layers = append(layers, nn.NewBatchNorm2d(out, slip))
		}
		in = out
	}
	in *= c.Size / 16 * (c.Size / 16)
	d := &HalvingDiscriminator{
		nn.NewSequential(layers...), nn.NewSequential(nn.NewLinear(in, 1)), nn.NewSequential(nn.NewLinear(in, c.Classes)),
	}
	gan.InitNormal(d)
	return d
}

// Forward judges pictures.
func (d *HalvingDiscriminator) Forward(x *torch.Tensor) (source, class *torch.Tensor) {
	x = d.Conv.Forward(x).Flatten(torch.FlattenOptions{StartDim: 1})
	return d.Adv.Forward(x), d.Aux.Forward(x)
}
