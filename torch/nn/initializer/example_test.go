package initializer_test

import (
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// The weights of pix2pix: every convolution N(0, 0.02), its bias 0.
func ExampleNormal() {
	torch.ManualSeed(0)
	torch.Scope(func() {
		net := nn.NewSequential(nn.NewConv2d(3, 64, 4, nn.Conv{Stride: 2, Padding: 1}), nn.ReLU{}, nn.NewConv2d(64, 1, 4))
		nn.Apply(net, func(m any) {
			if c, ok := m.(*nn.Conv2d); ok {
				initializer.Normal(c.Weight, 0, 0.02)
				initializer.Constant(c.Bias, 0)
			}
		})
		first := net.Layers[0].(*nn.Conv2d)
		fmt.Printf("%.3f %v\n", first.Weight.Std().Item(), first.Bias.Abs().Max().Item())
	})
	// Output: 0.020 0
}
