package resnet32

import (
	"math"

	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// layers makes layers with their initial weights.
type layers struct {
	spectral bool // with a spectral norm
	xavier   bool // whose weights begin as those without one
}

// main is a 3×3 convolution between ReLUs, shortcut a 1×1 convolution beside them.
func (l layers) main(in, out int) *nn.Conv2d     { return l.conv(in, out, 3, math.Sqrt2) }
func (l layers) shortcut(in, out int) *nn.Conv2d { return l.conv(in, out, 1, 1) }

// conv is a convolution that keeps the size.
func (l layers) conv(in, out, kernel int, gain float64) *nn.Conv2d {
	c := nn.NewConv2d(in, out, kernel, nn.Conv{Padding: kernel / 2})
	initializer.Constant(c.Bias, 0)
	if l.draws() {
		initializer.XavierUniform(c.Weight, gain)
	}
	return normed(l, c)
}

func (l layers) linear(in, out int, o ...nn.LinearOptions) *nn.Linear {
	c := nn.NewLinear(in, out, o...)
	if c.Bias != nil {
		initializer.Constant(c.Bias, 0)
	}
	if l.draws() {
		initializer.XavierUniform(c.Weight, 1)
	}
	return normed(l, c)
}

func (l layers) embedding(count, features int) *nn.Embedding {
	c := nn.NewEmbedding(count, features)
	if l.draws() {
		initializer.XavierUniform(c.Weight, 1)
	}
	return normed(l, c)
}

// draws says whether Xavier's weights take the place of PyTorch's defaults. The official program draws them for layers with
// a spectral norm, too, but where networks are on a GPU it writes them to a tensor that nobody reads any more.
func (l layers) draws() bool { return l.xavier || !l.spectral }

func normed[L nn.Weighted](l layers, layer L) L {
	if l.spectral {
		return nn.SpectralNorm(layer)
	}
	return layer
}
