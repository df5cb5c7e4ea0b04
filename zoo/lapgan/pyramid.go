package lapgan

import (
	"math"

	"github.com/forgergan/forger/torch"
)

// Resize brings pictures (N, C, H, W), of a floating-point type, to side×side pixels with the numbers of image.scale of Torch7:
// a smaller side is the mean over areas, whose edges may cut pixels, a larger one is interpolated linearly with the corners on
// the corners (PyTorch's align_corners). It is linear and works on rows and columns apart, so it is two matrix products.
func Resize(x *torch.Tensor, side int) *torch.Tensor {
	if h := x.Size(2); h != side {
		x = weights(h, side, x).MatMul(x)
	}
	if w := x.Size(3); w != side {
		x = x.MatMul(weights(w, side, x).T())
	}
	return x
}

// weights is the matrix (to, from) of Resize along a side, of the type and on the device of like.
func weights(from, to int, like *torch.Tensor) *torch.Tensor {
	rows := make([]float64, to*from)
	for i := range to {
		row := rows[i*from : (i+1)*from]
		if to < from {
			shrink(row, i, to)
		} else {
			enlarge(row, i, to)
		}
	}
	return torch.FromSlice(rows, to, from).ToDType(like.DType()).ToDevice(like.Device())
}

// shrink is row i of to: how much of each pixel lies in the part [i, i+1)·from/to.
func shrink(row []float64, i, to int) {
	from, ratio := len(row), float64(len(row))/float64(to)
	for k := range row {
		// In whole numbers, of to parts a pixel, so that no edge is off by rounding.
		inside := min((k+1)*to, (i+1)*from) - max(k*to, i*from)
		row[k] = float64(max(0, inside)) / float64(to) / ratio
	}
}

// enlarge is row i of to: the two pixels around i·(from−1)/(to−1).
func enlarge(row []float64, i, to int) {
	last := len(row) - 1
	if last == 0 {
		row[0] = 1
		return
	}
	at := float64(i*last) / float64(to-1)
	k := min(int(math.Floor(at)), last-1)
	row[k], row[k+1] = 1-(at-float64(k)), at-float64(k)
}

// Split is a level of the Laplacian pyramid of pictures x (N, C, H, W) with those sides, coarsest first: up, the next coarser
// level enlarged, and detail, what it lacks. Their sum is the picture of the level, Resize(x, sides[level]). The coarsest level
// is all detail; its up is nil. Every level is made of x itself, as the official programs do.
func Split(x *torch.Tensor, sides []int, level int) (detail, up *torch.Tensor) {
	fine := Resize(x, sides[level])
	if level == 0 {
		return fine, nil
	}
	up = Resize(Resize(x, sides[level-1]), sides[level])
	return fine.Sub(up), up
}
