package acgan

import (
	"fmt"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// A Generator maps latents z (N, Latent) and classes y (N) to pictures (N, Channels, Size, Size) in [−1, 1].
type Generator interface {
	Forward(z, y *torch.Tensor) *torch.Tensor
}

// A Discriminator maps pictures (N, Channels, Size, Size) in [−1, 1] to logits of their being real (N, 1) and of their
// classes (N, Classes).
type Discriminator interface {
	Forward(x *torch.Tensor) (source, class *torch.Tensor)
}

// networks makes both networks with their initial weights.
func (c Config) networks() (Generator, Discriminator) {
	switch c.Net {
	case "pytorch-gan":
		return newEmbedGenerator(c, 128/c.Divide, 64/c.Divide), newHalvingDiscriminator(c)
	case "keras":
		return newDigitGenerator(c), newDigitDiscriminator(c)
	}
	return newCodeGenerator(c), newWideDiscriminator(c)
}

// CodeGenerator starts from a code, the class as a vector of zeros and a one before the latents.
//
// Odena et al. 2017, appendix A, with names like clvrai/ACGAN-PyTorch's; for 32 pixels:
//
//	4×4    linear                       Latent+Classes → 384   ReLU
//	8×8    transposed 5×5 stride 2      → 192                  BN, ReLU
//	16×16  transposed 5×5 stride 2      → 96                   BN, ReLU
//	32×32  transposed 5×5 stride 2      → Channels             tanh
//
// and for 128, or for 64 from a map of 4×4:
//
//	8×8      linear                     Latent+Classes → 768   ReLU
//	16×16    transposed 5×5 stride 2    → 384                  BN, ReLU
//	32×32    transposed 5×5 stride 2    → 256                  BN, ReLU
//	64×64    transposed 5×5 stride 2    → 192                  BN, ReLU
//	128×128  transposed 5×5 stride 2    → Channels             tanh
//
// clvrai/ACGAN-PyTorch network.py has the linear layer for one pixel, without ReLU, and convolutions without bias:
//
//	4×4    transposed 4×4 stride 1      384 → 192              BN, ReLU
//	8×8    transposed 4×4 stride 2      → 96                   BN, ReLU
//	16×16  transposed 4×4 stride 2      → 48                   BN, ReLU
//	32×32  transposed 4×4 stride 2      → Channels             tanh
//
// or, to 5×5, 13×13, 29×29, 61×61 and 128×128, 768 → 384 → 256 → 192 → 64 by 5×5 and → Channels by 8×8, all of stride 2.
type CodeGenerator struct {
	FC1    *nn.Linear    `nn:"fc1"`
	Layers nn.ModuleDict `nn:""`

	classes, side int
	relu          bool // behind the linear layer
	main          []nn.Layer
}

// up is a transposed convolution.
type up struct {
	out, kernel int
	conv        nn.Conv
}

func newCodeGenerator(c Config) *CodeGenerator {
	g := &CodeGenerator{classes: c.Classes, side: 4, relu: c.Net == "paper"}
	paper := nn.Conv{Stride: 2, Padding: 2, OutputPadding: 1}
	twice, wide := nn.Conv{Stride: 2, Padding: 1, NoBias: true}, nn.Conv{Stride: 2, NoBias: true}
	in, ups := 768, []up{{384, 5, paper}, {256, 5, paper}, {192, 5, paper}, {0, 5, paper}}
	switch {
	case c.Net == "paper" && c.Size == 32:
		in, ups = 384, []up{{192, 5, paper}, {96, 5, paper}, {0, 5, paper}}
	case c.Net == "paper":
		g.side = c.Size / 16
	case c.Size == 32:
		g.side = 1
		in, ups = 384, []up{{192, 4, nn.Conv{NoBias: true}}, {96, 4, twice}, {48, 4, twice}, {0, 4, twice}}
	default:
		g.side = 1
		ups = []up{{384, 5, wide}, {256, 5, wide}, {192, 5, wide}, {64, 5, wide}, {0, 8, wide}}
	}
	in /= c.Divide
	g.FC1 = nn.NewLinear(c.Latent+c.Classes, in*g.side*g.side)
	for i, u := range ups {
		block := nn.NewSequential(nn.NewConvTranspose2d(in, c.Channels, u.kernel, u.conv), nn.Tanh{})
		if out := u.out / c.Divide; i < len(ups)-1 {
			block = nn.NewSequential(nn.NewConvTranspose2d(in, out, u.kernel, u.conv), nn.NewBatchNorm2d(out), nn.ReLU{InPlace: true})
			in = out
		}
		g.main = append(g.main, block)
		g.Layers = append(g.Layers, nn.NamedModule{Name: fmt.Sprint("tconv", i+2), Module: block})
	}
	c.initialise(g)
	return g
}

// Forward generates pictures.
func (g *CodeGenerator) Forward(z, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		return g.Decode(torch.Cat([]*torch.Tensor{gan.OneHot(y, g.classes), z}, torch.CatOptions{Dim: 1}))
	})
}

// Decode generates the pictures of codes (N, Classes+Latent).
func (g *CodeGenerator) Decode(code *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := g.FC1.Forward(code)
		if g.relu {
			h = h.ReLU()
		}
		h = h.View(code.Size(0), -1, g.side, g.side)
		for _, l := range g.main {
			h = l.Forward(h)
		}
		return h
	})
}

// WideDiscriminator is six 3×3 convolutions, each with LeakyReLU 0.2 and dropout 0.5 and all but the first with BN, and
// two linear heads. At 32 pixels:
//
//	16×16  stride 2   Channels → 16
//	16×16             → 32
//	8×8    stride 2   → 64
//	8×8               → 128
//	4×4    stride 2   → 256
//	4×4               → 512
//	1×1    linear     → 1, and → Classes
//
// Odena et al. 2017, appendix A; clvrai/ACGAN-PyTorch network.py, whose convolutions have no bias and, at 128 pixels, no
// padding where they have no stride.
type WideDiscriminator struct {
	Layers nn.ModuleDict `nn:""`
	FCDis  *nn.Linear    `nn:"fc_dis"`
	FCAux  *nn.Linear    `nn:"fc_aux"`

	main []nn.Layer
}

func newWideDiscriminator(c Config) *WideDiscriminator {
	d := &WideDiscriminator{}
	in, side := c.Channels, c.Size
	for i := range 6 {
		out := 16 << i / c.Divide
		conv := nn.Conv{Padding: 1, NoBias: c.Net == "acgan-pytorch"}
		switch {
		case i%2 == 0:
			conv.Stride = 2
			side = (side + 1) / 2
		case conv.NoBias && c.Size == 128:
			conv.Padding = nil
			side -= 2
		}
		layers := []nn.Layer{nn.NewConv2d(in, out, 3, conv)}
		if i > 0 {
			layers = append(layers, nn.NewBatchNorm2d(out))
		}
		block := nn.NewSequential(append(layers, nn.LeakyReLU{Slope: 0.2, InPlace: true}, nn.NewDropout(0.5))...)
		d.main, in = append(d.main, block), out
		d.Layers = append(d.Layers, nn.NamedModule{Name: fmt.Sprint("conv", i+1), Module: block})
	}
	d.FCDis, d.FCAux = nn.NewLinear(in*side*side, 1), nn.NewLinear(in*side*side, c.Classes)
	c.initialise(d)
	return d
}

// Forward judges pictures.
func (d *WideDiscriminator) Forward(x *torch.Tensor) (source, class *torch.Tensor) {
	for _, l := range d.main {
		x = l.Forward(x)
	}
	x = x.Flatten(torch.FlattenOptions{StartDim: 1})
	return d.FCDis.Forward(x), d.FCAux.Forward(x)
}

// initialise draws the weights of convolutions from N(0, 0.02) and the scales of batch norms from N(1, 0.02); with the
// paper's networks linear layers are drawn as convolutions are, and all biases are 0.
func (c Config) initialise(net any) {
	gan.InitNormal(net)
	if c.Net != "paper" {
		return
	}
	nn.Apply(net, func(m any) {
		switch l := m.(type) {
		case *nn.Linear:
			initializer.Normal(l.Weight, 0, 0.02)
			initializer.Constant(l.Bias, 0)
		case *nn.Conv2d:
			initializer.Constant(l.Bias, 0)
		case *nn.ConvTranspose2d:
			initializer.Constant(l.Bias, 0)
		}
	})
}
