package spade

import (
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
// models/networks/discriminator.py, MultiscaleDiscriminator.
type Discriminator struct {
	Scales []*PatchDiscriminator `nn:"discriminator_*"`
}

// PatchDiscriminator is one of them, all of 4×4 convolutions with a padding of 2. Official NLayerDiscriminator.
//
//	model0    stride 2   maps + Channels → W                          LeakyReLU 0.2
//	model1    stride 2   → 2·W, at most 512   spectral, instance norm   LeakyReLU 0.2
//	…         the last of CriticLayers has stride 1
//	model4    stride 1   → 1
type PatchDiscriminator struct {
	Groups []*nn.Sequential `nn:"model*"`
}

// NewDiscriminator makes the discriminator of settings that are complete.
func NewDiscriminator(c Config) *Discriminator {
	d := &Discriminator{}
	for range c.Scales {
		d.Scales = append(d.Scales, newPatchDiscriminator(c))
	}
	return d
}

func newPatchDiscriminator(c Config) *PatchDiscriminator {
	down, flat := nn.Conv{Stride: 2, Padding: 2}, nn.Conv{Padding: 2}
	w := c.CriticWidth
	d := &PatchDiscriminator{Groups: []*nn.Sequential{nn.NewSequential(nn.NewConv2d(c.maps()+c.Channels, w, 4, down), leaky)}}
	for n := 1; n < c.CriticLayers; n++ {
		o, before := down, w
		if n == c.CriticLayers-1 {
			o = flat
		}
		w = min(2*w, 512)
		d.Groups = append(d.Groups, nn.NewSequential(normalised(before, w, 4, o), leaky))
	}
	d.Groups = append(d.Groups, nn.NewSequential(nn.NewConv2d(w, 1, 4, flat)))
	return d
}

// Forward maps label maps and pictures (N, maps + Channels, H, W) to what each group of each scale gives, the largest scale
// first; the last of a scale are its scores (N, 1, h, w).
func (d *Discriminator) Forward(x *torch.Tensor) (features [][]*torch.Tensor) {
	halve := nn.AvgPool2d{Size: 3, Stride: 2, Padding: 1, ExcludePad: true}
	for i, scale := range d.Scales {
		if i > 0 {
			x = halve.Forward(x)
		}
		features = append(features, scale.Forward(x))
	}
	return features
}

// Forward maps (N, maps + Channels, H, W) to what each group gives.
func (d *PatchDiscriminator) Forward(x *torch.Tensor) (features []*torch.Tensor) {
	for _, g := range d.Groups {
		x = g.Forward(x)
		features = append(features, x)
	}
	return features
}

// scores are the last features of each scale.
func scores(features [][]*torch.Tensor) (out []*torch.Tensor) {
	for _, f := range features {
		out = append(out, f[len(f)-1])
	}
	return out
}
