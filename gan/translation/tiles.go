package translation

import (
	"github.com/forgergan/forger/gan/metrics"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/vision"
)

// Tiles say how a picture is cut up so that a network needs the memory of a tile.
type Tiles struct {
	Side     int // of a tile, in pixels of the input; 256 if 0
	Margin   int // pixels of input around a tile that its output depends on
	Multiple int // of which tiles begin at multiples, for networks that halve sizes; 1 if 0
	Scale    int // of the sides of the output, 1 if 0
	Blend    int // pixels of input by which tiles overlap further, where their outputs pass into each other
}

// Tiled is f(x) for pictures x (N, C, H, W), made tile by tile. Each tile is seen with Margin pixels around it, of which the
// output is thrown away, so that the result is f(x) but for rounding, with no seams, where no output depends on inputs
// farther away: not so for norms that compute statistics of the picture, for which Blend softens the seams. The result has
// f's channels and Scale times the sides. Gradients are not recorded.
func Tiled(f func(x *torch.Tensor) *torch.Tensor, x *torch.Tensor, o Tiles) (whole *torch.Tensor) {
	multiple, scale := max(o.Multiple, 1), max(o.Scale, 1)
	up := func(n int) int { return (n + multiple - 1) / multiple * multiple }
	side, margin := o.Side, up(o.Margin)
	if side < 1 {
		side = 256
	}
	side = up(side)
	if o.Blend > 0 {
		return blended(f, x, side, min(up(o.Blend), side/2), scale)
	}
	h, w := x.Size(2), x.Size(3)
	torch.NoGrad(func() {
		for top := 0; top < h; top += side {
			for left := 0; left < w; left += side {
				torch.Scope(func() {
					rows, columns := newSpan(top, side, margin, h), newSpan(left, side, margin, w)
					part := f(x.Narrow(2, rows.from, rows.to-rows.from).Narrow(3, columns.from, columns.to-columns.from))
					part = part.Narrow(2, scale*(top-rows.from), scale*rows.length).Narrow(3, scale*(left-columns.from), scale*columns.length)
					if whole == nil {
						options := torch.TensorOptions{DType: part.DType(), Device: part.Device()}
						whole = torch.Empty([]int{x.Size(0), part.Size(1), scale * h, scale * w}, torch.EmptyOptions{TensorOptions: options}).Keep()
					}
					whole.Narrow(2, scale*top, scale*rows.length).Narrow(3, scale*left, scale*columns.length).CopyInPlace(part)
				})
			}
		}
	})
	return whole
}

// blended is f(x) of tiles that overlap, weighed by how far a pixel is inside its tile.
func blended(f func(x *torch.Tensor) *torch.Tensor, x *torch.Tensor, side, overlap, scale int) *torch.Tensor {
	h, w := x.Size(2), x.Size(3)
	return torch.Tidy(func() (whole *torch.Tensor) {
		torch.NoGrad(func() {
			var weights *torch.Tensor
			for _, top := range starts(h, side, overlap) {
				for _, left := range starts(w, side, overlap) {
					torch.Scope(func() {
						rows, columns := min(side, h-top), min(side, w-left)
						part := f(x.Narrow(2, top, rows).Narrow(3, left, columns))
						weight := ramp(scale*rows, scale*overlap).View(-1, 1).Mul(ramp(scale*columns, scale*overlap)).ToDevice(part.Device())
						if whole == nil {
							options := torch.TensorOptions{Device: part.Device()}
							whole = torch.Zeros([]int{x.Size(0), part.Size(1), scale * h, scale * w}, options).Keep()
							weights = torch.Zeros([]int{scale * h, scale * w}, options).Keep()
						}
						whole.Narrow(2, scale*top, scale*rows).Narrow(3, scale*left, scale*columns).AddInPlace(part.Mul(weight))
						weights.Narrow(0, scale*top, scale*rows).Narrow(1, scale*left, scale*columns).AddInPlace(weight)
					})
				}
			}
			whole = whole.Div(weights)
		})
		return whole
	})
}

// starts are where tiles begin on a side; the last ends with it.
func starts(whole, side, overlap int) (all []int) {
	for at := 0; ; at += side - overlap {
		if at+side >= whole {
			return append(all, max(0, whole-side))
		}
		all = append(all, at)
	}
}

// ramp rises over the overlap to 1, and falls at the end, (n); it is nowhere 0.
func ramp(n, overlap int) *torch.Tensor {
	x := make([]float32, n)
	for i := range x {
		x[i] = min(1, float32(min(i, n-1-i)+1)/float32(overlap+1))
	}
	return torch.FromSlice(x)
}

// span is the part of a side that a tile sees, and the length of the tile itself.
type span struct{ from, to, length int }

func newSpan(start, side, margin, whole int) span {
	end := min(start+side, whole)
	return span{max(0, start-margin), min(end+margin, whole), end - start}
}

// Bicubic enlarges pictures (N, C, H, W) in [−1, 1], which are rounded to bytes, as MATLAB's imresize does: the baseline of
// super-resolution. The result is on the device of x.
func Bicubic(x *torch.Tensor, scale int) *torch.Tensor {
	n, c, h, w := x.Size(0), x.Size(1), x.Size(2), x.Size(3)
	values := torch.Values[float32](metrics.Quantise(x).ToDevice(torch.Device{}))
	out := make([]float32, 0, len(values)*scale*scale)
	for ; len(values) > 0; values = values[h*w:] { // each channel by itself
		plane := vision.FromFloats(values[:h*w], 1, h, w, 0, 255, vision.HalfUp).Imresize(scale*h, scale*w)
		for _, v := range plane.Pix {
			out = append(out, float32(v)/127.5-1)
		}
	}
	return torch.FromSlice(out, n, c, scale*h, scale*w).ToDevice(x.Device())
}
