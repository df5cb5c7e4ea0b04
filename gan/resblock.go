package gan

import (
	"math"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// GBlock is the residual block of SNGAN's generator: norm, ReLU, doubling, 3×3 convolution, norm, ReLU, 3×3 convolution,
// plus a shortcut of doubling and a 1×1 convolution, or of nothing where neither size nor channels change. The names and
// their order are those of kwotsin/mimicry modules/resblocks.py. Miyato et al. 2018, figure 8.
type GBlock struct {
	C1  *nn.Conv2d      `nn:"c1"`
	C2  *nn.Conv2d      `nn:"c2"`
	B1  ConditionalNorm `nn:"b1"`
	B2  ConditionalNorm `nn:"b2"`
	CSC *nn.Conv2d      `nn:"c_sc"` // nil without a shortcut of its own

	settings GBlockOptions
}

// GBlockOptions are the optional arguments of NewGBlock; the zero value is mimicry's default.
type GBlockOptions struct {
	Upsample bool
	Nearest  bool       // double by repeating pixels, as the official code does; mimicry interpolates bilinearly
	Hidden   int        // channels between the convolutions, as many as out if 0
	Classes  int        // norms are a ConditionalBatchNorm2d for so many classes, plain batch norms if 0
	Eps      float64    // of the norms, 1e-5 if 0; Chainer's is 2e-5
	Rule     WeightRule // of the convolutions
}

// NewGBlock makes a block from in to out channels. Its convolutions are initialised Xavier-uniform, the 3×3 ones with
// gain √2.
func NewGBlock(in, out int, o ...GBlockOptions) *GBlock {
	c := only(o)
	hidden := otherwise(c.Hidden, out)
	norm := func(channels int) ConditionalNorm {
		if c.Classes > 0 {
			return NewConditionalBatchNorm2d(channels, c.Classes, nn.BatchNorm{Eps: c.Eps})
		}
		return Unconditional{nn.NewBatchNorm2d(channels, nn.BatchNorm{Eps: c.Eps})}
	}
	b := &GBlock{settings: c, C1: conv3x3(c.Rule, in, hidden), C2: conv3x3(c.Rule, hidden, out)}
	b.B1, b.B2 = norm(in), norm(hidden)
	glorot(b.C1, b.C2)
	if in != out || c.Upsample {
		b.CSC = shortcut(c.Rule, in, out)
	}
	return b
}

// Forward maps x (N, in, H, W) to (N, out, H, W), or with Upsample to (N, out, 2H, 2W). y are the classes (N) of
// conditional norms, nil without them.
func (b *GBlock) Forward(x, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := b.C1.Forward(b.double(b.B1.Forward(x, y).ReLU()))
		h = b.C2.Forward(b.B2.Forward(h, y).ReLU())
		if b.CSC != nil {
			x = b.CSC.Forward(b.double(x))
		}
		return h.Add(x)
	})
}

func (b *GBlock) double(x *torch.Tensor) *torch.Tensor {
	switch {
	case !b.settings.Upsample:
		return x
	case b.settings.Nearest:
		return nn.Interpolate(x, nn.Interpolation{Scale: 2})
	}
	return nn.Interpolate(x, nn.Interpolation{Scale: 2, Mode: "bilinear"})
}

// DBlock is the residual block of SNGAN's discriminator: ReLU, 3×3 convolution, ReLU, 3×3 convolution, halving by
// averages, plus a shortcut of a 1×1 convolution and halving, or of nothing where neither size nor channels change. The
// names and their order are those of kwotsin/mimicry modules/resblocks.py. Miyato et al. 2018, figure 8.
type DBlock struct {
	C1  *nn.Conv2d `nn:"c1"`
	C2  *nn.Conv2d `nn:"c2"`
	CSC *nn.Conv2d `nn:"c_sc"` // nil without a shortcut of its own

	settings DBlockOptions
}

// DBlockOptions are the optional arguments of NewDBlock; the zero value is mimicry's default but for Rule, which is
// nn.SpectralNorm there.
type DBlockOptions struct {
	Downsample bool
	Hidden     int        // channels between the convolutions, as many as in if 0
	Rule       WeightRule // of the convolutions

	// RawShortcut gives the shortcut x, as the paper and the official code do. In mimicry it sees ReLU(x), for its ReLU
	// overwrites x first.
	RawShortcut bool
}

// NewDBlock makes a block from in to out channels, initialised as a GBlock.
func NewDBlock(in, out int, o ...DBlockOptions) *DBlock {
	c := only(o)
	hidden := otherwise(c.Hidden, in)
	b := &DBlock{settings: c, C1: conv3x3(c.Rule, in, hidden), C2: conv3x3(c.Rule, hidden, out)}
	glorot(b.C1, b.C2)
	if in != out || c.Downsample {
		b.CSC = shortcut(c.Rule, in, out)
	}
	return b
}

// Forward maps x (N, in, H, W) to (N, out, H, W), or with Downsample to (N, out, H/2, W/2). It leaves x as it is, unlike
// mimicry.
func (b *DBlock) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		active := x.ReLU()
		h := b.C2.Forward(b.C1.Forward(active).ReLU())
		if !b.settings.RawShortcut {
			x = active
		}
		if b.CSC != nil {
			x = b.CSC.Forward(x)
		}
		if b.settings.Downsample {
			h, x = halve(h), halve(x)
		}
		return h.Add(x)
	})
}

// DBlockOptimized is the first block of SNGAN's discriminator, which reads pictures: no ReLU before them, and a shortcut
// that halves before its 1×1 convolution.
type DBlockOptimized struct {
	C1  *nn.Conv2d `nn:"c1"`
	C2  *nn.Conv2d `nn:"c2"`
	CSC *nn.Conv2d `nn:"c_sc"`
}

// NewDBlockOptimized makes a block from in to out channels, initialised as a GBlock, and applies rule to its
// convolutions.
func NewDBlockOptimized(in, out int, rule WeightRule) *DBlockOptimized {
	b := &DBlockOptimized{
		C1: conv3x3(rule, in, out), C2: conv3x3(rule, out, out), CSC: ruled(rule, nn.NewConv2d(in, out, 1)),
	}
	glorot(b.C1, b.C2)
	initializer.XavierUniform(b.CSC.Weight, 1)
	return b
}

// Forward maps x (N, in, H, W) to (N, out, H/2, W/2).
func (b *DBlockOptimized) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := b.C2.Forward(b.C1.Forward(x).ReLU())
		return halve(h).Add(b.CSC.Forward(halve(x)))
	})
}

func conv3x3(rule WeightRule, in, out int) *nn.Conv2d {
	return ruled(rule, nn.NewConv2d(in, out, 3, nn.Conv{Padding: 1}))
}

// shortcut is the 1×1 convolution of a shortcut.
func shortcut(rule WeightRule, in, out int) *nn.Conv2d {
	c := ruled(rule, nn.NewConv2d(in, out, 1))
	initializer.XavierUniform(c.Weight, 1)
	return c
}

func glorot(layers ...*nn.Conv2d) {
	for _, c := range layers {
		initializer.XavierUniform(c.Weight, math.Sqrt2)
	}
}

// halve averages squares of 2×2 pixels.
func halve(x *torch.Tensor) *torch.Tensor { return x.AvgPool2d([]int{2}) }
