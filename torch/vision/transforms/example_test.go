package transforms_test

import (
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/vision/transforms"
)

func Example() {
	torch.Scope(func() {
		x := torch.Zeros([]int{2, 3, 20, 40})
		fmt.Println(transforms.Resize(x, 10, 20, transforms.Bilinear, true).Shape())
		fmt.Println(transforms.Rotate(x, 30, transforms.Warp{Expand: true}).Shape())
	})
	// Output:
	// [2 3 10 20]
	// [2 3 38 46]
}
