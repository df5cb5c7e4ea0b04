package srgan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// A Generator maps low-resolution pictures (N, 3, H, W) to (N, 3, Scale·H, Scale·W). The ranges of both are its program's:
// SRResNet's, and two published variants'.
type Generator interface {
	nn.Layer
	// Upscale maps pictures in [−1, 1] to pictures that are mostly in [−1, 1], whatever the program's ranges.
	Upscale(low *torch.Tensor) *torch.Tensor
}

var (
	keep    = nn.Conv{Padding: 1}               // 3×3
	bare    = nn.Conv{Padding: 1, NoBias: true} // 3×3 in front of a norm
	wide    = nn.Conv{Padding: 4}               // 9×9
	halve   = nn.Conv{Padding: 1, Stride: 2}    // 3×3
	leaky   = nn.LeakyReLU{Slope: 0.2, InPlace: true}
	shuffle = nn.PixelShuffle{Factor: 2}
)

// newPReLU has one slope, at first 0.25, for all channels.
func newPReLU() *nn.PReLU { return nn.NewPReLU(1) }

// doublings is the number of steps by 2 in a scale of 2, 4 or 8.
func doublings(scale int) (n int) {
	for ; scale > 1; scale /= 2 {
		n++
	}
	return n
}

// signed maps [0, 1] to [−1, 1], unit maps back.
func signed(x *torch.Tensor) *torch.Tensor { return x.MulScalar(2).SubScalar(1) }
func unit(x *torch.Tensor) *torch.Tensor   { return x.AddScalar(1).MulScalar(0.5) }

// SRResNet is the paper's generator. Ledig et al. 2017, figure 4, with names as in Lornatang/SRGAN-PyTorch:
//
//	conv1        9×9           3 → Width           PReLU
//	trunk        Blocks × [3×3, BN, PReLU, 3×3, BN, + input]
//	conv2        3×3           Width               BN, + output of conv1
//	upsampling   each doubling: 3×3  → 4·Width     pixel shuffle, PReLU
//	conv3        9×9           → 3
//
// It maps [0, 1] to [−1, 1], as in the paper's §3.2, or, if Unit, to [0, 1], as Lornatang's weights do.
type SRResNet struct {
	Conv1      *nn.Sequential `nn:"conv1"`
	Trunk      *nn.Sequential `nn:"trunk"`
	Conv2      *nn.Sequential `nn:"conv2"`
	Upsampling *nn.Sequential `nn:"upsampling"`
	Conv3      *nn.Conv2d     `nn:"conv3"`

	unit bool
}

// block is a residual block of SRResNet.
type block struct {
	RCB *nn.Sequential `nn:"rcb"`
}

// Forward maps (N, Width, H, W) to the same shape.
func (b *block) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return b.RCB.Forward(x).Add(x) })
}

// doubling doubles the size.
type doubling struct {
	Block *nn.Sequential `nn:"upsample_block"`
}

// Forward maps (N, Width, H, W) to (N, Width, 2H, 2W).
func (d *doubling) Forward(x *torch.Tensor) *torch.Tensor { return d.Block.Forward(x) }

// NewSRResNet makes the network with PyTorch's default weights. The paper does not say which it begins with.
func NewSRResNet(c Config) *SRResNet {
	w := c.Width
	g := &SRResNet{
		Conv1: nn.NewSequential(nn.NewConv2d(3, w, 9, wide), newPReLU()),
		Trunk: nn.NewSequential(), Upsampling: nn.NewSequential(),
		unit: c.Unit,
	}
	for range c.Blocks {
		g.Trunk.Layers = append(g.Trunk.Layers, &block{nn.NewSequential(
			nn.NewConv2d(w, w, 3, bare), nn.NewBatchNorm2d(w), newPReLU(),
			nn.NewConv2d(w, w, 3, bare), nn.NewBatchNorm2d(w),
		)})
	}
	g.Conv2 = nn.NewSequential(nn.NewConv2d(w, w, 3, bare), nn.NewBatchNorm2d(w))
	for range doublings(c.Scale) {
		g.Upsampling.Layers = append(g.Upsampling.Layers, &doubling{nn.NewSequential(nn.NewConv2d(w, 4*w, 3, keep), shuffle, newPReLU())})
	}
	g.Conv3 = nn.NewConv2d(w, 3, 9, wide)
	if c.ICNR {
		for _, d := range g.Upsampling.Layers {
			repeat(d.(*doubling).Block.Layers[0].(*nn.Conv2d))
		}
	}
	return g
}

// repeat gives the four channels that pixel shuffle puts side by side one and the same weights, so that the network
// begins without a checkerboard. Aitken et al. 2017, ICNR.
func repeat(l *nn.Conv2d) {
	torch.Scope(func() {
		torch.NoGrad(func() {
			for _, p := range []*torch.Tensor{l.Weight, l.Bias} {
				first := p.View(p.Size(0)/4, 4, -1).Narrow(1, 0, 1)
				p.CopyInPlace(first.Repeat(1, 4, 1).ViewAs(p))
			}
		})
	})
}

// Forward maps pictures in [0, 1].
func (g *SRResNet) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		first := g.Conv1.Forward(x)
		h := g.Conv2.Forward(g.Trunk.Forward(first)).Add(first)
		return g.Conv3.Forward(g.Upsampling.Forward(h))
	})
}

// Upscale implements [Generator].
func (g *SRResNet) Upscale(low *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		out := g.Forward(unit(low))
		if g.unit {
			return signed(out)
		}
		return out
	})
}
