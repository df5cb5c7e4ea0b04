package sagan

import (
	"fmt"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// A plan is what the blocks of both networks do at one size of pictures. Channels are given as the divisors of the most.
type plan struct {
	width, dWidth int // most channels as published
	up            []int
	down          []int
	keep          int // further blocks of the discriminator, with the most channels
	attendG       int // blocks before the self-attention
	attendD       int
}

// plans are by the side of pictures. The one of 128 pixels is the paper's, that of 32 mimicry's. The one of 64 follows the
// paper's in having self-attention at 32×32 in both networks.
var plans = map[int]plan{
	32:  {width: 256, dWidth: 128, up: []int{1, 1, 1}, down: []int{1, 1}, keep: 2, attendG: 2, attendD: 2},
	64:  {width: 1024, dWidth: 1024, up: []int{2, 4, 8, 16}, down: []int{16, 8, 4, 2}, keep: 1, attendG: 3, attendD: 1},
	128: {width: 1024, dWidth: 1024, up: []int{1, 2, 4, 8, 16}, down: []int{16, 8, 4, 2, 1}, keep: 1, attendG: 3, attendD: 2},
}

// narrowest is what widths must be multiples of, so that all blocks have channels and self-attention has 8 of them.
func (p plan) narrowest() int { return 8 * max(p.up[len(p.up)-1], p.down[0]) }

// sn is the spectral norm of all layers.
func sn(l nn.Weighted) { nn.SpectralNorm(l) }

// normed gives a layer its spectral norm.
func normed[L nn.Weighted](l L) L { return nn.SpectralNorm(l) }

// Generator maps latents z (N, Latent) and classes y (N) to pictures (N, Channels, Size, Size) in [−1, 1]. For 128 pixels:
//
//	4×4      linear               Latent → Width     l1
//	8×8      up block             Width              block2
//	16×16    up block             → Width/2          block3
//	32×32    up block             → Width/4          block4
//	32×32    self-attention       Width/4            attn_block
//	64×64    up block             → Width/8          block5
//	128×128  up block             → Width/16         block6
//	128×128  BN, ReLU, 3×3, tanh  → Channels         b7, c7
//
// The norms of the blocks belong to the class. Official generator.py, generator_test; names as in mimicry. The official
// blocks double by repeating pixels, mimicry's interpolate.
type Generator struct {
	L1        *nn.Linear         `nn:"l1"`
	Layers    nn.ModuleDict      `nn:""`
	Attention *gan.SelfAttention `nn:"attn_block"`

	blocks  []*gan.GBlock
	attend  int
	bn      *nn.BatchNorm2d
	picture *nn.Conv2d
}

// NewGenerator makes the network with its initial weights.
func NewGenerator(c Config) (*Generator, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	p := plans[c.Size]
	g := &Generator{L1: normed(nn.NewLinear(c.Latent, 16*c.Width)), attend: p.attendG}
	o := gan.GBlockOptions{Upsample: true, Classes: c.Classes, Nearest: c.Net == "official", Rule: sn}
	in := c.Width
	for i, divisor := range p.up {
		b := gan.NewGBlock(in, c.Width/divisor, o)
		in = c.Width / divisor
		g.blocks = append(g.blocks, b)
		g.Layers = append(g.Layers, nn.NamedModule{Name: fmt.Sprint("block", i+2), Module: b})
	}
	g.bn, g.picture = nn.NewBatchNorm2d(in), normed(nn.NewConv2d(in, c.Channels, 3, nn.Conv{Padding: 1}))
	g.Layers = append(g.Layers,
		nn.NamedModule{Name: fmt.Sprint("b", len(p.up)+2), Module: g.bn},
		nn.NamedModule{Name: fmt.Sprint("c", len(p.up)+2), Module: g.picture},
	)
	g.Attention = gan.NewSelfAttention(c.Width/p.up[p.attendG-1], sn)
	initializer.XavierUniform(g.L1.Weight, 1)
	initializer.XavierUniform(g.picture.Weight, 1)
	if c.Net == "official" {
		initialise(g)
	}
	return g, nil
}

// Forward generates pictures.
func (g *Generator) Forward(z, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := g.L1.Forward(z).View(z.Size(0), -1, 4, 4)
		for i, b := range g.blocks {
			h = b.Forward(h, y)
			if i+1 == g.attend {
				h = g.Attention.Forward(h)
			}
		}
		return g.picture.Forward(g.bn.Forward(h).ReLU()).Tanh()
	})
}

// Discriminator maps pictures (N, Channels, Size, Size) in [−1, 1] and classes y (N) to scores (N, 1), the higher the more
// real. For 128 pixels:
//
//	64×64  first block           Channels → DWidth/16          block1
//	32×32  block that halves     → DWidth/8                    block2
//	32×32  self-attention        DWidth/8                      attn_block
//	16×16  block that halves     → DWidth/4                    block3
//	8×8    block that halves     → DWidth/2                    block4
//	4×4    block that halves     → DWidth                      block5
//	4×4    block                 DWidth                        block6
//	1×1    ReLU, sum             DWidth
//	1×1    linear + embedding of y · features                  l7, l_y
//
// Official discriminator.py, discriminator_test; names as in mimicry. The official blocks have as many channels inside as
// they put out and pass x beside them; mimicry's have as many as go in, and pass ReLU(x).
type Discriminator struct {
	Layers    nn.ModuleDict      `nn:""`
	Embed     *nn.Embedding      `nn:"l_y"`
	Attention *gan.SelfAttention `nn:"attn_block"`

	blocks []nn.Layer
	attend int
	linear *nn.Linear
}

// NewDiscriminator makes the network with its initial weights.
func NewDiscriminator(c Config) (*Discriminator, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	p, d := plans[c.Size], &Discriminator{}
	block := func(in, out int, down bool) *gan.DBlock {
		o := gan.DBlockOptions{Downsample: down, Rule: sn}
		if c.Net == "official" {
			o.Hidden, o.RawShortcut = out, true
		}
		return gan.NewDBlock(in, out, o)
	}
	in := c.DWidth / p.down[0]
	d.blocks = append(d.blocks, gan.NewDBlockOptimized(c.Channels, in, sn))
	for _, divisor := range p.down[1:] {
		d.blocks = append(d.blocks, block(in, c.DWidth/divisor, true))
		in = c.DWidth / divisor
	}
	for range p.keep {
		d.blocks = append(d.blocks, block(in, c.DWidth, false))
		in = c.DWidth
	}
	for i, b := range d.blocks {
		d.Layers = append(d.Layers, nn.NamedModule{Name: fmt.Sprint("block", i+1), Module: b})
	}
	d.linear = normed(nn.NewLinear(c.DWidth, 1))
	d.Layers = append(d.Layers, nn.NamedModule{Name: fmt.Sprint("l", len(d.blocks)+1), Module: d.linear})
	d.Embed = normed(nn.NewEmbedding(c.Classes, c.DWidth))
	d.attend, d.Attention = p.attendD, gan.NewSelfAttention(c.DWidth/p.down[p.attendD-1], sn)
	initializer.XavierUniform(d.linear.Weight, 1)
	initializer.XavierUniform(d.Embed.Weight, 1)
	if c.Net == "official" {
		initialise(d)
	}
	return d, nil
}

// Forward scores pictures.
func (d *Discriminator) Forward(x, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := x
		for i, b := range d.blocks {
			h = b.Forward(h)
			if i+1 == d.attend {
				h = d.Attention.Forward(h)
			}
		}
		return gan.Project(h.ReLU().SumDim([]int{2, 3}), y, d.linear, d.Embed)
	})
}

// initialise draws all weights Xavier-uniform and sets biases to 0 and the scales and shifts of classes to 1 and 0, as the
// official program does.
func initialise(network any) {
	nn.Apply(network, func(m any) {
		switch l := m.(type) {
		case *nn.Conv2d:
			xavier(l.Weight, l.Bias)
		case *nn.Linear:
			xavier(l.Weight, l.Bias)
		case *gan.ConditionalBatchNorm2d:
			w := l.Embed.Weight
			torch.NoGrad(func() { torch.Scope(func() { w.Narrow(1, 0, w.Size(1)/2).FillInPlace(1) }) })
		}
	})
}

func xavier(weight, bias *torch.Tensor) {
	initializer.XavierUniform(weight, 1)
	if bias != nil {
		initializer.Constant(bias, 0)
	}
}
