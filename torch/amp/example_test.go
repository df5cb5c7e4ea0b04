package amp_test

import (
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/amp"
	"github.com/forgergan/forger/torch/optim"
)

// Find w with x·w = y in float16 products. The first scale is too large: steps are left out while it shrinks.
func ExampleGradScaler() {
	torch.Scope(func() {
		x := torch.FromSlice([]float32{1, 2, 3, 4}, 4, 1)
		y := torch.FromSlice([]float32{3, 6, 9, 12}, 4, 1)
		w := torch.Zeros([]int{1, 1}).SetRequiresGrad(true)
		opt := optim.NewAdam([]*torch.Tensor{w}, optim.AdamOptions{LR: 0.1})
		scaler := amp.NewGradScaler(amp.GradScalerOptions{})
		skipped := 0
		for range 300 {
			torch.Scope(func() {
				opt.ZeroGrad()
				var loss *torch.Tensor
				torch.Autocast(torch.AutocastOptions{DType: torch.Float16}, func() { loss = x.MM(w).MSELoss(y) })
				scaler.Scale(loss).Backward()
				if !scaler.Step(opt) {
					skipped++
				}
				scaler.Update()
			})
		}
		fmt.Printf("w = %.2f, %d steps skipped, scale %.0f\n", w.Item(), skipped, scaler.GetScale())
	})
	// Output: w = 3.00, 6 steps skipped, scale 1024
}
