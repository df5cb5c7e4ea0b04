package translation

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// NLayerDiscriminator maps pictures (N, in, H, W) to a map of logits (N, 1, H', W'), each of a patch: of 70 pixels with 3
// layers, of 16, 34, 142, 286 and 574 with 1, 2, 4, 5 and 6. A conditional one reads input and output as channels.
//
// Isola et al. 2017, appendix 6.1.2; official networks.py, NLayerDiscriminator. With 3 layers, 256 pixels and Width 64:
//
//	128×128  4×4 stride 2   in → 64        LeakyReLU 0.2
//	64×64    4×4 stride 2   → 128, norm    LeakyReLU 0.2
//	32×32    4×4 stride 2   → 256, norm    LeakyReLU 0.2
//	31×31    4×4            → 512, norm    LeakyReLU 0.2
//	30×30    4×4            → 1
type NLayerDiscriminator struct {
	Model *nn.Sequential `nn:"model"`
}

// PatchGAN are the settings of an NLayerDiscriminator; the zero value is the official "basic" one.
type PatchGAN struct {
	Layers int  // convolutions that halve, 3 if 0
	Width  int  // channels after the first, 64 if 0; others have at most 8 times as many
	Norm   Norm // Batch if empty
}

// NewNLayerDiscriminator makes the network with PyTorch's default weights.
func NewNLayerDiscriminator(in int, o ...PatchGAN) *NLayerDiscriminator {
	p := only(o)
	count, w := p.Layers, widthOr(p.Width)
	if count == 0 {
		count = 3
	}
	layers := []nn.Layer{nn.NewConv2d(in, w, 4, halve), leaky}
	width := w
	for n := 1; n <= count; n++ {
		next, conv := w*min(1<<n, 8), halve
		if n == count {
			conv = keep
		}
		layers = append(layers, nn.NewConv2d(width, next, 4, p.Norm.conv(conv)), p.Norm.layer(next), leaky)
		width = next
	}
	return &NLayerDiscriminator{nn.NewSequential(append(layers, nn.NewConv2d(width, 1, 4, keep))...)}
}

// Forward judges patches of pictures.
func (d *NLayerDiscriminator) Forward(x *torch.Tensor) *torch.Tensor { return d.Model.Forward(x) }

// PixelDiscriminator maps pictures (N, in, H, W) to logits (N, 1, H, W), each of a pixel by itself.
//
// Isola et al. 2017, appendix 6.1.2; official networks.py, PixelDiscriminator:
//
//	H×W  1×1   in → Width         LeakyReLU 0.2
//	H×W  1×1   → 2·Width, norm    LeakyReLU 0.2
//	H×W  1×1   → 1, with a bias only if the norm is Instance
type PixelDiscriminator struct {
	Net *nn.Sequential `nn:"net"`
}

// PixelGAN are the settings of a PixelDiscriminator; the zero value is the official "pixel" one.
type PixelGAN struct {
	Width int  // channels after the first convolution, 64 if 0
	Norm  Norm // Batch if empty
}

// NewPixelDiscriminator makes the network with PyTorch's default weights.
func NewPixelDiscriminator(in int, o ...PixelGAN) *PixelDiscriminator {
	p := only(o)
	w, bare := widthOr(p.Width), p.Norm.conv(nn.Conv{})
	return &PixelDiscriminator{nn.NewSequential(
		nn.NewConv2d(in, w, 1), leaky,
		nn.NewConv2d(w, 2*w, 1, bare), p.Norm.layer(2*w), leaky,
		nn.NewConv2d(2*w, 1, 1, bare),
	)}
}

// Forward judges the pixels of pictures.
func (d *PixelDiscriminator) Forward(x *torch.Tensor) *torch.Tensor { return d.Net.Forward(x) }
