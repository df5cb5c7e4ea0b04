package gan

import (
	"fmt"
	"slices"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// SPADE is spatially-adaptive normalisation: N(x)·(1 + γ) + β, where N has no parameters and two convolutions compute γ
// and β for each pixel from a map, as one-hot labels. Park et al. 2019, §3; NVlabs/SPADE models/networks/normalization.py.
type SPADE struct {
	Norm   nn.Layer       `nn:"param_free_norm"`
	Shared *nn.Sequential `nn:"mlp_shared"` // convolution and ReLU
	Gamma  *nn.Conv2d     `nn:"mlp_gamma"`
	Beta   *nn.Conv2d     `nn:"mlp_beta"`
}

// SPADEOptions are the optional arguments of NewSPADE; the zero value is spadesyncbatch3x3, the official default.
type SPADEOptions struct {
	Instance bool // N is an instance norm, not a batch norm (spadeinstance…)
	Kernel   int  // of the convolutions, odd; 3 if 0
	Hidden   int  // channels between them, 128 if 0
}

// NewSPADE makes a layer for x with the given number of channels and maps with so many labels. Its batch norm has the
// batch of one process; synchronised batch norm, which takes that of all, equals it there.
func NewSPADE(channels, labels int, o ...SPADEOptions) *SPADE {
	c := only(o)
	kernel, hidden := otherwise(c.Kernel, 3), otherwise(c.Hidden, 128)
	if kernel%2 == 0 {
		panic(misuse("NewSPADE", fmt.Sprintf("a kernel of %d, which is even", kernel)))
	}
	var norm nn.Layer = nn.NewBatchNorm2d(channels, nn.BatchNorm{NoAffine: true})
	if c.Instance {
		norm = nn.NewInstanceNorm2d(channels)
	}
	same := nn.Conv{Padding: kernel / 2}
	return &SPADE{
		Norm:   norm,
		Shared: nn.NewSequential(nn.NewConv2d(labels, hidden, kernel, same), nn.ReLU{}),
		Gamma:  nn.NewConv2d(hidden, channels, kernel, same),
		Beta:   nn.NewConv2d(hidden, channels, kernel, same),
	}
}

// LabelsLike is a map (N, labels, H', W') resized by nearest neighbours to the height and width of x (N, C, H, W); the map
// itself if it has them.
func LabelsLike(labels, x *torch.Tensor) *torch.Tensor {
	size := x.Shape()[2:]
	if slices.Equal(size, labels.Shape()[2:]) {
		return labels
	}
	return nn.Interpolate(labels, nn.Interpolation{Size: size})
}

// Forward maps x (N, C, H, W) and a map (N, labels, H', W') of any size to (N, C, H, W). It takes the map through LabelsLike,
// which whoever has several layers of one size calls once for all of them.
func (s *SPADE) Forward(x, labels *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		a := s.Shared.Forward(LabelsLike(labels, x))
		gamma, beta := s.Gamma.Forward(a), s.Beta.Forward(a)
		return s.Norm.Forward(x).Mul(gamma.AddScalar(1)).Add(beta)
	})
}

// SPADEBlock is SPADE's residual block: SPADE, LeakyReLU 0.2 and a 3×3 convolution, twice. Where the channels change the
// shortcut is SPADE and a 1×1 convolution without activation and bias. NVlabs/SPADE architecture.py, SPADEResnetBlock.
type SPADEBlock struct {
	Conv0 *nn.Conv2d `nn:"conv_0"`
	Conv1 *nn.Conv2d `nn:"conv_1"`
	ConvS *nn.Conv2d `nn:"conv_s"` // nil with as many channels out as in
	Norm0 *SPADE     `nn:"norm_0"`
	Norm1 *SPADE     `nn:"norm_1"`
	NormS *SPADE     `nn:"norm_s"` // nil with as many channels out as in
}

// NewSPADEBlock makes a block from in to out channels, the lesser of which is the width between. rule is applied to the
// convolutions; the official default is nn.SpectralNorm.
func NewSPADEBlock(in, out, labels int, rule WeightRule, o ...SPADEOptions) *SPADEBlock {
	middle := min(in, out)
	b := &SPADEBlock{
		Conv0: nn.NewConv2d(in, middle, 3, nn.Conv{Padding: 1}),
		Conv1: nn.NewConv2d(middle, out, 3, nn.Conv{Padding: 1}),
	}
	if in != out {
		b.ConvS = nn.NewConv2d(in, out, 1, nn.Conv{NoBias: true})
	}
	ruled(rule, b.Conv0)
	ruled(rule, b.Conv1)
	if in != out {
		ruled(rule, b.ConvS)
	}
	b.Norm0, b.Norm1 = NewSPADE(in, labels, o...), NewSPADE(middle, labels, o...)
	if in != out {
		b.NormS = NewSPADE(in, labels, o...)
	}
	return b
}

// Forward maps x (N, in, H, W) and a map (N, labels, H', W') to (N, out, H, W).
func (b *SPADEBlock) Forward(x, labels *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		active := nn.LeakyReLU{Slope: 0.2}
		h := b.Conv0.Forward(active.Forward(b.Norm0.Forward(x, labels)))
		h = b.Conv1.Forward(active.Forward(b.Norm1.Forward(h, labels)))
		if b.ConvS != nil {
			x = b.ConvS.Forward(b.NormS.Forward(x, labels))
		}
		return x.Add(h)
	})
}
