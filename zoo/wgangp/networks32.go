package wgangp

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Generator32 maps latents z (N, Latent) to pictures (N, Channels, 32, 32) in [−1, 1].
//
// Gulrajani et al. 2017, appendix C, CIFAR-10 ResNet; official gan_cifar_resnet.py, names as in mimicry:
//
//	4×4    linear             Latent → Width
//	8×8    up block           Width
//	16×16  up block           Width
//	32×32  up block           Width
//	32×32  BN, ReLU, 3×3      → Channels, tanh
//
// The official blocks repeat pixels, mimicry's interpolate between them.
type Generator32 struct {
	L1     *nn.Linear      `nn:"l1"`
	Block2 *UpBlock        `nn:"block2"`
	Block3 *UpBlock        `nn:"block3"`
	Block4 *UpBlock        `nn:"block4"`
	B5     *nn.BatchNorm2d `nn:"b5"`
	C5     *nn.Conv2d      `nn:"c5"`
}

// NewGenerator32 makes the network with its initial weights.
func NewGenerator32(c Config) *Generator32 {
	twice, w := nearest, c.Width
	if c.Net == "mimicry" {
		twice = smooth
	}
	g := &Generator32{
		nn.NewLinear(c.Latent, 16*w),
		newUpBlock(w, w, twice, same), newUpBlock(w, w, twice, same), newUpBlock(w, w, twice, same),
		nn.NewBatchNorm2d(w), nn.NewConv2d(w, c.Channels, 3, same),
	}
	initialise(g, g.C5)
	return g
}

// Forward generates pictures.
func (g *Generator32) Forward(z *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := g.L1.Forward(z).View(z.Size(0), -1, 4, 4)
		h = g.Block4.Forward(g.Block3.Forward(g.Block2.Forward(h)))
		return g.C5.Forward(relu.Forward(g.B5.Forward(h))).Tanh()
	})
}

// Critic32 maps pictures (N, Channels, 32, 32) in [−1, 1] to scores (N, 1), the higher the more real.
//
// Gulrajani et al. 2017, appendix C, CIFAR-10 ResNet; official gan_cifar_resnet.py, names as in mimicry:
//
//	16×16  first block        Channels → CriticWidth
//	8×8    block that halves  CriticWidth
//	8×8    block              CriticWidth
//	8×8    block              CriticWidth
//	1×1    ReLU, mean, linear → 1
//
// The sum instead of the mean over the last map is that of pytorch-gan-collections.
type Critic32 struct {
	Block1 *FirstBlock `nn:"block1"`
	Block2 *Block      `nn:"block2"`
	Block3 *Block      `nn:"block3"`
	Block4 *Block      `nn:"block4"`
	L5     *nn.Linear  `nn:"l5"`

	sum bool
}

// NewCritic32 makes the network with its initial weights.
func NewCritic32(c Config) *Critic32 {
	w, inPlace := c.CriticWidth, c.Net == "mimicry"
	d := &Critic32{
		newFirstBlock(c.Channels, w),
		newBlock(w, true, inPlace), newBlock(w, false, inPlace), newBlock(w, false, inPlace),
		nn.NewLinear(w, 1),
		c.Pool == "sum",
	}
	initialise(d)
	return d
}

// Forward scores pictures.
func (d *Critic32) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := d.Block4.Forward(d.Block3.Forward(d.Block2.Forward(d.Block1.Forward(x))))
		h = relu.Forward(h)
		if d.sum {
			return d.L5.Forward(h.SumDim([]int{2, 3}))
		}
		return d.L5.Forward(h.MeanDim([]int{2, 3}))
	})
}
