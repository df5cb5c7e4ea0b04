package snresnet

import (
	"fmt"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// Generator maps latents z (N, Latent), and classes y (N) where there are some, to pictures (N, Channels, Size, Size) in
// [−1, 1]. With the plan of 64 pixels:
//
//	4×4    linear             Latent → Width     l1
//	8×8    up block           → Width/2          block2
//	16×16  up block           → Width/4          block3
//	32×32  up block           → Width/8          block4
//	64×64  up block           → Width/16         block5
//	64×64  BN, ReLU, 3×3      → Channels, tanh   b6, c6
//
// The norms of the blocks belong to the class. Miyato et al. 2018, table 4 a, and 2018 (projection), figure 14; official
// gen_models.
type Generator struct {
	L1     *nn.Linear    `nn:"l1"`
	Layers nn.ModuleDict `nn:""`

	bottom int
	blocks []*gan.GBlock
	norm   *nn.BatchNorm2d
	last   *nn.Conv2d
}

// NewGenerator makes the network with its initial weights.
func NewGenerator(o Options) *Generator {
	p := o.plan()
	block := gan.GBlockOptions{Upsample: true, Classes: o.Classes}
	if !o.Mimicry {
		block.Nearest, block.Eps = true, 2e-5
	}
	g := &Generator{L1: nn.NewLinear(o.Latent, p.Bottom*p.Bottom*o.Width), bottom: p.Bottom}
	in := o.Width
	for i, divisor := range p.Up {
		b := gan.NewGBlock(in, o.Width/divisor, block)
		g.blocks, in = append(g.blocks, b), o.Width/divisor
		g.Layers = append(g.Layers, nn.NamedModule{Name: fmt.Sprint("block", i+2), Module: b})
	}
	g.norm = nn.NewBatchNorm2d(in, nn.BatchNorm{Eps: block.Eps})
	g.last = nn.NewConv2d(in, o.Channels, 3, nn.Conv{Padding: 1})
	g.Layers = append(g.Layers,
		nn.NamedModule{Name: fmt.Sprint("b", len(p.Up)+2), Module: g.norm},
		nn.NamedModule{Name: fmt.Sprint("c", len(p.Up)+2), Module: g.last},
	)
	initializer.XavierUniform(g.L1.Weight, 1)
	initializer.XavierUniform(g.last.Weight, 1)
	if !o.Mimicry {
		zeroBiases(g)
		nn.Apply(g, func(m any) {
			if n, ok := m.(*gan.ConditionalBatchNorm2d); ok {
				torch.NoGrad(func() { torch.Scope(func() { n.Embed.Weight.Narrow(1, 0, n.Embed.Weight.Size(1)/2).FillInPlace(1) }) })
			}
		})
	}
	return g
}

// Forward generates pictures. y is nil without classes.
func (g *Generator) Forward(z, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := g.L1.Forward(z).View(z.Size(0), -1, g.bottom, g.bottom)
		for _, b := range g.blocks {
			h = b.Forward(h, y)
		}
		return g.last.Forward(g.norm.Forward(h).ReLU()).Tanh()
	})
}
