package nn_test

import (
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// A small discriminator: pictures of 8×8 pixels to one logit each.
func ExampleSequential() {
	torch.Scope(func() {
		net := nn.NewSequential(
			nn.NewConv2d(3, 16, 4, nn.Conv{Stride: 2, Padding: 1, NoBias: true}),
			nn.NewBatchNorm2d(16),
			nn.LeakyReLU{Slope: 0.2},
			nn.NewConv2d(16, 1, 4),
			nn.Flatten{},
		)
		logits := net.Forward(torch.Randn([]int{5, 3, 8, 8}))
		fmt.Println(logits.Shape(), nn.NumParameters(net))
	})
	// Output: [5 1] 1057
}

// Names and order are those of PyTorch's state_dict().
func ExampleStateDict() {
	torch.Scope(func() {
		net := nn.NewSequential(nn.NewLinear(3, 2), nn.ReLU{}, nn.NewLinear(2, 1, nn.LinearOptions{NoBias: true}))
		for _, e := range nn.StateDict(net) {
			fmt.Println(e.Name, e.Tensor.Shape())
		}
	})
	// Output:
	// 0.weight [2 3]
	// 0.bias [2]
	// 2.weight [1 2]
}

// A module is a struct whose tagged fields are its tensors and children.
func ExampleParameters() {
	type head struct {
		Body *nn.Sequential `nn:"body"`
		Gain *torch.Tensor  `nn:"gain"`
		Mean *torch.Tensor  `nn:"mean,buffer"`
	}
	torch.Scope(func() {
		h := &head{nn.NewSequential(nn.NewLinear(4, 4)), torch.Ones([]int{4}).Own(), torch.Zeros([]int{4}).Own()}
		for _, e := range nn.StateDict(h) {
			fmt.Println(e.Name, e.Buffer)
		}
		fmt.Println(len(nn.Parameters(h)), "parameters")
	})
	// Output:
	// gain false
	// mean true
	// body.0.weight false
	// body.0.bias false
	// 3 parameters
}

// Without gradients for the discriminator a generator's backward pass is cheaper.
func ExampleFreeze() {
	torch.Scope(func() {
		d := nn.NewLinear(2, 1)
		unfreeze := nn.Freeze(d)
		x := torch.Ones([]int{1, 2}).SetRequiresGrad(true)
		d.Forward(x).Sum().Backward()
		fmt.Println(x.Grad() != nil, d.Weight.Grad() != nil)
		unfreeze()
		d.Forward(x).Sum().Backward()
		fmt.Println(d.Weight.Grad() != nil)
	})
	// Output:
	// true false
	// true
}

// A discriminator of spectrally normalised layers, as in SN-GAN.
func ExampleSpectralNorm() {
	torch.Scope(func() {
		d := nn.NewSequential(
			nn.SpectralNorm(nn.NewConv2d(3, 8, 3, nn.Conv{Padding: 1})),
			nn.LeakyReLU{Slope: 0.1},
			nn.SpectralNorm(nn.NewConv2d(8, 16, 4, nn.Conv{Stride: 2, Padding: 1})),
			nn.LeakyReLU{Slope: 0.1},
			nn.Flatten{},
			nn.SpectralNorm(nn.NewLinear(16*4*4, 1)),
		)
		fmt.Println(d.Forward(torch.Randn([]int{5, 3, 8, 8})).Shape())
		for _, e := range nn.StateDict(d)[:4] {
			fmt.Println(e.Name, e.Tensor.Shape())
		}
	})
	// Output:
	// [5 1]
	// 0.bias [8]
	// 0.weight_orig [8 3 3 3]
	// 0.weight_u [8]
	// 0.weight_v [27]
}

// What a network is made of, and which shapes go through it.
func ExampleSummary() {
	torch.Scope(func() {
		g := nn.NewSequential(
			nn.NewConvTranspose2d(100, 16, 4, nn.Conv{NoBias: true}),
			nn.NewBatchNorm2d(16),
			nn.ReLU{},
			nn.NewConvTranspose2d(16, 3, 4, nn.Conv{Stride: 2, Padding: 1}),
			nn.Tanh{},
		)
		nn.Freeze(g.Layers[0])
		fmt.Print(nn.Summary(g, []int{1, 100, 1, 1}))
	})
	// Output:
	// name   type             output    parameters  buffers
	// 0      ConvTranspose2d  1×16×4×4       25600        0  frozen
	// 1      BatchNorm2d      1×16×4×4          32       33
	// 2      ReLU             1×16×4×4           0        0
	// 3      ConvTranspose2d  1×3×8×8          771        0
	// 4      Tanh             1×3×8×8            0        0
	// total                   1×3×8×8        26403       33  803 trainable
}
