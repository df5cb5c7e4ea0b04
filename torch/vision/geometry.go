package vision

import (
	"fmt"
	"math"
	"math/rand/v2"
)

func (im *Image) clone() *Image {
	out := *im
	out.Pix = append([]uint8(nil), im.Pix...)
	return &out
}

// Crop cuts out h x w pixels from (top, left); what lies beyond the picture is black (RGBA: transparent), as in
// torchvision's crop. It panics on a size below 1.
func (im *Image) Crop(top, left, h, w int) *Image {
	out := NewImage(h, w, im.C)
	x0, x1 := max(0, -left), min(w, im.W-left)
	for y := max(0, -top); y < min(h, im.H-top) && x0 < x1; y++ {
		copy(out.row(y)[x0*im.C:x1*im.C], im.row(y + top)[(x0+left)*im.C:])
	}
	return out
}

// CenterCrop cuts h x w pixels from the middle with torchvision's rounding: the offset is half the difference,
// rounded half to even; a side that is too short is padded with black first, the odd pixel at the right or bottom.
func (im *Image) CenterCrop(h, w int) *Image {
	offset := func(have, want int) int {
		if want > have {
			return -((want - have) / 2)
		}
		return int(math.RoundToEven(float64(have-want) / 2))
	}
	return im.Crop(offset(im.H, h), offset(im.W, w), h, w)
}

// FiveCrop returns the corners (top left, top right, bottom left, bottom right) and the centre, h x w pixels each.
// It panics if the picture is smaller.
func (im *Image) FiveCrop(h, w int) [5]*Image {
	if h > im.H || w > im.W {
		panic(fmt.Sprintf("vision: cannot crop %d x %d from %d x %d (height x width)", h, w, im.H, im.W))
	}
	return [5]*Image{
		im.Crop(0, 0, h, w), im.Crop(0, im.W-w, h, w),
		im.Crop(im.H-h, 0, h, w), im.Crop(im.H-h, im.W-w, h, w), im.CenterCrop(h, w),
	}
}

// RandomCrop cuts h x w pixels from a place drawn uniformly, first the row, then the column. A side that is too
// short is padded with black at both ends by what it lacks (torchvision's pad_if_needed).
func (im *Image) RandomCrop(h, w int, rng *rand.Rand) *Image {
	top, left := -max(0, h-im.H), -max(0, w-im.W)
	return im.Crop(top+rng.IntN(max(im.H-h, h-im.H)+1), left+rng.IntN(max(im.W-w, w-im.W)+1), h, w)
}

// ResizedCrop cuts out cropH x cropW pixels from (top, left) and resamples them to h x w.
func (im *Image) ResizedCrop(top, left, cropH, cropW, h, w int, f Filter) *Image {
	return im.Crop(top, left, cropH, cropW).Resize(h, w, f)
}

// RandomResizedCrop cuts out an area of scale[0]..scale[1] of the picture with a ratio width/height of
// ratio[0]..ratio[1] (log-uniform), and resamples it to h x w: torchvision's transform and its fall-back to a
// central crop after ten draws that do not fit. Its defaults there are scale {0.08, 1} and ratio {3/4, 4/3}.
func (im *Image) RandomResizedCrop(h, w int, scale, ratio [2]float64, f Filter, rng *rand.Rand) *Image {
	lo, hi := math.Log(ratio[0]), math.Log(ratio[1])
	for range 10 {
		area := float64(im.H*im.W) * (scale[0] + rng.Float64()*(scale[1]-scale[0]))
		aspect := math.Exp(lo + rng.Float64()*(hi-lo))
		cw, ch := int(math.RoundToEven(math.Sqrt(area*aspect))), int(math.RoundToEven(math.Sqrt(area/aspect)))
		if cw > 0 && cw <= im.W && ch > 0 && ch <= im.H {
			return im.ResizedCrop(rng.IntN(im.H-ch+1), rng.IntN(im.W-cw+1), ch, cw, h, w, f)
		}
	}
	ch, cw := im.H, im.W
	if r := float64(im.W) / float64(im.H); r < ratio[0] {
		ch = int(math.RoundToEven(float64(cw) / ratio[0]))
	} else if r > ratio[1] {
		cw = int(math.RoundToEven(float64(ch) * ratio[1]))
	}
	return im.ResizedCrop((im.H-ch)/2, (im.W-cw)/2, ch, cw, h, w, f)
}

// FlipH mirrors left and right.
func (im *Image) FlipH() *Image {
	if im.C != 3 {
		return im.remap(im.H, im.W, func(y, x int) (int, int) { return y, im.W - 1 - x })
	}
	out := NewImage(im.H, im.W, 3)
	for y := range im.H { // the common case without a call a pixel
		src, dst := im.row(y), out.row(y)
		for i, k := 0, len(src)-3; k >= 0; i, k = i+3, k-3 {
			to, from := dst[i:i+3:i+3], src[k:k+3:k+3]
			to[0], to[1], to[2] = from[0], from[1], from[2]
		}
	}
	return out
}

// FlipV mirrors top and bottom.
func (im *Image) FlipV() *Image {
	return im.remap(im.H, im.W, func(y, x int) (int, int) { return im.H - 1 - y, x })
}

// remap builds an h x w picture whose pixel (y, x) is the one at from(y, x).
func (im *Image) remap(h, w int, from func(y, x int) (int, int)) *Image {
	out := NewImage(h, w, im.C)
	for y := range h {
		dst := out.row(y)
		for x := range w {
			sy, sx := from(y, x)
			copy(dst[x*im.C:(x+1)*im.C], im.Pix[(sy*im.W+sx)*im.C:])
		}
	}
	return out
}

// PadMode says what a border is filled with.
type PadMode int

// The fillings, on a line "abcd" padded by two on the left.
const (
	Constant  PadMode = iota // the given value
	Edge                     // aa|abcd
	Reflect                  // cb|abcd
	Symmetric                // ba|abcd
)

// Pad adds a border; fill is the value of every channel in mode Constant. The order of the sides is torchvision's.
// It panics on a negative width, and in modes Reflect and Symmetric on a border wider than the picture can mirror.
func (im *Image) Pad(left, top, right, bottom int, mode PadMode, fill uint8) *Image {
	limitX, limitY := math.MaxInt, math.MaxInt
	switch mode {
	case Reflect:
		limitX, limitY = im.W-1, im.H-1
	case Symmetric:
		limitX, limitY = im.W, im.H
	}
	if min(left, top, right, bottom) < 0 || max(left, right) > limitX || max(top, bottom) > limitY {
		panic(fmt.Sprintf("vision: cannot pad %d x %d by %d, %d, %d, %d (left, top, right, bottom)", im.H, im.W, left, top, right, bottom))
	}
	if mode == Constant {
		out := NewImage(im.H+top+bottom, im.W+left+right, im.C)
		for i := range out.Pix {
			out.Pix[i] = fill
		}
		for y := range im.H {
			copy(out.row(y + top)[left*im.C:], im.row(y))
		}
		return out
	}
	inside := func(i, n int) int {
		switch {
		case mode == Edge:
			return max(0, min(n-1, i))
		case i < 0 && mode == Reflect:
			return -i
		case i < 0:
			return -i - 1
		case i >= n && mode == Reflect:
			return 2*n - 2 - i
		case i >= n:
			return 2*n - 1 - i
		}
		return i
	}
	return im.remap(im.H+top+bottom, im.W+left+right, func(y, x int) (int, int) {
		return inside(y-top, im.H), inside(x-left, im.W)
	})
}

// Upright undoes an EXIF orientation (1 to 8, see [Orientation]), as Pillow's exif_transpose does; any other
// number leaves the picture alone.
func (im *Image) Upright(orientation int) *Image {
	h, w := im.H, im.W
	switch orientation {
	case 2:
		return im.FlipH()
	case 3:
		return im.remap(h, w, func(y, x int) (int, int) { return h - 1 - y, w - 1 - x })
	case 4:
		return im.FlipV()
	case 5:
		return im.remap(w, h, func(y, x int) (int, int) { return x, y })
	case 6:
		return im.remap(w, h, func(y, x int) (int, int) { return h - 1 - x, y })
	case 7:
		return im.remap(w, h, func(y, x int) (int, int) { return h - 1 - x, w - 1 - y })
	case 8:
		return im.remap(w, h, func(y, x int) (int, int) { return x, w - 1 - y })
	}
	return im.clone()
}
