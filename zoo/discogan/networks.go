package discogan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

var (
	twice = nn.Conv{Stride: 2, Padding: 1, NoBias: true} // halves or doubles the size
	whole = nn.Conv{NoBias: true}                        // between a 4×4 and a 1×1 map
	leaky = nn.LeakyReLU{Slope: 0.2, InPlace: true}
	relu  = nn.ReLU{InPlace: true}
)

// Generator maps pictures (N, Channels, H, W) in [−1, 1] to pictures of the same size; H and W are multiples of 16. The
// authors' network has pictures in [0, 1], and so it has inside.
//
// Kim et al. 2017, §3.1; official model.py, whose names it has:
//
//	1/2   4×4 stride 2              Channels → Width   LeakyReLU 0.2
//	1/4   4×4 stride 2              → 2·Width          BN, LeakyReLU 0.2
//	1/8   4×4 stride 2              → 4·Width          BN, LeakyReLU 0.2
//	1/16  4×4 stride 2              → 8·Width          BN, LeakyReLU 0.2
//	1/8   transposed 4×4 stride 2   → 4·Width          BN, ReLU
//	1/4   transposed 4×4 stride 2   → 2·Width          BN, ReLU
//	1/2   transposed 4×4 stride 2   → Width            BN, ReLU
//	1     transposed 4×4 stride 2   → Channels         sigmoid
//
// With Net "deep" two layers lie between, for H and W from 64 on:
//
//	      4×4                       8·Width → 100      BN, LeakyReLU 0.2
//	1/16  transposed 4×4            → 8·Width          BN, ReLU
type Generator struct {
	Main *nn.Sequential `nn:"main"`
}

// bottleneck is the number of channels between the two layers more.
const bottleneck = 100

// NewGenerator makes the network with PyTorch's weights, as the authors do.
func NewGenerator(c Config) *Generator {
	w := c.Width
	layers := []nn.Layer{
		nn.NewConv2d(c.Channels, w, 4, twice), leaky,
		nn.NewConv2d(w, 2*w, 4, twice), nn.NewBatchNorm2d(2 * w), leaky,
		nn.NewConv2d(2*w, 4*w, 4, twice), nn.NewBatchNorm2d(4 * w), leaky,
		nn.NewConv2d(4*w, 8*w, 4, twice), nn.NewBatchNorm2d(8 * w), leaky,
	}
	if c.Net == "deep" {
		layers = append(layers,
			nn.NewConv2d(8*w, bottleneck, 4, whole), nn.NewBatchNorm2d(bottleneck), leaky,
			nn.NewConvTranspose2d(bottleneck, 8*w, 4, whole), nn.NewBatchNorm2d(8*w), relu,
		)
	}
	return &Generator{nn.NewSequential(append(layers,
		nn.NewConvTranspose2d(8*w, 4*w, 4, twice), nn.NewBatchNorm2d(4*w), relu,
		nn.NewConvTranspose2d(4*w, 2*w, 4, twice), nn.NewBatchNorm2d(2*w), relu,
		nn.NewConvTranspose2d(2*w, w, 4, twice), nn.NewBatchNorm2d(w), relu,
		nn.NewConvTranspose2d(w, c.Channels, 4, twice), nn.Sigmoid{},
	)...)}
}

// Forward translates pictures.
func (g *Generator) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return g.Main.Forward(unit(x)).MulScalar(2).SubScalar(1) })
}

// unit brings pictures from [−1, 1] to [0, 1].
func unit(x *torch.Tensor) *torch.Tensor { return x.AddScalar(1).MulScalar(0.5) }

// Discriminator maps pictures (N, Channels, H, W) in [−1, 1] to logits (N, 1, H/16 − 3, W/16 − 3): one for each picture of
// 64 pixels. The authors' network ends with a sigmoid, which is part of the loss here.
//
// Official model.py, whose names it has:
//
//	1/2   4×4 stride 2   Channels → Width   LeakyReLU 0.2
//	1/4   4×4 stride 2   → 2·Width          BN, LeakyReLU 0.2   feature
//	1/8   4×4 stride 2   → 4·Width          BN, LeakyReLU 0.2   feature
//	1/16  4×4 stride 2   → 8·Width          BN, LeakyReLU 0.2   feature
//	      4×4            → 1
type Discriminator struct {
	Conv1 *nn.Conv2d      `nn:"conv1"`
	Conv2 *nn.Conv2d      `nn:"conv2"`
	BN2   *nn.BatchNorm2d `nn:"bn2"`
	Conv3 *nn.Conv2d      `nn:"conv3"`
	BN3   *nn.BatchNorm2d `nn:"bn3"`
	Conv4 *nn.Conv2d      `nn:"conv4"`
	BN4   *nn.BatchNorm2d `nn:"bn4"`
	Conv5 *nn.Conv2d      `nn:"conv5"`
}

// NewDiscriminator makes the network with PyTorch's weights.
func NewDiscriminator(c Config) *Discriminator {
	w := c.Width
	return &Discriminator{
		nn.NewConv2d(c.Channels, w, 4, twice),
		nn.NewConv2d(w, 2*w, 4, twice), nn.NewBatchNorm2d(2 * w),
		nn.NewConv2d(2*w, 4*w, 4, twice), nn.NewBatchNorm2d(4 * w),
		nn.NewConv2d(4*w, 8*w, 4, twice), nn.NewBatchNorm2d(8 * w),
		nn.NewConv2d(8*w, 1, 4, whole),
	}
}

// Forward judges pictures.
func (d *Discriminator) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		logits, _ := d.Features(x)
		return logits
	})
}

// Features also returns the features that are matched.
func (d *Discriminator) Features(x *torch.Tensor) (logits *torch.Tensor, features []*torch.Tensor) {
	all := torch.TidyAll(func() []*torch.Tensor {
		h1 := leaky.Forward(d.Conv1.Forward(unit(x)))
		h2 := leaky.Forward(d.BN2.Forward(d.Conv2.Forward(h1)))
		h3 := leaky.Forward(d.BN3.Forward(d.Conv3.Forward(h2)))
		h4 := leaky.Forward(d.BN4.Forward(d.Conv4.Forward(h3)))
		return []*torch.Tensor{h2, h3, h4, d.Conv5.Forward(h4)}
	})
	return all[3], all[:3]
}
