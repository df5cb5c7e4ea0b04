package lapgan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// LargeGenerator is model 'large' of lsun/model.lua. Each norm is a batch norm without scale and shift, after the ReLU.
//
//	conv 7×7            1 + C → 64     ReLU, norm
//	conv 7×7, 4 groups  → 368          ReLU, norm, half of the maps dropped
//	conv 7×7, 4 groups  → 128          ReLU, norm
//	L2 over pairs       → 64
//	conv 5×5, 2 groups  → 224          ReLU, norm, half of the maps dropped
//	conv 7×7            → C            norm
type LargeGenerator struct {
	Main *nn.Sequential `nn:"main"`
}

// NewLargeGenerator makes the network with its initial weights.
func NewLargeGenerator(c Config) *LargeGenerator {
	norm := func(maps int) nn.Layer { return nn.NewBatchNorm2d(maps, nn.BatchNorm{NoAffine: true}) }
	conv := func(in, out, kernel, groups int) nn.Layer {
		return torch7(in, nn.NewConv2d(in, out, kernel, nn.Conv{Padding: kernel / 2, Groups: groups}))
	}
	return &LargeGenerator{nn.NewSequential(
		conv(1+c.Channels, 64, 7, 1), nn.ReLU{}, norm(64),
		conv(64, 368, 7, 4), nn.ReLU{}, norm(368), nn.NewDropout2d(0.5),
		conv(368, 128, 7, 4), nn.ReLU{}, norm(128),
		pairs{},
		conv(64, 224, 5, 2), nn.ReLU{}, norm(224), nn.NewDropout2d(0.5),
		conv(224, c.Channels, 7, 1), norm(c.Channels),
	)}
}

// Forward makes details. There are no classes.
func (g *LargeGenerator) Forward(noise, up, _ *torch.Tensor) *torch.Tensor {
	return g.Main.Forward(join(noise, up))
}

// pairs is FeatureLPPooling(2, 2, 2) of fbcunn: the length of the vector of each two neighbouring maps.
type pairs struct{}

// Forward maps (N, 2·C, H, W) to (N, C, H, W).
func (pairs) Forward(x *torch.Tensor) *torch.Tensor {
	n, maps, h, w := x.Size(0), x.Size(1), x.Size(2), x.Size(3)
	return x.Reshape(n, maps/2, 2, h, w).VectorNorm(torch.VectorNormOptions{Dim: []int{2}})
}

// LargeDiscriminator is model 'large' of lsun/model.lua.
//
//	conv 3×3             C → 48   ReLU
//	conv 5×5, 4 groups   → 448    ReLU
//	conv 7×7, 16 groups  → 416    ReLU
//	linear               → 1
type LargeDiscriminator struct {
	Main *nn.Sequential `nn:"main"`
}

// NewLargeDiscriminator makes the network of a level of that side with its initial weights. Below 14 pixels, smaller than any that is
// published, its convolutions are padded.
func NewLargeDiscriminator(c Config, side int) *LargeDiscriminator {
	left := side - 12
	if side < smallest {
		left = side
	}
	conv := func(in, out, kernel, groups int) nn.Layer {
		pad := 0
		if side < smallest {
			pad = kernel / 2
		}
		return torch7(in, nn.NewConv2d(in, out, kernel, nn.Conv{Padding: pad, Groups: groups}))
	}
	return &LargeDiscriminator{nn.NewSequential(
		conv(c.Channels, 48, 3, 1), nn.ReLU{},
		conv(48, 448, 5, 4), nn.ReLU{},
		conv(448, 416, 7, 16), nn.ReLU{},
		nn.Flatten{}, nn.NewLinear(416*left*left, 1),
	)}
}

// Forward judges pictures. There are no classes.
func (d *LargeDiscriminator) Forward(detail, up, _ *torch.Tensor) *torch.Tensor {
	return d.Main.Forward(detail.Add(up)).View(-1)
}
