package srgan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// LeftThomas is the generator of leftthomas/SRGAN, with its names: five residual blocks, whose convolutions have biases,
// and (tanh + 1)/2 at the end. It maps [0, 1] to [0, 1].
type LeftThomas struct {
	Block1 *nn.Sequential `nn:"block1"`
	Block2 *thomasBlock   `nn:"block2"`
	Block3 *thomasBlock   `nn:"block3"`
	Block4 *thomasBlock   `nn:"block4"`
	Block5 *thomasBlock   `nn:"block5"`
	Block6 *thomasBlock   `nn:"block6"`
	Block7 *nn.Sequential `nn:"block7"`
	Block8 *nn.Sequential `nn:"block8"`
}

// thomasBlocks is the number of its residual blocks.
const thomasBlocks = 5

// thomasBlock is a residual block of LeftThomas.
type thomasBlock struct {
	Conv1 *nn.Conv2d      `nn:"conv1"`
	BN1   *nn.BatchNorm2d `nn:"bn1"`
	PReLU *nn.PReLU       `nn:"prelu"`
	Conv2 *nn.Conv2d      `nn:"conv2"`
	BN2   *nn.BatchNorm2d `nn:"bn2"`
}

func newThomasBlock(w int) *thomasBlock {
	return &thomasBlock{nn.NewConv2d(w, w, 3, keep), nn.NewBatchNorm2d(w), newPReLU(), nn.NewConv2d(w, w, 3, keep), nn.NewBatchNorm2d(w)}
}

// Forward maps (N, Width, H, W) to the same shape.
func (b *thomasBlock) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := b.PReLU.Forward(b.BN1.Forward(b.Conv1.Forward(x)))
		return b.BN2.Forward(b.Conv2.Forward(h)).Add(x)
	})
}

// thomasDoubling doubles the size.
type thomasDoubling struct {
	Conv  *nn.Conv2d `nn:"conv"`
	PReLU *nn.PReLU  `nn:"prelu"`
}

// Forward maps (N, Width, H, W) to (N, Width, 2H, 2W).
func (d *thomasDoubling) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return d.PReLU.Forward(shuffle.Forward(d.Conv.Forward(x))) })
}

// NewLeftThomas makes the network with PyTorch's default weights, as its program does.
func NewLeftThomas(c Config) *LeftThomas {
	w := c.Width
	g := &LeftThomas{
		nn.NewSequential(nn.NewConv2d(3, w, 9, wide), newPReLU()),
		newThomasBlock(w), newThomasBlock(w), newThomasBlock(w), newThomasBlock(w), newThomasBlock(w),
		nn.NewSequential(nn.NewConv2d(w, w, 3, keep), nn.NewBatchNorm2d(w)),
		nn.NewSequential(),
	}
	for range doublings(c.Scale) {
		g.Block8.Layers = append(g.Block8.Layers, &thomasDoubling{nn.NewConv2d(w, 4*w, 3, keep), newPReLU()})
	}
	g.Block8.Layers = append(g.Block8.Layers, nn.NewConv2d(w, 3, 9, wide))
	return g
}

// Forward maps pictures in [0, 1] to pictures in [0, 1].
func (g *LeftThomas) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return unit(g.tanh(x)) })
}

func (g *LeftThomas) tanh(x *torch.Tensor) *torch.Tensor {
	first := g.Block1.Forward(x)
	h := first
	for _, b := range []nn.Layer{g.Block2, g.Block3, g.Block4, g.Block5, g.Block6, g.Block7} {
		h = b.Forward(h)
	}
	return g.Block8.Forward(h.Add(first)).Tanh()
}

// Upscale implements [Generator].
func (g *LeftThomas) Upscale(low *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return g.tanh(unit(low)) })
}

// LinderNoren is the generator of eriklindernoren/PyTorch-GAN, GeneratorResNet, with its names: SRResNet with biases,
// batch norms after the upsampling convolutions, too, an ε of 0.8 in those of the trunk, and tanh at the end. It maps
// [−1, 1] to [−1, 1].
type LinderNoren struct {
	Conv1      *nn.Sequential `nn:"conv1"`
	ResBlocks  *nn.Sequential `nn:"res_blocks"`
	Conv2      *nn.Sequential `nn:"conv2"`
	Upsampling *nn.Sequential `nn:"upsampling"`
	Conv3      *nn.Sequential `nn:"conv3"`
}

// norenBlock is a residual block of LinderNoren.
type norenBlock struct {
	Block *nn.Sequential `nn:"conv_block"`
}

// Forward maps (N, Width, H, W) to the same shape.
func (b *norenBlock) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return b.Block.Forward(x).Add(x) })
}

// NewLinderNoren makes the network with PyTorch's default weights, as its program does.
func NewLinderNoren(c Config) *LinderNoren {
	w, eps := c.Width, nn.BatchNorm{Eps: 0.8}
	g := &LinderNoren{
		nn.NewSequential(nn.NewConv2d(3, w, 9, wide), newPReLU()), nn.NewSequential(),
		nn.NewSequential(nn.NewConv2d(w, w, 3, keep), nn.NewBatchNorm2d(w, eps)), nn.NewSequential(), nil,
	}
	for range c.Blocks {
		g.ResBlocks.Layers = append(g.ResBlocks.Layers, &norenBlock{nn.NewSequential(
			nn.NewConv2d(w, w, 3, keep), nn.NewBatchNorm2d(w, eps), newPReLU(),
			nn.NewConv2d(w, w, 3, keep), nn.NewBatchNorm2d(w, eps),
		)})
	}
	for range doublings(c.Scale) {
		g.Upsampling.Layers = append(g.Upsampling.Layers,
			nn.NewConv2d(w, 4*w, 3, keep), nn.NewBatchNorm2d(4*w), shuffle, newPReLU())
	}
	g.Conv3 = nn.NewSequential(nn.NewConv2d(w, 3, 9, wide), nn.Tanh{})
	return g
}

// Forward maps pictures in [−1, 1] to pictures in [−1, 1].
func (g *LinderNoren) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		first := g.Conv1.Forward(x)
		h := g.Conv2.Forward(g.ResBlocks.Forward(first)).Add(first)
		return g.Conv3.Forward(g.Upsampling.Forward(h))
	})
}

// Upscale implements [Generator].
func (g *LinderNoren) Upscale(low *torch.Tensor) *torch.Tensor { return g.Forward(low) }
