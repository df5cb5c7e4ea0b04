package translation

import (
	"fmt"

	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// Init says how weights begin; the zero value is the official default.
type Init struct {
	Type string  // "normal" if empty, "xavier", "kaiming" or "orthogonal"
	Gain float64 // standard deviation of normal weights, factor of xavier's and orthogonal ones; 0.02 if 0
}

// Initialise draws the weights of the convolutions below module: from N(0, Gain), or by Xavier's or He's normal
// distribution, or orthogonal. The scales of batch norms are drawn from N(1, Gain), all biases and shifts are 0. Official
// networks.py, init_weights. It panics with a *torch.Error on another type.
func Initialise(module any, o Init) {
	gain := o.Gain
	if gain == 0 {
		gain = 0.02
	}
	draw := func(l *nn.Convolution) {
		switch o.Type {
		case "normal", "":
			initializer.Normal(l.Weight, 0, gain)
		case "xavier":
			initializer.XavierNormal(l.Weight, gain)
		case "kaiming":
			initializer.KaimingNormal(l.Weight, 0, initializer.FanIn, initializer.LeakyReLU)
		case "orthogonal":
			initializer.Orthogonal(l.Weight, gain)
		default:
			panic(misuse("Initialise", fmt.Sprintf("weights are normal, xavier, kaiming or orthogonal, not %s", o.Type)))
		}
		if l.Bias != nil {
			initializer.Constant(l.Bias, 0)
		}
	}
	nn.Apply(module, func(m any) {
		switch l := m.(type) {
		case *nn.Conv2d:
			draw((*nn.Convolution)(l))
		case *nn.ConvTranspose2d:
			draw((*nn.Convolution)(l))
		case *nn.BatchNorm2d:
			initializer.Normal(l.Weight, 1, gain)
			initializer.Constant(l.Bias, 0)
		}
	})
}
