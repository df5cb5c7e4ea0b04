package gan

import (
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// InitNormal draws the weights of all convolutions below module from N(0, 0.02) and the scales of
// batch norms from N(1, 0.02), and sets the shifts of batch norms to 0, in PyTorch's order of
// Module.apply. pytorch/examples dcgan/main.py, weights_init.
func InitNormal(module any) {
	nn.Apply(module, func(m any) {
		switch l := m.(type) {
		case *nn.Conv2d:
			initializer.Normal(l.Weight, 0, 0.02)
		case *nn.ConvTranspose2d:
			initializer.Normal(l.Weight, 0, 0.02)
		case *nn.BatchNorm2d:
			if l.Weight != nil {
				initializer.Normal(l.Weight, 1, 0.02)
				initializer.Constant(l.Bias, 0)
			}
		}
	})
}
