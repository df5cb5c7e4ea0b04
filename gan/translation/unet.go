package translation

import (
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// UnetGenerator maps pictures (N, in, H, W) to pictures (N, out, H, W) in [−1, 1]: an encoder to a map of few pixels and a
// decoder, with the maps of one size joined. H and W are multiples of 2^Downs.
//
// Isola et al. 2017, appendix 6.1.1; official networks.py, UnetGenerator. With 8 halvings, 256 pixels and Width 64:
//
//	128×128  4×4 stride 2              in → 64
//	64×64    LeakyReLU, 4×4 stride 2   → 128, norm
//	32×32    LeakyReLU, 4×4 stride 2   → 256, norm
//	16×16    LeakyReLU, 4×4 stride 2   → 512, norm
//	8…2      LeakyReLU, 4×4 stride 2   → 512, norm     three times
//	1×1      LeakyReLU, 4×4 stride 2   → 512
//	2×2      ReLU, transposed 4×4      → 512, norm
//	4…16     ReLU, transposed 4×4      1024 → 512, norm, dropout     three times
//	32×32    ReLU, transposed 4×4      1024 → 256, norm
//	64×64    ReLU, transposed 4×4      512 → 128, norm
//	128×128  ReLU, transposed 4×4      256 → 64, norm
//	256×256  ReLU, transposed 4×4      128 → out, tanh
//
// What the decoder reads is the encoder's map of that size, then the decoder's. Another number of halvings has more or
// fewer of the repeated layers. The paper's program has its three dropouts a layer earlier.
type UnetGenerator struct {
	Model *UnetBlock `nn:"model"`
}

// Unet are the settings of a UnetGenerator; the zero value is the official unet_256 without dropout.
type Unet struct {
	Downs   int  // halvings, at least 5; 8 if 0
	Width   int  // channels after the first, 64 if 0; others have at most 8 times as many
	Norm    Norm // Batch if empty
	Dropout bool // half of the elements, in the repeated layers of the decoder
}

// NewUnetGenerator makes the network with PyTorch's default weights. It panics with a *torch.Error if there are fewer than
// 5 halvings.
func NewUnetGenerator(in, out int, o ...Unet) *UnetGenerator {
	u := only(o)
	downs, w := u.Downs, widthOr(u.Width)
	if downs == 0 {
		downs = 8
	}
	if downs < 5 {
		panic(misuse("NewUnetGenerator", fmt.Sprintf("a U-Net halves at least 5 times, not %d", downs)))
	}
	b := innermost(8*w, u.Norm)
	for range downs - 5 {
		b = around(b, 8*w, 8*w, u.Norm, u.Dropout)
	}
	b = around(b, 4*w, 8*w, u.Norm, false)
	b = around(b, 2*w, 4*w, u.Norm, false)
	b = around(b, w, 2*w, u.Norm, false)
	return &UnetGenerator{outermost(b, in, out, w, u.Norm)}
}

// Forward translates pictures.
func (g *UnetGenerator) Forward(x *torch.Tensor) *torch.Tensor { return g.Model.Forward(x) }

// UnetBlock is a level of a U-Net with all levels below it: it halves, passes on what they make of that, and doubles.
type UnetBlock struct {
	Model *nn.Sequential `nn:"model"`

	outermost bool
}

func innermost(width int, norm Norm) *UnetBlock {
	return &UnetBlock{Model: nn.NewSequential(
		leaky, nn.NewConv2d(width, width, 4, norm.conv(halve)),
		relu, nn.NewConvTranspose2d(width, width, 4, norm.conv(halve)), norm.layer(width),
	)}
}

// around is a level with width channels outside and inner ones between it and the level below.
func around(below *UnetBlock, width, inner int, norm Norm, dropout bool) *UnetBlock {
	layers := []nn.Layer{
		leaky, nn.NewConv2d(width, inner, 4, norm.conv(halve)), norm.layer(inner),
		below,
		relu, nn.NewConvTranspose2d(2*inner, width, 4, norm.conv(halve)), norm.layer(width),
	}
	if dropout {
		layers = append(layers, nn.NewDropout(dropped))
	}
	return &UnetBlock{Model: nn.NewSequential(layers...)}
}

func outermost(below *UnetBlock, in, out, inner int, norm Norm) *UnetBlock {
	return &UnetBlock{outermost: true, Model: nn.NewSequential(
		nn.NewConv2d(in, inner, 4, norm.conv(halve)),
		below,
		relu, nn.NewConvTranspose2d(2*inner, out, 4, halve), nn.Tanh{},
	)}
}

// Forward maps x (N, C, H, W) to (N, 2·C, H, W): LeakyReLU(x), which the first layer leaves in x, and what the level makes
// of it. The level above takes ReLU of both, which is ReLU(x) in the first half. The outermost level maps pictures to
// pictures.
func (b *UnetBlock) Forward(x *torch.Tensor) *torch.Tensor {
	if b.outermost {
		return b.Model.Forward(x)
	}
	return torch.Tidy(func() *torch.Tensor {
		y := b.Model.Forward(x)
		return torch.Cat([]*torch.Tensor{x, y}, torch.CatOptions{Dim: 1})
	})
}
