package gan

import (
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// SelfAttention lets each pixel look at all others: x + Gamma·o(A·g(x)), where A is the softmax of θ(x)·φ(x)ᵀ over the
// pixels looked at. θ and φ have an eighth of the channels, g has half of them; φ and g are max-pooled 2×2, so that a
// quarter of the pixels is looked at. Gamma starts as 0. All four are 1×1 convolutions without bias.
//
// This is what the official code of SAGAN, BigGAN-PyTorch and mimicry compute; the paper's formula has neither the
// pooling nor the half. Zhang et al. 2019, §3; brain-research/self-attention-gan non_local.py.
type SelfAttention struct {
	Gamma *torch.Tensor `nn:"gamma"` // scalar
	Theta *nn.Conv2d    `nn:"theta"`
	Phi   *nn.Conv2d    `nn:"phi"`
	G     *nn.Conv2d    `nn:"g"`
	O     *nn.Conv2d    `nn:"o"`
}

// NewSelfAttention makes a block for at least 8 channels and applies rule, a spectral norm in the papers, to its
// convolutions.
func NewSelfAttention(channels int, rule WeightRule) *SelfAttention {
	if channels < 8 {
		panic(misuse("NewSelfAttention", fmt.Sprintf("%d channels; at least 8 are needed", channels)))
	}
	conv := func(in, out int) *nn.Conv2d {
		return ruled(rule, nn.NewConv2d(in, out, 1, nn.Conv{NoBias: true}))
	}
	return &SelfAttention{
		Theta: conv(channels, channels/8), Phi: conv(channels, channels/8), G: conv(channels, channels/2),
		O: conv(channels/2, channels), Gamma: torch.Zeros([]int{}).Own().SetRequiresGrad(true),
	}
}

// Forward maps (N, C, H, W), H and W even, to the same shape.
func (a *SelfAttention) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		n, c, h, w := x.Size(0), x.Size(1), x.Size(2), x.Size(3)
		pooled := func(l *nn.Conv2d) *torch.Tensor { // (N, channels, H·W/4)
			return l.Forward(x).MaxPool2d([]int{2}).Flatten(torch.FlattenOptions{StartDim: 2})
		}
		theta := a.Theta.Forward(x).Reshape(n, c/8, h*w)
		looks := theta.Transpose(1, 2).BMM(pooled(a.Phi)).Softmax(-1) // (N, H·W, H·W/4)
		seen := pooled(a.G).BMM(looks.Transpose(1, 2)).View(n, c/2, h, w)
		return x.Add(a.O.Forward(seen).Mul(a.Gamma))
	})
}
