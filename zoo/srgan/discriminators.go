package srgan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// judging is the convolutions that all discriminators have, of which the norms of some make biases needless:
//
//	1     3×3            3 → Width    LeakyReLU 0.2
//	1/2   3×3 stride 2   Width        BN, LeakyReLU
//	1/2   3×3            → 2·Width    BN, LeakyReLU
//	1/4   3×3 stride 2   2·Width      BN, LeakyReLU
//	1/4   3×3            → 4·Width    BN, LeakyReLU
//	1/8   3×3 stride 2   4·Width      BN, LeakyReLU
//	1/8   3×3            → 8·Width    BN, LeakyReLU
//	1/16  3×3 stride 2   8·Width      BN, LeakyReLU
func judging(w int, biases bool) []nn.Layer {
	layers := []nn.Layer{nn.NewConv2d(3, w, 3, keep), leaky}
	in := w
	for i, out := range []int{w, 2 * w, 2 * w, 4 * w, 4 * w, 8 * w, 8 * w} {
		o := keep
		if i%2 == 0 {
			o = halve
		}
		o.NoBias = !biases
		layers = append(layers, nn.NewConv2d(in, out, 3, o), nn.NewBatchNorm2d(out), leaky)
		in = out
	}
	return layers
}

// Discriminator is the paper's, for pictures of Crop × Crop alone, 96 there: the convolutions, dense 1024, LeakyReLU, dense
// 1. It maps (N, 3, Crop, Crop) to logits (N, 1). Ledig et al. 2017, figure 4, with names as in Lornatang/SRGAN-PyTorch.
type Discriminator struct {
	Features   *nn.Sequential `nn:"features"`
	Classifier *nn.Sequential `nn:"classifier"`
}

// NewDiscriminator makes the network with PyTorch's default weights.
func NewDiscriminator(c Config) *Discriminator {
	w, side := c.DWidth, c.Crop/16
	return &Discriminator{
		nn.NewSequential(judging(w, false)...),
		nn.NewSequential(nn.NewLinear(8*w*side*side, 16*w), leaky, nn.NewLinear(16*w, 1)),
	}
}

// Forward gives logits.
func (d *Discriminator) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		return d.Classifier.Forward(d.Features.Forward(x).Flatten(torch.FlattenOptions{StartDim: 1}))
	})
}

// PooledDiscriminator is leftthomas/SRGAN's, for pictures of any size: the convolutions, mean, 1×1 to 1024, LeakyReLU, 1×1
// to 1. It maps pictures in [0, 1], (N, 3, H, W), to logits (N, 1, 1, 1), whose sigmoid is its program's output.
type PooledDiscriminator struct {
	Net *nn.Sequential `nn:"net"`
}

// NewPooledDiscriminator makes the network with PyTorch's default weights.
func NewPooledDiscriminator(c Config) *PooledDiscriminator {
	w := c.DWidth
	return &PooledDiscriminator{nn.NewSequential(append(judging(w, true),
		nn.AdaptiveAvgPool2d{Size: 1}, nn.NewConv2d(8*w, 16*w, 1), leaky, nn.NewConv2d(16*w, 1, 1))...)}
}

// Forward gives logits.
func (d *PooledDiscriminator) Forward(x *torch.Tensor) *torch.Tensor { return d.Net.Forward(x) }

// PatchDiscriminator is eriklindernoren/PyTorch-GAN's, which judges each patch by itself: the convolutions, 3×3 to 1. It maps
// (N, 3, H, W) to logits (N, 1, H/16, W/16).
type PatchDiscriminator struct {
	Model *nn.Sequential `nn:"model"`
}

// NewPatchDiscriminator makes the network with PyTorch's default weights.
func NewPatchDiscriminator(c Config) *PatchDiscriminator {
	w := c.DWidth
	return &PatchDiscriminator{nn.NewSequential(append(judging(w, true), nn.NewConv2d(8*w, 1, 3, keep))...)}
}

// Forward gives logits.
func (d *PatchDiscriminator) Forward(x *torch.Tensor) *torch.Tensor { return d.Model.Forward(x) }
