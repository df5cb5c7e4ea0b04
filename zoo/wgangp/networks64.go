package wgangp

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Generator64 maps latents z (N, Latent) to pictures (N, Channels, 64, 64) in [−1, 1].
//
// Gulrajani et al. 2017, §5.2; official gan_64x64.py, GoodGenerator:
//
//	4×4    linear             Latent → 8·Width
//	8×8    up block           8·Width
//	16×16  up block           → 4·Width
//	32×32  up block           → 2·Width
//	64×64  up block           → Width
//	64×64  BN, ReLU, 3×3      → Channels, tanh
//
// The first convolution of a block has no bias.
type Generator64 struct {
	L1     *nn.Linear      `nn:"l1"`
	Block2 *UpBlock        `nn:"block2"`
	Block3 *UpBlock        `nn:"block3"`
	Block4 *UpBlock        `nn:"block4"`
	Block5 *UpBlock        `nn:"block5"`
	B6     *nn.BatchNorm2d `nn:"b6"`
	C6     *nn.Conv2d      `nn:"c6"`
}

// NewGenerator64 makes the network with its initial weights.
func NewGenerator64(c Config) *Generator64 {
	w := c.Width
	g := &Generator64{
		nn.NewLinear(c.Latent, 16*8*w),
		newUpBlock(8*w, 8*w, nearest, sameNoBias), newUpBlock(8*w, 4*w, nearest, sameNoBias),
		newUpBlock(4*w, 2*w, nearest, sameNoBias), newUpBlock(2*w, w, nearest, sameNoBias),
		nn.NewBatchNorm2d(w), nn.NewConv2d(w, c.Channels, 3, same),
	}
	initialise(g)
	return g
}

// Forward generates pictures.
func (g *Generator64) Forward(z *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := g.L1.Forward(z).View(z.Size(0), -1, 4, 4)
		h = g.Block5.Forward(g.Block4.Forward(g.Block3.Forward(g.Block2.Forward(h))))
		return g.C6.Forward(relu.Forward(g.B6.Forward(h))).Tanh()
	})
}

// Critic64 maps pictures (N, Channels, 64, 64) in [−1, 1] to scores (N, 1), the higher the more real.
//
// Gulrajani et al. 2017, §5.2; official gan_64x64.py, GoodDiscriminator:
//
//	64×64  3×3                Channels → CriticWidth
//	32×32  block              → 2·CriticWidth, layer norm
//	16×16  block              → 4·CriticWidth, layer norm
//	8×8    block              → 8·CriticWidth, layer norm
//	4×4    block              8·CriticWidth, layer norm
//	1×1    linear             → 1
type Critic64 struct {
	C1     *nn.Conv2d `nn:"c1"`
	Block2 *NormBlock `nn:"block2"`
	Block3 *NormBlock `nn:"block3"`
	Block4 *NormBlock `nn:"block4"`
	Block5 *NormBlock `nn:"block5"`
	L6     *nn.Linear `nn:"l6"`
}

// NewCritic64 makes the network with its initial weights.
func NewCritic64(c Config) *Critic64 {
	w := c.CriticWidth
	d := &Critic64{
		nn.NewConv2d(c.Channels, w, 3, same),
		newNormBlock(w, 2*w), newNormBlock(2*w, 4*w), newNormBlock(4*w, 8*w), newNormBlock(8*w, 8*w),
		nn.NewLinear(16*8*w, 1),
	}
	initialise(d, d.C1)
	return d
}

// Forward scores pictures.
func (d *Critic64) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := d.Block3.Forward(d.Block2.Forward(d.C1.Forward(x)))
		return d.L6.Forward(d.Block5.Forward(d.Block4.Forward(h)).Flatten(torch.FlattenOptions{StartDim: 1}))
	})
}
