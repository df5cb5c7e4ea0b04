package torchtest_test

import (
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// The derivatives of a penalty, to the second order, against differences of its values.
func ExampleGradGradCheck() {
	torch.ManualSeed(0)
	torch.Scope(func() {
		x := torch.Randn([]int{3, 4}, torch.RandnOptions{TensorOptions: torch.TensorOptions{DType: torch.Float64}}).SetRequiresGrad(true)
		err := torchtest.GradGradCheck(func(in []*torch.Tensor) *torch.Tensor {
			norms := in[0].VectorNorm(torch.VectorNormOptions{Dim: []int{1}})
			return norms.SubScalar(1).Square().Mean()
		}, x)
		fmt.Println(err)
	})
	// Output: <nil>
}
