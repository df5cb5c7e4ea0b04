package nn

import (
	"slices"

	"github.com/forgergan/forger/torch"
)

// Factors is a factor along each spatial dimension: an int or float64 for all of them alike, or a []float64 with one for
// each (depth, then height, then width).
type Factors any

// Interpolation says how Upsample and Interpolate resize; the zero value with a Size or a Scale is PyTorch's default.
type Interpolation struct {
	Size  Dims    // of the output, or
	Scale Factors // how many times the input's, rounded down

	// Mode is "nearest" if empty, "nearest-exact", "linear" (one dimension), "bilinear", "bicubic" (two), "trilinear"
	// (three), or "area".
	Mode string

	// AlignCorners maps the centres of the outermost elements on each other, not their outer edges, in the linear and
	// cubic modes.
	AlignCorners bool

	// RecomputeScale takes the scale at which is sampled from the sizes, not from Scale. They differ where a size was
	// rounded.
	RecomputeScale bool

	// Antialias widens the filter where the picture shrinks, in the modes bilinear and bicubic.
	Antialias bool
}

// Upsample resizes all channels, to a larger or a smaller size.
type Upsample Interpolation

// Forward maps (N, C, L), (N, C, H, W) or (N, C, D, H, W) to the new size.
func (u Upsample) Forward(x *torch.Tensor) *torch.Tensor { return Interpolate(x, Interpolation(u)) }

// Interpolate resizes x (N, C, L), (N, C, H, W) or (N, C, D, H, W) as F.interpolate of PyTorch does. It panics with a
// *torch.Error if the mode does not know that many dimensions, or unless just one of Size and Scale is given.
func Interpolate(x *torch.Tensor, o Interpolation) *torch.Tensor {
	wants("an interpolation", "(N, C, L), (N, C, H, W) or (N, C, D, H, W)", x, 3, 4, 5)
	if (o.Size == nil) == (o.Scale == nil) {
		panic(refusal("an interpolation needs a size or a scale, not both"))
	}
	if o.Mode == "" {
		o.Mode = "nearest"
	}
	n := x.Dim() - 2
	if dims, ok := interpolations[o.Mode]; !ok || !slices.Contains(dims, n) {
		panic(refusal("no interpolation mode %q of %d dimensions", o.Mode, n))
	}
	if o.AlignCorners && (o.Mode == "area" || o.Mode == "nearest" || o.Mode == "nearest-exact") {
		panic(refusal("corners cannot be aligned in the interpolation mode %q", o.Mode))
	}
	if o.Antialias && o.Mode != "bilinear" && o.Mode != "bicubic" {
		panic(refusal("no antialiasing in the interpolation mode %q", o.Mode))
	}
	if o.RecomputeScale && o.Size != nil {
		panic(refusal("RecomputeScale needs a scale, not a size"))
	}
	size, scales := o.target(x.Shape()[2:])
	return interpolate(x, o, size, scales)
}

// interpolations lists the modes and how many spatial dimensions they know.
var interpolations = map[string][]int{
	"nearest": {1, 2, 3}, "nearest-exact": {1, 2, 3}, "area": {1, 2, 3},
	"linear": {1}, "bilinear": {2}, "bicubic": {2}, "trilinear": {3},
}

// target is the output's size and the scale at which each dimension is sampled, nil where the sizes say it.
func (o Interpolation) target(from []int) (size []int, scales []*float64) {
	n := len(from)
	scales = make([]*float64, n)
	if o.Size != nil {
		return along("size", o.Size, n, 0), scales
	}
	size = make([]int, n)
	for i, f := range factors(o.Scale, n) {
		size[i] = int(float64(from[i]) * f)
		if !o.RecomputeScale {
			scales[i] = &f
		}
	}
	return size, scales
}

// factors writes f out as n numbers.
func factors(f Factors, n int) []float64 {
	switch v := f.(type) {
	case int:
		return slices.Repeat([]float64{float64(v)}, n)
	case float64:
		return slices.Repeat([]float64{v}, n)
	case []float64:
		if len(v) == n {
			return v
		}
	}
	panic(refusal("scale %v is neither a number nor a []float64 of %d", f, n))
}

func interpolate(x *torch.Tensor, o Interpolation, size []int, s []*float64) *torch.Tensor {
	align := o.AlignCorners
	switch o.Mode {
	case "linear":
		return x.UpsampleLinear1d(size, align, torch.UpsampleLinear1dOptions{Scales: s[0]})
	case "bilinear":
		if o.Antialias {
			return x.UpsampleBilinear2dAA(size, align, torch.UpsampleBilinear2dAAOptions{ScalesH: s[0], ScalesW: s[1]})
		}
		return x.UpsampleBilinear2d(size, align, torch.UpsampleBilinear2dOptions{ScalesH: s[0], ScalesW: s[1]})
	case "bicubic":
		if o.Antialias {
			return x.UpsampleBicubic2dAA(size, align, torch.UpsampleBicubic2dAAOptions{ScalesH: s[0], ScalesW: s[1]})
		}
		return x.UpsampleBicubic2d(size, align, torch.UpsampleBicubic2dOptions{ScalesH: s[0], ScalesW: s[1]})
	case "trilinear":
		return x.UpsampleTrilinear3d(size, align, torch.UpsampleTrilinear3dOptions{ScalesD: s[0], ScalesH: s[1], ScalesW: s[2]})
	case "nearest":
		return nearest(x, size, s)
	case "nearest-exact":
		return nearestExact(x, size, s)
	}
	return area(x, size)
}

func nearest(x *torch.Tensor, size []int, s []*float64) *torch.Tensor {
	switch len(size) {
	case 1:
		return x.UpsampleNearest1d(size, torch.UpsampleNearest1dOptions{Scales: s[0]})
	case 2:
		return x.UpsampleNearest2d(size, torch.UpsampleNearest2dOptions{ScalesH: s[0], ScalesW: s[1]})
	}
	return x.UpsampleNearest3d(size, torch.UpsampleNearest3dOptions{ScalesD: s[0], ScalesH: s[1], ScalesW: s[2]})
}

func nearestExact(x *torch.Tensor, size []int, s []*float64) *torch.Tensor {
	switch len(size) {
	case 1:
		return x.UpsampleNearestExact1d(size, torch.UpsampleNearestExact1dOptions{Scales: s[0]})
	case 2:
		return x.UpsampleNearestExact2d(size, torch.UpsampleNearestExact2dOptions{ScalesH: s[0], ScalesW: s[1]})
	}
	return x.UpsampleNearestExact3d(size, torch.UpsampleNearestExact3dOptions{ScalesD: s[0], ScalesH: s[1], ScalesW: s[2]})
}

func area(x *torch.Tensor, size []int) *torch.Tensor {
	switch len(size) {
	case 1:
		return x.AdaptiveAvgPool1d(size...)
	case 2:
		return x.AdaptiveAvgPool2d(size...)
	}
	return x.AdaptiveAvgPool3d(size...)
}
