package translation

import (
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// ResnetGenerator maps pictures (N, in, H, W) to pictures (N, out, H, W) in [−1, 1]. H and W are multiples of 4.
//
// Johnson et al. 2016; Zhu et al. 2017, appendix 7.2; official networks.py, ResnetGenerator. With Width 64:
//
//	H×W      mirrored by 3, 7×7           in → 64, norm, ReLU
//	H/2×W/2  3×3 stride 2                 → 128, norm, ReLU
//	H/4×W/4  3×3 stride 2                 → 256, norm, ReLU
//	H/4×W/4  residual block               256     Blocks times
//	H/2×W/2  transposed 3×3 stride 2      → 128, norm, ReLU
//	H×W      transposed 3×3 stride 2      → 64, norm, ReLU
//	H×W      mirrored by 3, 7×7           → out, tanh
type ResnetGenerator struct {
	Model *nn.Sequential `nn:"model"`
}

// Resnet are the settings of a ResnetGenerator; the zero value is the official resnet_9blocks with batch norm and without
// dropout.
type Resnet struct {
	Blocks  int    // residual blocks, 9 if 0
	Width   int    // channels after the first convolution, 64 if 0
	Norm    Norm   // Batch if empty
	Dropout bool   // half of the elements, within residual blocks
	Padding string // of residual blocks: "reflect" if empty, "replicate" or "zero"
}

// NewResnetGenerator makes the network with PyTorch's default weights.
func NewResnetGenerator(in, out int, o ...Resnet) *ResnetGenerator {
	r := only(o)
	blocks, w, norm := r.Blocks, widthOr(r.Width), r.Norm
	if blocks == 0 {
		blocks = 9
	}
	mirrored := nn.ReflectionPad2d{Padding: 3}
	doubling := nn.Conv{Stride: 2, Padding: 1, OutputPadding: 1}
	layers := []nn.Layer{
		mirrored, nn.NewConv2d(in, w, 7, norm.conv(nn.Conv{})), norm.layer(w), relu,
		nn.NewConv2d(w, 2*w, 3, norm.conv(halve)), norm.layer(2 * w), relu,
		nn.NewConv2d(2*w, 4*w, 3, norm.conv(halve)), norm.layer(4 * w), relu,
	}
	for range blocks {
		layers = append(layers, newResnetBlock(4*w, r))
	}
	layers = append(layers,
		nn.NewConvTranspose2d(4*w, 2*w, 3, norm.conv(doubling)), norm.layer(2*w), relu,
		nn.NewConvTranspose2d(2*w, w, 3, norm.conv(doubling)), norm.layer(w), relu,
		mirrored, nn.NewConv2d(w, out, 7), nn.Tanh{},
	)
	return &ResnetGenerator{nn.NewSequential(layers...)}
}

// Forward translates pictures.
func (g *ResnetGenerator) Forward(x *torch.Tensor) *torch.Tensor { return g.Model.Forward(x) }

// ResnetBlock is x + (3×3, norm, ReLU, dropout if set, 3×3, norm)(x), with padding before each convolution.
type ResnetBlock struct {
	ConvBlock *nn.Sequential `nn:"conv_block"`
}

func newResnetBlock(width int, r Resnet) *ResnetBlock {
	conv := func() (layers []nn.Layer) {
		var o nn.Conv
		switch r.Padding {
		case "reflect", "":
			layers = append(layers, nn.ReflectionPad2d{Padding: 1})
		case "replicate":
			layers = append(layers, nn.ReplicationPad2d{Padding: 1})
		case "zero":
			o = keep
		default:
			panic(misuse("NewResnetGenerator", fmt.Sprintf("the padding is reflect, replicate or zero, not %s", r.Padding)))
		}
		return append(layers, nn.NewConv2d(width, width, 3, r.Norm.conv(o)), r.Norm.layer(width))
	}
	layers := append(conv(), relu)
	if r.Dropout {
		layers = append(layers, nn.NewDropout(dropped))
	}
	return &ResnetBlock{nn.NewSequential(append(layers, conv()...)...)}
}

// Forward maps (N, C, H, W) to the same shape.
func (b *ResnetBlock) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return x.Add(b.ConvBlock.Forward(x)) })
}
