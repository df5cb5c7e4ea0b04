package gan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// BigGANGBlock is the residual block of BigGAN's generator: as a GBlock with nearest-neighbour doubling, but the norms
// are given, and names and order are those of ajbrock/BigGAN-PyTorch layers.py, GBlock. Brock et al. 2019, figure 15.
type BigGANGBlock struct {
	Conv1  *nn.Conv2d      `nn:"conv1"`
	Conv2  *nn.Conv2d      `nn:"conv2"`
	ConvSC *nn.Conv2d      `nn:"conv_sc"` // nil without a shortcut of its own
	BN1    ConditionalNorm `nn:"bn1"`
	BN2    ConditionalNorm `nn:"bn2"`

	upsample bool
}

// NewBigGANGBlock makes a block from in to out channels, which doubles the size if upsample is set. rule is applied to
// the convolutions, and norm makes the two norms, a CCBN each. The tensors have PyTorch's initial values; BigGAN
// initialises whole networks afterwards.
func NewBigGANGBlock(in, out int, upsample bool, rule WeightRule, norm func(channels int) ConditionalNorm) *BigGANGBlock {
	b := &BigGANGBlock{Conv1: conv3x3(rule, in, out), Conv2: conv3x3(rule, out, out), upsample: upsample}
	if in != out || upsample {
		b.ConvSC = ruled(rule, nn.NewConv2d(in, out, 1))
	}
	b.BN1, b.BN2 = norm(in), norm(out)
	return b
}

// Forward maps x (N, in, H, W) and what the norms take as y to (N, out, H, W), or with upsample to (N, out, 2H, 2W).
func (b *BigGANGBlock) Forward(x, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := b.BN1.Forward(x, y).ReLU()
		if b.upsample {
			h = nn.Interpolate(h, nn.Interpolation{Scale: 2})
			x = nn.Interpolate(x, nn.Interpolation{Scale: 2})
		}
		h = b.Conv2.Forward(b.BN2.Forward(b.Conv1.Forward(h), y).ReLU())
		if b.ConvSC != nil {
			x = b.ConvSC.Forward(x)
		}
		return h.Add(x)
	})
}

// BigGANDBlock is the residual block of BigGAN's discriminator: as a DBlock with RawShortcut, and in the first block as
// a DBlockOptimized. Names and order are those of ajbrock/BigGAN-PyTorch layers.py, DBlock.
type BigGANDBlock struct {
	Conv1  *nn.Conv2d `nn:"conv1"`
	Conv2  *nn.Conv2d `nn:"conv2"`
	ConvSC *nn.Conv2d `nn:"conv_sc"` // nil without a shortcut of its own

	settings BigGANDBlockOptions
}

// BigGANDBlockOptions are the optional arguments of NewBigGANDBlock; the zero value is a block in the midst of a
// discriminator that keeps the size.
type BigGANDBlockOptions struct {
	First      bool       // no ReLU before the first convolution, and a shortcut that halves before its convolution
	Downsample bool       // halve the size by averages
	Thin       bool       // as many channels between the convolutions as in, as in SNGAN; else as out
	Rule       WeightRule // of the convolutions
}

// NewBigGANDBlock makes a block from in to out channels with PyTorch's initial values.
func NewBigGANDBlock(in, out int, o ...BigGANDBlockOptions) *BigGANDBlock {
	c := only(o)
	hidden := out
	if c.Thin {
		hidden = in
	}
	b := &BigGANDBlock{Conv1: conv3x3(c.Rule, in, hidden), Conv2: conv3x3(c.Rule, hidden, out), settings: c}
	if in != out || c.Downsample {
		b.ConvSC = ruled(c.Rule, nn.NewConv2d(in, out, 1))
	}
	return b
}

// Forward maps x (N, in, H, W) to (N, out, H, W), or with Downsample to (N, out, H/2, W/2).
func (b *BigGANDBlock) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := x
		if !b.settings.First {
			h = x.ReLU()
		}
		h = b.Conv2.Forward(b.Conv1.Forward(h).ReLU())
		if b.settings.Downsample {
			h = halve(h)
		}
		return h.Add(b.shortcut(x))
	})
}

func (b *BigGANDBlock) shortcut(x *torch.Tensor) *torch.Tensor {
	down := b.settings.Downsample
	if b.settings.First && down {
		x = halve(x)
	}
	if b.ConvSC != nil {
		x = b.ConvSC.Forward(x)
	}
	if !b.settings.First && down {
		x = halve(x)
	}
	return x
}
