package torch

import "fmt"

// GridSampleOptions are the optional arguments of GridSample; the zero value is PyTorch's default.
type GridSampleOptions struct {
	Mode         string // "bilinear" if empty (trilinear in volumes), "nearest", or "bicubic" in pictures
	PaddingMode  string // what is outside: "zeros" if empty, "border" or "reflection"
	AlignCorners bool   // −1 and 1 are the centres of the outermost elements, not their outer edges
}

// GridSample samples a picture (N, C, H, W) at the places of grid (N, H', W', 2) to (N, C, H', W'), or a volume
// (N, C, D, H, W) at those of (N, D', H', W', 3). A place is x, y (and z) from −1, the left, top (and front), to 1. It is
// F.grid_sample of PyTorch; AffineGrid makes grids.
func GridSample(input, grid *Tensor, o ...GridSampleOptions) *Tensor {
	opt := option(o)
	mode, ok := map[string]int{"": 0, "bilinear": 0, "nearest": 1, "bicubic": 2}[opt.Mode]
	if !ok {
		panic(&Error{Op: "GridSample", Code: ValueError,
			Msg: fmt.Sprintf("mode %q is not bilinear, nearest or bicubic", opt.Mode)})
	}
	padding, ok := map[string]int{"": 0, "zeros": 0, "border": 1, "reflection": 2}[opt.PaddingMode]
	if !ok {
		panic(&Error{Op: "GridSample", Code: ValueError,
			Msg: fmt.Sprintf("padding mode %q is not zeros, border or reflection", opt.PaddingMode)})
	}
	return gridSampler(input, grid, mode, padding, opt.AlignCorners)
}
