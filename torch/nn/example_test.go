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
