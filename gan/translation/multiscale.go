package translation

import (
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// MultiscaleDiscriminator judges patches of pictures (N, in, H, W) at several resolutions by networks of one kind, each of
// which gives a map of logits (N, 1, H', W'). A conditional one reads condition and picture as channels.
//
// Wang et al. 2018, §3.2; NVIDIA/pix2pixHD models/networks.py, MultiscaleDiscriminator, and vid2vid's. A scale, with 3
// layers and Width 64, padding 2 everywhere:
//
//	4×4 stride 2   in → 64        LeakyReLU 0.2
//	4×4 stride 2   → 128, norm    LeakyReLU 0.2
//	4×4 stride 2   → 256, norm    LeakyReLU 0.2
//	4×4            → 512, norm    LeakyReLU 0.2
//	4×4            → 1
//
// The network of the highest number sees the pictures as they are, each one below half the resolution of the one above.
type MultiscaleDiscriminator struct {
	Nets nn.ModuleDict `nn:""` // scale<s>_layer<j>, or layer<s> without features

	scales [][]nn.Layer
}

// Multiscale are the settings of a MultiscaleDiscriminator; the zero value is pix2pixHD's with batch norm.
type Multiscale struct {
	Scales     int  // 2 if 0
	Layers     int  // convolutions that halve, 3 if 0
	Width      int  // channels after the first, 64 if 0; none has more than 512
	Widening   bool // vid2vid's: each lower resolution begins with twice the channels, up to 64
	Norm       Norm // Batch if empty
	NoFeatures bool // Forward gives the logits alone, and layers have the names of that variant
}

// NewMultiscaleDiscriminator makes the networks with PyTorch's default weights.
func NewMultiscaleDiscriminator(in int, o ...Multiscale) *MultiscaleDiscriminator {
	m := only(o)
	if m.Scales == 0 {
		m.Scales = 2
	}
	if m.Layers == 0 {
		m.Layers = 3
	}
	d := &MultiscaleDiscriminator{}
	for s := range m.Scales {
		layers := patchLayers(in, m.of(s))
		if m.NoFeatures {
			var all []nn.Layer
			for _, l := range layers {
				all = append(all, l.Layers...)
			}
			net := nn.NewSequential(all...)
			d.Nets = append(d.Nets, nn.NamedModule{Name: fmt.Sprintf("layer%d", s), Module: net})
			d.scales = append(d.scales, []nn.Layer{net})
			continue
		}
		var scale []nn.Layer
		for j, l := range layers {
			d.Nets = append(d.Nets, nn.NamedModule{Name: fmt.Sprintf("scale%d_layer%d", s, j), Module: l})
			scale = append(scale, l)
		}
		d.scales = append(d.scales, scale)
	}
	return d
}

// of are the settings of scale s alone.
func (m Multiscale) of(s int) Multiscale {
	const most = 64
	if m.Widening {
		m.Width = min(most, widthOr(m.Width)<<(m.Scales-1-s))
	}
	return m
}

// patchLayers are the layers of one scale.
func patchLayers(in int, m Multiscale) []*nn.Sequential {
	const most = 512
	conv := func(in, out, stride int) *nn.Conv2d {
		return nn.NewConv2d(in, out, 4, nn.Conv{Stride: stride, Padding: 2})
	}
	w := widthOr(m.Width)
	layers := []*nn.Sequential{nn.NewSequential(conv(in, w, 2), leaky)}
	for n := 1; n <= m.Layers; n++ {
		stride, next := 2, min(2*w, most)
		if n == m.Layers {
			stride = 1
		}
		layers = append(layers, nn.NewSequential(conv(w, next, stride), m.Norm.layer(next), leaky))
		w = next
	}
	return append(layers, nn.NewSequential(conv(w, 1, 1)))
}

// Forward judges pictures at each scale, the full resolution first. Of a scale it returns what each layer makes, the
// logits last; without features only these.
func (d *MultiscaleDiscriminator) Forward(x *torch.Tensor) [][]*torch.Tensor {
	out := make([][]*torch.Tensor, len(d.scales))
	torch.TidyAll(func() (all []*torch.Tensor) {
		for i := range out {
			if i > 0 {
				x = HalveMap(x)
			}
			h := x
			for _, layer := range d.scales[len(d.scales)-1-i] {
				h = layer.Forward(h)
				out[i] = append(out[i], h)
			}
			all = append(all, out[i]...)
		}
		return all
	})
	return out
}

// Logits are the last of each scale's outputs.
func Logits(outputs [][]*torch.Tensor) []*torch.Tensor {
	logits := make([]*torch.Tensor, len(outputs))
	for i, layers := range outputs {
		logits[i] = layers[len(layers)-1]
	}
	return logits
}

// HalveMap is half the resolution of x (N, C, H, W): means over 3×3 pixels, of those that there are.
func HalveMap(x *torch.Tensor) *torch.Tensor {
	return nn.AvgPool2d{Size: 3, Stride: 2, Padding: 1, ExcludePad: true}.Forward(x)
}
