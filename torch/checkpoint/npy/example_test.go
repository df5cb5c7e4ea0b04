package npy_test

import (
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint/npy"
)

// The mean and covariance of a set's features, as published for Frechet distances.
func ExampleReadZip() {
	stats, err := npy.ReadZip("testdata/stored.npz", "mu", "sigma")
	if err != nil {
		fmt.Println(err)
		return
	}
	torch.Scope(func() {
		fmt.Println(torch.Values[float64](stats["mu"].Tensor()))
		fmt.Println(stats["sigma"].DType, stats["sigma"].Shape)
	})
	// Output:
	// [0 1 2]
	// float64 [3 3]
}
