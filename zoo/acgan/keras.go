package acgan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// DigitGenerator multiplies the latents with a vector of the class.
//
// lukedeo/keras-acgan mnist_acgan.py:
//
//	       linear            Latent → 1024   ReLU
//	7×7    linear            → 128           ReLU
//	14×14  repeat, 5×5       → 256           ReLU
//	28×28  repeat, 5×5       → 128           ReLU
//	28×28  2×2               → Channels      tanh
type DigitGenerator struct {
	Label *nn.Embedding  `nn:"label"`
	Dense *nn.Sequential `nn:"dense"`
	Conv  *nn.Sequential `nn:"conv"`
}

func newDigitGenerator(c Config) *DigitGenerator {
	relu, wide := nn.ReLU{InPlace: true}, nn.Conv{Padding: 2}
	maps := func(n int) int { return n / c.Divide }
	g := &DigitGenerator{
		nn.NewEmbedding(c.Classes, c.Latent),
		nn.NewSequential(nn.NewLinear(c.Latent, maps(1024)), relu, nn.NewLinear(maps(1024), maps(128)*49), relu),
		nn.NewSequential(
			nn.Upsample{Scale: 2}, nn.NewConv2d(maps(128), maps(256), 5, wide), relu,
			nn.Upsample{Scale: 2}, nn.NewConv2d(maps(256), maps(128), 5, wide), relu,
			after, nn.NewConv2d(maps(128), c.Channels, 2), nn.Tanh{},
		),
	}
	glorot(g)
	nn.Apply(g.Conv, func(m any) {
		if l, ok := m.(*nn.Conv2d); ok {
			initializer.XavierNormal(l.Weight, 1)
		}
	})
	initializer.XavierNormal(g.Label.Weight, 1)
	return g
}

// after is the padding of Keras where the size asks for one row and column only: behind the picture.
var after = nn.ZeroPad2d{Padding: []int{0, 1, 0, 1}}

// Forward generates pictures.
func (g *DigitGenerator) Forward(z, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		return g.Conv.Forward(g.Dense.Forward(g.Label.Forward(y).Mul(z)).View(z.Size(0), -1, 7, 7))
	})
}

// DigitDiscriminator is four 3×3 convolutions, each with LeakyReLU 0.3 and dropout 0.3, and two linear heads.
//
// lukedeo/keras-acgan mnist_acgan.py:
//
//	14×14  stride 2   Channels → 32
//	14×14             → 64
//	7×7    stride 2   → 128
//	7×7               → 256
//	1×1    linear     → 1, and → Classes
type DigitDiscriminator struct {
	Conv  *nn.Sequential `nn:"conv"`
	Adv   *nn.Linear     `nn:"generation"`
	Class *nn.Linear     `nn:"auxiliary"`
}

func newDigitDiscriminator(c Config) *DigitDiscriminator {
	var layers []nn.Layer
	in := c.Channels
	for i := range 4 {
		out := 32 << i / c.Divide
		if i%2 == 0 {
			layers = append(layers, after, nn.NewConv2d(in, out, 3, nn.Conv{Stride: 2}))
		} else {
			layers = append(layers, nn.NewConv2d(in, out, 3, same))
		}
		layers, in = append(layers, nn.LeakyReLU{Slope: 0.3, InPlace: true}, nn.NewDropout(0.3)), out
	}
	d := &DigitDiscriminator{nn.NewSequential(layers...), nn.NewLinear(49*in, 1), nn.NewLinear(49*in, c.Classes)}
	glorot(d)
	return d
}

// Forward judges pictures.
func (d *DigitDiscriminator) Forward(x *torch.Tensor) (source, class *torch.Tensor) {
	x = d.Conv.Forward(x).Flatten(torch.FlattenOptions{StartDim: 1})
	return d.Adv.Forward(x), d.Class.Forward(x)
}

// glorot is how Keras begins: weights from Glorot's uniform distribution, biases 0.
func glorot(net any) {
	nn.Apply(net, func(m any) {
		switch l := m.(type) {
		case *nn.Linear:
			initializer.XavierUniform(l.Weight, 1)
			initializer.Constant(l.Bias, 0)
		case *nn.Conv2d:
			initializer.XavierUniform(l.Weight, 1)
			initializer.Constant(l.Bias, 0)
		}
	})
}
