// Package transforms has torchvision's transforms of pictures that are tensors (N, C, H, W), on any device and
// differentiable. Package vision has those of Pillow pictures, which differ by a rounding.
//
//	x = transforms.Resize(x, 299, 299, transforms.Bilinear, true)
//	x = transforms.Rotate(x, 15, transforms.Warp{})
//
// Tensors of whole numbers are computed in float32 and rounded; values may be on any scale.
package transforms

import (
	"fmt"
	"math"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/vision"
)

// Interpolation is how values between pixels are made.
type Interpolation int

// The interpolations, named as torchvision's.
const (
	Bilinear     Interpolation = iota
	Nearest                    // of the upper left corners, which shifts the picture: F.interpolate(mode="nearest")
	NearestExact               // of the middles, as Pillow
	Bicubic                    // resizing only: a = -0.75, antialiased -0.5
)

// Resize resamples pictures to (N, C, h, w). With antialias the filter widens where they shrink, as torchvision does
// by default; both nearest ones never do.
func Resize(x *torch.Tensor, h, w int, mode Interpolation, antialias bool) *torch.Tensor {
	size := []int{h, w}
	switch mode {
	case Nearest:
		return x.UpsampleNearest2d(size)
	case NearestExact:
		return x.UpsampleNearestExact2d(size)
	case Bilinear:
		if antialias {
			return x.UpsampleBilinear2dAA(size, false)
		}
		return x.UpsampleBilinear2d(size, false)
	case Bicubic:
		return throughFloat(x, func(x *torch.Tensor) *torch.Tensor {
			if antialias {
				return x.UpsampleBicubic2dAA(size, false)
			}
			return x.UpsampleBicubic2d(size, false)
		})
	}
	panic(misuse("Resize", "there is no interpolation %d", int(mode)))
}

func misuse(op, format string, values ...any) *torch.Error {
	return &torch.Error{Op: op, Code: torch.ValueError, Msg: fmt.Sprintf(format, values...)}
}

// throughFloat applies f in a floating-point type. Whole numbers are rounded back; bytes are clamped, as cubes overshoot.
func throughFloat(x *torch.Tensor, f func(*torch.Tensor) *torch.Tensor) *torch.Tensor {
	kind := x.DType()
	if kind.IsFloat() {
		return f(x)
	}
	y := f(x.ToDType(torch.Float32)).Round()
	if kind == torch.Uint8 {
		y = y.Clamp(torch.ClampOptions{Min: 0, Max: 255})
	}
	return y.ToDType(kind)
}

// Warp says how pictures are sampled where pixels fall between pixels.
type Warp struct {
	Mode   Interpolation // Bilinear or Nearest
	Fill   []float64     // a value a channel for what comes from outside; nil is 0
	Expand bool          // make the pictures as large as their turned corners need (Rotate only)
}

// Rotate turns pictures counter-clockwise by degrees around their middle.
func Rotate(x *torch.Tensor, degrees float64, o Warp) *torch.Tensor {
	m := vision.Affine{Angle: -degrees}.Inverse(0, 0)
	h, w := x.Size(2), x.Size(3)
	if o.Expand {
		h, w = turned(m, h, w)
	}
	return affine(x, m, h, w, o)
}

// turned is the size that holds the corners of an h x w picture. The steps are torchvision's, in float32: they decide
// whether a side that is all but whole gets one more pixel.
func turned(m [6]float64, h, w int) (int, int) {
	halfW, halfH := float32(w)*0.5, float32(h)*0.5
	reach := func(a, b float64, half float32) int {
		far := max(float32(a)*halfW+float32(b)*halfH, float32(a)*halfW-float32(b)*halfH)
		far = max(far, -float32(a)*halfW-float32(b)*halfH, -float32(a)*halfW+float32(b)*halfH)
		whole := func(v float32) float64 { return float64(float32(math.Trunc(float64(v/1e-4))) * 1e-4) }
		return int(math.Ceil(whole(half+far)) - math.Floor(whole(half-far)))
	}
	return reach(m[3], m[4], halfH), reach(m[0], m[1], halfW)
}

// Affine shears, scales, turns and moves pictures.
func Affine(x *torch.Tensor, a vision.Affine, o Warp) *torch.Tensor {
	return affine(x, a.Inverse(0, 0), x.Size(2), x.Size(3), o)
}

func affine(x *torch.Tensor, m [6]float64, h, w int, o Warp) *torch.Tensor {
	halfH, halfW := float64(x.Size(2))/2, float64(x.Size(3))/2
	return sample(x, h, w, o, func(px, py float64) (float64, float64) {
		px, py = px-float64(w)/2, py-float64(h)/2
		return (m[0]*px + m[1]*py + m[2]) / halfW, (m[3]*px + m[4]*py + m[5]) / halfH
	})
}

// Perspective maps pictures so that the four corners start (x, y; top left, top right, bottom right, bottom left) come
// to lie at end.
func Perspective(x *torch.Tensor, start, end [4][2]float64, o Warp) *torch.Tensor {
	p := vision.PerspectiveCoefficients(start, end)
	h, w := x.Size(2), x.Size(3)
	return sample(x, h, w, o, func(px, py float64) (float64, float64) {
		z := p[6]*px + p[7]*py + 1
		return (p[0]*px+p[1]*py+p[2])/z/(float64(w)/2) - 1, (p[3]*px+p[4]*py+p[5])/z/(float64(h)/2) - 1
	})
}

// sample makes h x w pictures of the places, from -1 to 1, that from gives for the middle of each pixel.
func sample(x *torch.Tensor, h, w int, o Warp, from func(px, py float64) (float64, float64)) *torch.Tensor {
	if o.Mode != Bilinear && o.Mode != Nearest {
		panic(misuse("Warp", "pictures are turned with Bilinear or Nearest, not interpolation %d", int(o.Mode)))
	}
	places := make([]float32, 0, 2*h*w)
	for y := range h {
		for x := range w {
			px, py := from(float64(x)+0.5, float64(y)+0.5)
			places = append(places, float32(px), float32(py))
		}
	}
	return throughFloat(x, func(x *torch.Tensor) *torch.Tensor {
		kind, device := x.DType(), x.Device()
		grid := torch.FromSlice(places, 1, h, w, 2).To(torch.ToOptions{DType: kind, Device: &device}).Expand([]int{x.Size(0), h, w, 2})
		how := torch.GridSampleOptions{}
		if o.Mode == Nearest {
			how.Mode = "nearest"
		}
		out := torch.GridSample(x, grid, how)
		if o.Fill == nil {
			return out
		}
		if len(o.Fill) != x.Size(1) {
			panic(misuse("Warp", "%d values cannot fill pictures of %d channels", len(o.Fill), x.Size(1)))
		}
		ones := torch.Ones([]int{1, 1, x.Size(2), x.Size(3)}, torch.TensorOptions{DType: kind, Device: device})
		inside := torch.GridSample(ones, grid.Narrow(0, 0, 1), how)
		fill := torch.FromSlice(o.Fill, 1, len(o.Fill), 1, 1).To(torch.ToOptions{DType: kind, Device: &device})
		return out.Mul(inside).Add(inside.Neg().AddScalar(1).Mul(fill)) // as torchvision does, halves at the border included
	})
}
