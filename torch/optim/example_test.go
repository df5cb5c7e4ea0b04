package optim_test

import (
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/optim"
)

// Find the x for which (x − 3)² is smallest.
func ExampleNewAdam() {
	torch.Scope(func() {
		x := torch.Of(float32(0)).SetRequiresGrad(true)
		opt := optim.NewAdam([]*torch.Tensor{x}, optim.AdamOptions{LR: 0.1})
		for range 200 {
			torch.Scope(func() {
				opt.ZeroGrad()
				x.AddScalar(-3).Square().Backward()
				opt.Step()
			})
		}
		fmt.Printf("%.2f\n", x.Item())
	})
	// Output: 3.00
}

// Two groups of parameters learn at different rates.
func ExampleSGD_AddGroup() {
	torch.Scope(func() {
		a := torch.Of(float32(1)).SetRequiresGrad(true)
		b := torch.Of(float32(1)).SetRequiresGrad(true)
		opt := optim.NewSGD([]*torch.Tensor{a}, optim.SGDOptions{LR: 0.5})
		opt.AddGroup([]*torch.Tensor{b}, optim.SGDOptions{LR: 0.25})
		a.Add(b).Backward()
		opt.Step()
		fmt.Println(a.Item(), b.Item())
	})
	// Output: 0.5 0.75
}

// The average of three weights, 1, 2 and 3, of which each counts twice as much as the one before.
func ExampleNewEMA() {
	torch.Scope(func() {
		w := torch.Of(float32(0))
		average := optim.NewEMA([]*torch.Tensor{w}, optim.Constant(0.5))
		for range 3 {
			w.AddScalarInPlace(1) // a step of training
			average.Update()
		}
		average.Use(func() { fmt.Println("average", w.Item()) })
		fmt.Println("weight", w.Item())
	})
	// Output:
	// average 2.125
	// weight 3
}
