package gan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// side is that of the pictures of digits.
const side = 28

// NewGenerator makes the network that maps latents z (N, Latent) to points (N, 2) or pixels (N, 784) in [−1, 1].
//
// Goodfellow et al. 2014; official mnist.yaml, "maxout":
//
//	linear  Latent → 1200   ReLU
//	linear  → 1200          ReLU
//	linear  → 784           sigmoid, here brought to [−1, 1]
//
// PyTorch-GAN's gan.py, "torch"; its batch norms have 0.8 for ε, a slip that is kept:
//
//	linear  Latent → 128    LeakyReLU 0.2
//	linear  → 256           BN, LeakyReLU 0.2
//	linear  → 512           BN, LeakyReLU 0.2
//	linear  → 1024          BN, LeakyReLU 0.2
//	linear  → 784           tanh
//
// For points three linear layers Hidden wide with ReLU, and a linear one → 2.
func NewGenerator(c Config) *nn.Sequential {
	switch c.Net {
	case "maxout":
		net := nn.NewSequential(
			nn.NewLinear(c.Latent, 1200), nn.ReLU{InPlace: true},
			nn.NewLinear(1200, 1200), nn.ReLU{InPlace: true},
			nn.NewLinear(1200, side*side), nn.Sigmoid{}, centred{},
		)
		initialise(net, 0.05)
		return net
	case "torch":
		norm := nn.BatchNorm{Eps: 0.8}
		return nn.NewSequential(
			nn.NewLinear(c.Latent, 128), leaky,
			nn.NewLinear(128, 256), nn.NewBatchNorm1d(256, norm), leaky,
			nn.NewLinear(256, 512), nn.NewBatchNorm1d(512, norm), leaky,
			nn.NewLinear(512, 1024), nn.NewBatchNorm1d(1024, norm), leaky,
			nn.NewLinear(1024, side*side), nn.Tanh{},
		)
	}
	return linears(c.Latent, c.Hidden, 2)
}

var leaky = nn.LeakyReLU{Slope: 0.2, InPlace: true}

// NewDiscriminator makes the network that maps points (N, 2) or pixels (N, 784) in [−1, 1] to logits (N, 1).
//
// Goodfellow et al. 2014; official mnist.yaml, "maxout". The input of each layer passes dropout:
//
//	dropout 0.2   pixels in [0, 1]
//	maxout  → 240, the largest of 5
//	dropout 0.5
//	maxout  → 240, the largest of 5
//	dropout 0.5
//	linear  → 1
//
// PyTorch-GAN's gan.py, "torch": linear → 512 → 256 → 1 with LeakyReLU 0.2 between. For points three linear layers
// Hidden wide with ReLU, and a linear one → 1.
func NewDiscriminator(c Config) *nn.Sequential {
	switch c.Net {
	case "maxout":
		net := nn.NewSequential(
			unit{}, nn.NewDropout(0.2), NewMaxout(side*side, 240, 5),
			nn.NewDropout(0.5), NewMaxout(240, 240, 5),
			nn.NewDropout(0.5), nn.NewLinear(240, 1),
		)
		initialise(net, 0.005)
		return net
	case "torch":
		return nn.NewSequential(
			nn.NewLinear(side*side, 512), leaky, nn.NewLinear(512, 256), leaky, nn.NewLinear(256, 1),
		)
	}
	return linears(2, c.Hidden, 1)
}

func linears(in, hidden, out int) *nn.Sequential {
	return nn.NewSequential(
		nn.NewLinear(in, hidden), nn.ReLU{InPlace: true},
		nn.NewLinear(hidden, hidden), nn.ReLU{InPlace: true},
		nn.NewLinear(hidden, hidden), nn.ReLU{InPlace: true},
		nn.NewLinear(hidden, out),
	)
}

// Maxout is a linear layer of which each output is the largest of some units. Goodfellow et al. 2013.
type Maxout struct {
	Linear *nn.Linear `nn:"linear"`

	pieces int
}

// NewMaxout makes a layer from in to out features, each the largest of so many units.
func NewMaxout(in, out, pieces int) *Maxout { return &Maxout{nn.NewLinear(in, out*pieces), pieces} }

// Forward maps (N, in) to (N, out).
func (m *Maxout) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		return m.Linear.Forward(x).View(x.Size(0), -1, m.pieces).AMax(torch.AMaxOptions{Dim: []int{-1}})
	})
}

// centred brings [0, 1] to [−1, 1], unit the other way.
type (
	centred struct{}
	unit    struct{}
)

func (centred) Forward(x *torch.Tensor) *torch.Tensor { return x.MulScalar(2).SubScalar(1) }
func (unit) Forward(x *torch.Tensor) *torch.Tensor    { return x.AddScalar(1).DivScalar(2) }

// initialise draws the weights of linear layers from U(−bound, bound) and sets their biases to 0.
func initialise(net any, bound float64) {
	nn.Apply(net, func(m any) {
		if l, ok := m.(*nn.Linear); ok {
			initializer.Uniform(l.Weight, -bound, bound)
			initializer.Constant(l.Bias, 0)
		}
	})
}
