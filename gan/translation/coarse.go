package translation

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// GlobalGenerator maps label maps or pictures (N, in, H, W) to pictures (N, out, H, W) in [−1, 1]. H and W are multiples of
// 2^Downs.
//
// Wang et al. 2018, §3.1; NVIDIA/pix2pixHD models/networks.py, GlobalGenerator. With Width 64 and 4 halvings:
//
//	H×W        mirrored by 3, 7×7          in → 64, norm, ReLU
//	H/2×W/2    3×3 stride 2                → 128, norm, ReLU
//	H/4×W/4    3×3 stride 2                → 256, norm, ReLU
//	H/8×W/8    3×3 stride 2                → 512, norm, ReLU
//	H/16×W/16  3×3 stride 2                → 1024, norm, ReLU
//	H/16×W/16  residual block              1024    Blocks times
//	H/8×W/8    transposed 3×3 stride 2     → 512, norm, ReLU
//	H/4×W/4    transposed 3×3 stride 2     → 256, norm, ReLU
//	H/2×W/2    transposed 3×3 stride 2     → 128, norm, ReLU
//	H×W        transposed 3×3 stride 2     → 64, norm, ReLU
//	H×W        mirrored by 3, 7×7          → out, tanh
//
// Unlike in a ResnetGenerator every convolution has a bias.
type GlobalGenerator struct {
	Model *nn.Sequential `nn:"model"`

	checkpoint bool
}

// Global are the settings of a GlobalGenerator.
type Global struct {
	Width  int  // channels after the first convolution, 64 if 0
	Downs  int  // halvings
	Blocks int  // residual blocks; none make pix2pixHD's encoder
	Norm   Norm // Batch if empty

	// Checkpoint saves memory in training: of each convolution with its norm, and of each residual block, only the input
	// is remembered, and the rest computed again for the gradient. The numbers stay.
	Checkpoint bool
}

// NewGlobalGenerator makes the network with PyTorch's default weights.
func NewGlobalGenerator(in, out int, g Global) *GlobalGenerator {
	w := widthOr(g.Width)
	layers := NewHalvings(in, w, g.Downs, g.Norm)
	w <<= g.Downs
	for range g.Blocks {
		layers = append(layers, NewResBlock(w, g.Norm))
	}
	for range g.Downs {
		layers = append(layers, NewDoubling(w, w/2, g.Norm)...)
		w /= 2
	}
	return &GlobalGenerator{nn.NewSequential(append(layers, ToPicture(w, out)...)...), g.Checkpoint}
}

var mirrored = nn.ReflectionPad2d{Padding: 3}

// normed is a convolution, its norm and ReLU.
func normed(conv nn.Layer, width int, norm Norm) []nn.Layer {
	return []nn.Layer{conv, norm.layer(width), relu}
}

// NewHalvings are the layers that begin a network of this family at full resolution and halve it so often: mirrored by 3,
// 7×7 in → width, norm, ReLU, then each time 3×3 stride 2 to twice the channels, norm, ReLU.
func NewHalvings(in, width, times int, norm Norm) []nn.Layer {
	layers := append([]nn.Layer{mirrored}, normed(nn.NewConv2d(in, width, 7), width, norm)...)
	for range times {
		layers = append(layers, normed(nn.NewConv2d(width, 2*width, 3, halve), 2*width, norm)...)
		width *= 2
	}
	return layers
}

// NewDoubling are the layers that double the resolution: transposed 3×3 stride 2 in → out, norm, ReLU.
func NewDoubling(in, out int, norm Norm) []nn.Layer {
	return normed(nn.NewConvTranspose2d(in, out, 3, nn.Conv{Stride: 2, Padding: 1, OutputPadding: 1}), out, norm)
}

// ToPicture are the layers that end such a network: mirrored by 3, 7×7 in → out, tanh.
func ToPicture(in, out int) []nn.Layer {
	return []nn.Layer{mirrored, nn.NewConv2d(in, out, 7), nn.Tanh{}}
}

// Forward makes pictures.
func (g *GlobalGenerator) Forward(x *torch.Tensor) *torch.Tensor {
	return Through(g.Model, x, g.checkpoint)
}

// ResBlock is x + (mirrored by 1, 3×3, norm, ReLU, mirrored by 1, 3×3, norm)(x), all with biases.
type ResBlock struct {
	ConvBlock *nn.Sequential `nn:"conv_block"`
}

// NewResBlock makes a block of that many channels.
func NewResBlock(width int, norm Norm) *ResBlock {
	around := nn.ReflectionPad2d{Padding: 1}
	return &ResBlock{nn.NewSequential(
		around, nn.NewConv2d(width, width, 3), norm.layer(width), relu,
		around, nn.NewConv2d(width, width, 3), norm.layer(width),
	)}
}

// Forward maps (N, C, H, W) to the same shape.
func (b *ResBlock) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return x.Add(b.ConvBlock.Forward(x)) })
}

// Through is s.Forward(x). With checkpoint each stretch that ends with an activation or a residual block remembers its
// input alone, see torch.Checkpoint; batch norms count the batch in their running averages once.
func Through(s *nn.Sequential, x *torch.Tensor, checkpoint bool) *torch.Tensor {
	if !checkpoint {
		return s.Forward(x)
	}
	return torch.Tidy(func() *torch.Tensor {
		first := 0
		for i, layer := range s.Layers {
			switch layer.(type) {
			case nn.ReLU, nn.Tanh, *ResBlock:
				stretch, again := nn.NewSequential(s.Layers[first:i+1]...), false
				x = torch.Checkpoint(func(in []*torch.Tensor) []*torch.Tensor {
					if again {
						defer nn.Untracked(stretch)()
					}
					again = true
					return []*torch.Tensor{stretch.Forward(in[0])}
				}, x)[0]
				first = i + 1
			}
		}
		return nn.NewSequential(s.Layers[first:]...).Forward(x)
	})
}
