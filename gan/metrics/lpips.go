package metrics

import (
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Trunk is a network with taps: pictures (N, 3, H, W), normalised by the mean and deviation of its training, to one
// feature map (N, Channels()[i], Hᵢ, Wᵢ) a tap. One that is not normalised as torchvision's are has a method Normalise,
// from pictures in [−1, 1].
type Trunk interface {
	Taps(x *torch.Tensor) []*torch.Tensor
	Channels() []int
}

// LPIPS is the learned perceptual distance of Zhang et al. 2018, version 0.1, over the taps of a classifier. It is a
// module: the trunk's tensors are net.…, the heads have the names of the published files (weights/v0.1/alex.pth):
//
//	l := metrics.NewLPIPS(features.NewAlexNet())
//	_, err := features.Load("alexnet", l.Net, "") // torchvision's
//	...
//	_, err = features.Load("lpips-alex", l, "") // lin0.model.1.weight …
//
// AlexNet's is what papers report, VGG's serves as a loss: LPIPS[alex; v0.1], LPIPS[vgg; v0.1]. Both networks' weights
// stay as they are; gradients go to the pictures. Over features.NewEfficientNetLite0, whose weights need no account, it is
// perceptual-EffNetLite0 and has all heads 1: no one has trained others.
type LPIPS struct {
	Net Trunk `nn:"net"`

	// A head is the weights (1, C, 1, 1), at least 0, of the channels of a tap; nil without that tap.
	Lin0 *torch.Tensor `nn:"lin0.model.1.weight"`
	Lin1 *torch.Tensor `nn:"lin1.model.1.weight"`
	Lin2 *torch.Tensor `nn:"lin2.model.1.weight"`
	Lin3 *torch.Tensor `nn:"lin3.model.1.weight"`
	Lin4 *torch.Tensor `nn:"lin4.model.1.weight"`
	Lin5 *torch.Tensor `nn:"lin5.model.1.weight"`
	Lin6 *torch.Tensor `nn:"lin6.model.1.weight"`
}

func (l *LPIPS) heads() []**torch.Tensor {
	return []**torch.Tensor{&l.Lin0, &l.Lin1, &l.Lin2, &l.Lin3, &l.Lin4, &l.Lin5, &l.Lin6}
}

// NewLPIPS makes the distance over a trunk of at most 7 taps. All weights of its heads are 1, the paper's baseline,
// until a published file is loaded. The trunk's weights no longer record gradients.
func NewLPIPS(trunk Trunk) *LPIPS {
	nn.Freeze(trunk)
	l := &LPIPS{Net: trunk}
	channels, heads := trunk.Channels(), l.heads()
	if len(channels) > len(heads) {
		panic(misuse("NewLPIPS", fmt.Sprintf("a trunk has at most %d taps, not %d", len(heads), len(channels))))
	}
	for i, c := range channels {
		*heads[i] = torch.Ones([]int{1, c, 1, 1}).Own()
	}
	return l
}

// Forward is the distance of each pair of pictures (N, 3, H, W) in [−1, 1], a vector (N), at least 0, and 0 for equal
// pictures: the sum of [LPIPS.Layers].
func (l *LPIPS) Forward(a, b *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return torch.Stack(l.Layers(a, b)).SumDim([]int{0}) })
}

// Layers is the part of each tap in the distance, a vector (N) a tap: with features f divided by |f| + 1e-10, the
// length over channels at each place, the mean over places of Σ_c w_c·(f_c(a) − f_c(b))².
func (l *LPIPS) Layers(a, b *torch.Tensor) []*torch.Tensor {
	return torch.TidyAll(func() []*torch.Tensor {
		maps := l.maps(a, b)
		for i, m := range maps {
			maps[i] = m.MeanDim([]int{1, 2, 3})
		}
		return maps
	})
}

// Map is the distance at each pixel, (N, 1, H, W): the terms of the taps, resized by linear interpolation and summed.
// Its mean over pixels is near the distance, not equal to it.
func (l *LPIPS) Map(a, b *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		maps := l.maps(a, b)
		for i, m := range maps {
			maps[i] = m.UpsampleBilinear2d([]int{a.Size(2), a.Size(3)}, false)
		}
		return torch.Stack(maps).SumDim([]int{0})
	})
}

// maps is the weighted squared difference (N, 1, Hᵢ, Wᵢ) of each tap.
func (l *LPIPS) maps(a, b *torch.Tensor) []*torch.Tensor {
	pair("LPIPS", a, b)
	normalise := normalise
	if own, ok := l.Net.(interface {
		Normalise(x *torch.Tensor) *torch.Tensor
	}); ok {
		normalise = own.Normalise
	}
	tapsA, tapsB, heads := l.Net.Taps(normalise(a)), l.Net.Taps(normalise(b)), l.heads()
	out := make([]*torch.Tensor, len(tapsA))
	for i := range out {
		d := unitLength(tapsA[i]).Sub(unitLength(tapsB[i])).Square()
		out[i] = torch.Conv2d(d, *heads[i])
	}
	return out
}

// normalise subtracts the mean and divides by the deviation of ImageNet's colours, both for pictures in [−1, 1].
func normalise(x *torch.Tensor) *torch.Tensor {
	colours := func(r, g, b float64) *torch.Tensor {
		return torch.FromSlice([]float64{r, g, b}, 1, 3, 1, 1).To(torch.ToOptions{DType: x.DType(), Device: new(x.Device())})
	}
	return x.Sub(colours(-0.030, -0.088, -0.188)).Div(colours(0.458, 0.448, 0.450))
}

// unitLength divides by the length over channels. Where that is 0, so is the gradient of VectorNorm; that of a square
// root would be infinite.
func unitLength(x *torch.Tensor) *torch.Tensor {
	length := x.VectorNorm(torch.VectorNormOptions{Dim: []int{1}, Keepdim: true})
	return x.Div(length.AddScalar(1e-10))
}
