package pictures_test

import (
	"fmt"

	"github.com/forgergan/forger/gan/pictures"
	"github.com/forgergan/forger/torch"
)

func ExampleSlerp() {
	torch.Scope(func() {
		from, to := torch.FromSlice([]float32{1, 0}, 1, 2), torch.FromSlice([]float32{0, 1}, 1, 2)
		z := torch.Values[float32](pictures.Slerp(from, to, 4))
		for i := 0; i < len(z); i += 2 {
			fmt.Printf("%.3f %.3f\n", z[i], z[i+1])
		}
	})
	// Output:
	// 1.000 0.000
	// 0.866 0.500
	// 0.500 0.866
	// 0.000 1.000
}

func ExampleByClass() {
	torch.Scope(func() {
		images := torch.Zeros([]int{6, 1, 8, 8})
		im := pictures.ByClass(images, []int64{0, 1, 2, 0, 1, 2}, 3, 2)
		fmt.Println(im.H, im.W, "pixels: three rows of two")
	})
	// Output: 32 22 pixels: three rows of two
}
