package biggan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// norm gives a layer the spectral norm of both networks.
func (c Config) norm(l nn.Weighted) {
	gan.SpectralNormBigGAN(l, gan.SpectralNormBigGANOptions{Eps: c.SNEps})
}

// conv is a convolution that keeps the size.
func (c Config) conv(in, out, kernel int) *nn.Conv2d {
	l := nn.NewConv2d(in, out, kernel, nn.Conv{Padding: kernel / 2})
	c.norm(l)
	return l
}

func (c Config) linear(in, out int, o ...nn.LinearOptions) *nn.Linear {
	l := nn.NewLinear(in, out, o...)
	c.norm(l)
	return l
}

func (c Config) embedding(classes, features int) *nn.Embedding {
	l := nn.NewEmbedding(classes, features)
	c.norm(l)
	return l
}

// conditional makes the norms of the generator's blocks, which take a vector of so many features, or a class where
// features is 0. Embeddings in the generator have no spectral norm.
func (c Config) conditional(features int) func(channels int) gan.ConditionalNorm {
	return func(channels int) gan.ConditionalNorm {
		if features == 0 {
			gain := nn.NewEmbedding(c.Classes, channels)
			return gan.NewCCBN(channels, gain, nn.NewEmbedding(c.Classes, channels), gan.CCBNOptions{Own: c.OwnBN})
		}
		gain := c.linear(features, channels, nn.LinearOptions{NoBias: true})
		return gan.NewCCBN(channels, gain, c.linear(features, channels, nn.LinearOptions{NoBias: true}), gan.CCBNOptions{Own: c.OwnBN})
	}
}

// initialise draws the weights of all convolutions, linear layers and embeddings. Biases keep PyTorch's numbers.
func (c Config) initialise(network any) {
	draw := map[string]func(*torch.Tensor){
		"N02":    func(w *torch.Tensor) { initializer.Normal(w, 0, 0.02) },
		"ortho":  func(w *torch.Tensor) { initializer.Orthogonal(w, 1) },
		"xavier": func(w *torch.Tensor) { initializer.XavierUniform(w, 1) },
	}[c.WeightInit]
	nn.Apply(network, func(m any) {
		switch l := m.(type) {
		case *nn.Conv2d:
			draw(l.Weight)
		case *nn.Linear:
			draw(l.Weight)
		case *nn.Embedding:
			draw(l.Weight)
		}
	})
}
