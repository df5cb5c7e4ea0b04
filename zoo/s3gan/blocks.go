package s3gan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

var noBias = nn.LinearOptions{NoBias: true}

// linear, conv3 and conv1 are layers with a spectral norm.
func linear(in, out int, o ...nn.LinearOptions) *nn.Linear {
	return gan.SpectralNormCompareGAN(nn.NewLinear(in, out, o...))
}

func conv3(in, out int) *nn.Conv2d {
	return gan.SpectralNormCompareGAN(nn.NewConv2d(in, out, 3, nn.Conv{Padding: 1}))
}

func conv1(in, out int) *nn.Conv2d { return gan.SpectralNormCompareGAN(nn.NewConv2d(in, out, 1)) }

func attention(channels int) *gan.SelfAttention {
	return gan.NewSelfAttention(channels, func(l nn.Weighted) { gan.SpectralNormCompareGAN(l) })
}

// GBlock is a residual block of the generator, which doubles the size. "up" is unpool.
//
//	CBN, ReLU, up, 3×3 in → out, CBN, ReLU, 3×3 out → out
//	shortcut: up, 1×1 in → out
type GBlock struct {
	BN1      *ConditionalNorm `nn:"bn1"`
	Conv1    *nn.Conv2d       `nn:"up_conv1"`
	BN2      *ConditionalNorm `nn:"bn2"`
	Conv2    *nn.Conv2d       `nn:"same_conv2"`
	Shortcut *nn.Conv2d       `nn:"up_conv_shortcut"`
}

func newGBlock(in, out, condition int) *GBlock {
	return &GBlock{
		BN1: newConditionalNorm(in, condition), Conv1: conv3(in, out),
		BN2: newConditionalNorm(out, condition), Conv2: conv3(out, out), Shortcut: conv1(in, out),
	}
}

// Forward maps x (N, in, H, W) and a condition (N, D) to (N, out, 2H, 2W).
func (b *GBlock) Forward(x, condition *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := b.Conv1.Forward(unpool(b.BN1.Forward(x, condition).ReLU()))
		h = b.Conv2.Forward(b.BN2.Forward(h, condition).ReLU())
		return h.Add(b.Shortcut.Forward(unpool(x)))
	})
}

// unpool doubles the size of x (N, C, H, W) with zeros: pixel (i, j) comes to (2i, 2j).
func unpool(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		n, c, h, w := x.Size(0), x.Size(1), x.Size(2), x.Size(3)
		return x.View(n, c, h, 1, w, 1).ConstantPad([]int{0, 1, 0, 0, 0, 1}).View(n, c, 2*h, 2*w)
	})
}

// DBlock is a residual block of the discriminator. Where the channels stay there is no shortcut at all.
//
//	ReLU, 3×3 in → out, ReLU, 3×3 out → out, halved by means
//	shortcut if in ≠ out: 1×1 in → out, halved by means
type DBlock struct {
	Conv1    *nn.Conv2d `nn:"same_conv1"`
	Conv2    *nn.Conv2d `nn:"conv2"`
	Shortcut *nn.Conv2d `nn:"conv_shortcut"` // nil without

	down bool
}

func newDBlock(in, out int, down bool) *DBlock {
	b := &DBlock{Conv1: conv3(in, out), Conv2: conv3(out, out), down: down}
	if in != out {
		b.Shortcut = conv1(in, out)
	}
	return b
}

// Forward maps x (N, in, H, W) to (N, out, H/2, W/2), or (N, out, H, W) in the last block.
func (b *DBlock) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := b.pool(b.Conv2.Forward(b.Conv1.Forward(x.ReLU()).ReLU()))
		if b.Shortcut != nil {
			h = h.Add(b.pool(b.Shortcut.Forward(x)))
		}
		return h
	})
}

func (b *DBlock) pool(x *torch.Tensor) *torch.Tensor {
	if !b.down {
		return x
	}
	return x.AvgPool2d([]int{2})
}
