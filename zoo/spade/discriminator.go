package spade

import (
	"fmt"

	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

var leaky = nn.LeakyReLU{Slope: 0.2}

// normalised is a convolution without bias under a spectral norm, then an instance norm without parameters: official
// spectralinstance.
func normalised(in, out, kernel int, o nn.Conv) *nn.Sequential {
	o.NoBias = true
	return nn.NewSequential(nn.SpectralNorm(nn.NewConv2d(in, out, kernel, o)), nn.NewInstanceNorm2d(out))
}

// Discriminator judges patches of a picture with its label map, at full size and at halves of it. NVlabs/SPADE
// models/networks/discriminator.py, MultiscaleDiscriminator. A scale, its official NLayerDiscriminator, is made of 4×4
// convolutions with a padding of 2, here with 4 DLayers and a DWidth of 64:
//
//	model0   stride 2   maps + Channels → 64                           LeakyReLU 0.2
//	model1   stride 2   → 128     spectral and instance norm, no bias   LeakyReLU 0.2
//	model2   stride 2   → 256     spectral and instance norm, no bias   LeakyReLU 0.2
//	model3   stride 1   → 512     spectral and instance norm, no bias   LeakyReLU 0.2
//	model4   stride 1   → 1
type Discriminator struct {
	Nets nn.ModuleDict `nn:""` // discriminator_<s>, each an nn.ModuleDict of model<j>

	scales [][]nn.Layer
}

// NewDiscriminator makes the discriminator of settings that are complete.
func NewDiscriminator(c Config) *Discriminator {
	d := &Discriminator{}
	for s := range c.Scales {
		var scale nn.ModuleDict
		layers := patchLayers(c)
		for j, l := range layers {
			scale = append(scale, nn.NamedModule{Name: fmt.Sprintf("model%d", j), Module: l})
		}
		d.Nets = append(d.Nets, nn.NamedModule{Name: fmt.Sprintf("discriminator_%d", s), Module: scale})
		d.scales = append(d.scales, layers)
	}
	return d
}

// patchLayers are the layers of one scale.
func patchLayers(c Config) (layers []nn.Layer) {
	const most = 512
	down, flat := nn.Conv{Stride: 2, Padding: 2}, nn.Conv{Padding: 2}
	w := c.DWidth
	layers = append(layers, nn.NewSequential(nn.NewConv2d(c.maps()+c.Channels, w, 4, down), leaky))
	for n := 1; n < c.DLayers; n++ {
		conv, next := down, min(2*w, most)
		if n == c.DLayers-1 {
			conv = flat
		}
		layers = append(layers, nn.NewSequential(normalised(w, next, 4, conv), leaky))
		w = next
	}
	return append(layers, nn.NewSequential(nn.NewConv2d(w, 1, 4, flat)))
}

// Forward maps label maps and pictures (N, maps + Channels, H, W) to what each layer of each scale gives, the largest scale
// first; the last of a scale are its scores (N, 1, h, w).
func (d *Discriminator) Forward(x *torch.Tensor) [][]*torch.Tensor {
	out := make([][]*torch.Tensor, len(d.scales))
	torch.TidyAll(func() (all []*torch.Tensor) {
		for s, layers := range d.scales {
			if s > 0 {
				x = translation.HalveMap(x)
			}
			h := x
			for _, l := range layers {
				h = l.Forward(h)
				out[s] = append(out[s], h)
			}
			all = append(all, out[s]...)
		}
		return all
	})
	return out
}
