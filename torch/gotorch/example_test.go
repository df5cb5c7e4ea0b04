//go:build gotorch

package gotorch_test

import (
	"fmt"

	their "github.com/wangkuiyi/gotorch"
	theirnn "github.com/wangkuiyi/gotorch/nn"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/gotorch"
	"github.com/forgergan/forger/torch/nn"
)

// A network of gotorch's, its parameters by PyTorch's names, and a gradient that came through it.
func ExampleFromModule() {
	net := gotorch.FromModule(theirnn.Sequential(theirnn.Linear(3, 2, true), theirnn.Functional(their.Tanh)))
	for _, e := range nn.StateDict(net) {
		fmt.Println(e.Name, e.Tensor.Shape())
	}
	torch.Scope(func() {
		x := torch.Ones([]int{4, 3}).SetRequiresGrad(true)
		net.Forward(x).Mean().Backward()
		fmt.Println(x.Grad().Shape())
	})
	// Output:
	// 0.weight [2 3]
	// 0.bias [2]
	// [4 3]
}
