package gan

import (
	"fmt"

	"github.com/forgergan/forger/torch"
)

// Rotate4 turns images (N, C, S, S) by 0, 90, 180 and 270 degrees against the clock. The result (4N, C, S, S) holds all
// images of one turn after another; turns (4N), int64, counts the quarters: N zeros, N ones and so on. A discriminator
// that also tells the turn needs fewer labels: Chen et al. 2019 (SSGAN), Lucic et al. 2019 (S3GAN). It panics
// unless the images are square.
func Rotate4(images *torch.Tensor) (rotated, turns *torch.Tensor) {
	if s := images.Shape(); len(s) != 4 || s[2] != s[3] {
		panic(&torch.Error{Op: "Rotate4", Code: torch.ValueError, Shapes: [][]int{s}, Msg: fmt.Sprintf("shape %v is not one of square images (N, C, S, S)", s)})
	}
	results := torch.TidyAll(func() []*torch.Tensor {
		parts := []*torch.Tensor{images}
		for k := 1; k < 4; k++ {
			parts = append(parts, images.Rot90(torch.Rot90Options{K: new(k), Dims: []int{2, 3}}))
		}
		return []*torch.Tensor{torch.Cat(parts), count(4, images.Device()).RepeatInterleave(images.Size(0))}
	})
	return results[0], results[1]
}

// count is 0 … n−1 as int64.
func count(n int, device torch.Device) *torch.Tensor {
	return torch.Arange(0, n, torch.ArangeOptions{TensorOptions: torch.TensorOptions{DType: torch.Int64, Device: device}})
}
