package schedule_test

import (
	"fmt"

	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
)

// The rate of many GANs: constant at first, then falling to 0.
func ExampleNewLambdaLR() {
	const keep, decay = 2, 4
	opt := optim.NewAdam(nil, optim.AdamOptions{LR: 2e-4})
	rate := schedule.NewLambdaLR(opt, func(epoch int) float64 { return 1 - float64(max(0, epoch-keep))/decay })
	for range keep + decay + 1 {
		fmt.Printf("%.5f ", rate.LastLR()[0])
		// An epoch of training.
		rate.Step()
	}
	// Output: 0.00020 0.00020 0.00020 0.00015 0.00010 0.00005 0.00000
}

// A warm-up, and then half a cosine.
func ExampleNewSequentialLR() {
	opt := optim.NewSGD(nil, optim.SGDOptions{LR: 1})
	rate := schedule.NewSequentialLR([]*schedule.Schedule{
		schedule.NewLinearLR(opt, 0.25, 1, 3),
		schedule.NewCosineAnnealingLR(opt, 4, 0),
	}, []int{3})
	for range 8 {
		fmt.Printf("%.2f ", rate.LastLR()[0])
		rate.Step()
	}
	// Output: 0.25 0.50 0.75 1.00 0.85 0.50 0.15 0.00
}
