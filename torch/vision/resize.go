package vision

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/forgergan/forger/torch/vision/internal/kernel"
)

// Filter is a resampling filter of Pillow.
type Filter int

// The filters. Bilinear is torchvision's default. All but Nearest widen when the picture shrinks (antialiasing).
const (
	Bilinear Filter = iota
	Nearest
	Box
	Hamming
	Bicubic // a = -0.5, as Pillow
	Lanczos // three lobes
)

var filterNames = []string{"bilinear", "nearest", "box", "hamming", "bicubic", "lanczos"}

// String is Pillow's name of the filter in lower case.
func (f Filter) String() string {
	if f < 0 || int(f) >= len(filterNames) {
		return fmt.Sprintf("filter(%d)", int(f))
	}
	return filterNames[f]
}

// ParseFilter is the filter of that name.
func ParseFilter(name string) (Filter, error) {
	i := slices.Index(filterNames, name)
	if i < 0 {
		return 0, fmt.Errorf("there is no filter %q, only %s", name, strings.Join(filterNames, ", "))
	}
	return Filter(i), nil
}

// kernels gives the half-width and the function of each filter (Pillow, Resample.c).
var kernels = map[Filter]struct {
	support float64
	at      func(x float64) float64
}{
	Box: {0.5, func(x float64) float64 {
		if x > -0.5 && x <= 0.5 {
			return 1
		}
		return 0
	}},
	Bilinear: {1, func(x float64) float64 { return max(0, 1-math.Abs(x)) }},
	Hamming: {1, func(x float64) float64 {
		x = math.Abs(x)
		if x == 0 {
			return 1
		}
		if x >= 1 {
			return 0
		}
		x *= math.Pi
		return math.Sin(x) / x * (0.54 + 0.46*math.Cos(x))
	}},
	Bicubic: {2, func(x float64) float64 {
		const a = -0.5
		x = math.Abs(x)
		if x < 1 {
			return ((a+2)*x-(a+3))*x*x + 1
		}
		if x < 2 {
			return (((x-5)*x+8)*x - 4) * a
		}
		return 0
	}},
	Lanczos: {3, func(x float64) float64 {
		if -3 <= x && x < 3 {
			return sinc(x) * sinc(x/3)
		}
		return 0
	}},
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	x *= math.Pi
	return math.Sin(x) / x
}

// weights are the taps of a resampled side before they are rounded: position i is the sum of count[i] values from
// first[i] on, times at[i*width:].
type weights struct {
	first, count []int32
	at           []float64
	width        int
}

// newWeights follows Pillow's precompute_coeffs, in its order of operations.
func newWeights(in, out int, f Filter) weights {
	k := kernels[f]
	scale := float64(in) / float64(out)
	wide := max(scale, 1)
	support := k.support * wide
	width := 2*int(math.Ceil(support)) + 1
	t := weights{make([]int32, out), make([]int32, out), make([]float64, out*width), width}
	inverse := 1 / wide
	for i := range out {
		center := (float64(i) + 0.5) * scale
		first := max(0, int(center-support+0.5))
		count := min(in, int(center+support+0.5)) - first
		exact, sum := t.at[i*width:i*width+count], 0.0
		for x := range exact {
			exact[x] = k.at((float64(x+first) - center + 0.5) * inverse)
			sum += exact[x]
		}
		if sum != 0 {
			for x := range exact {
				exact[x] /= sum
			}
		}
		t.first[i], t.count[i] = int32(first), int32(count)
	}
	return t
}

// newTaps follows Pillow's normalize_coeffs_8bpc.
func newTaps(in, out int, f Filter) kernel.Taps {
	exact := newWeights(in, out, f)
	t := kernel.Taps{First: exact.first, Count: exact.count, Weights: make([]int32, len(exact.at)), Width: exact.width}
	for i, w := range exact.at {
		if w < 0 {
			t.Weights[i] = int32(w*(1<<kernel.Precision) - 0.5)
		} else {
			t.Weights[i] = int32(w*(1<<kernel.Precision) + 0.5)
		}
	}
	return t
}

// Resize returns the picture resampled to h x w, bit for bit as Pillow 13's Image.resize does on 8-bit modes: two
// passes with rounding to 8 bits between them. RGBA is weighted by its alpha. It panics on a size below 1.
//
// The horizontal pass comes first, except where the height shrinks by more than twice what the width does. That
// exception came with Pillow 13; older versions differ there by a few units.
func (im *Image) Resize(h, w int, f Filter) *Image { return im.ResizeCrop(h, w, f, 0, 0, h, w) }

// ResizeCrop is Resize(h, w, f) and then Crop(top, left, cropH, cropW), but computes the pixels of the crop only.
// It panics on a size below 1.
func (im *Image) ResizeCrop(h, w int, f Filter, top, left, cropH, cropW int) *Image {
	if h < 1 || w < 1 {
		panic(fmt.Sprintf("vision: cannot resize to %d x %d (height x width)", h, w))
	}
	if _, ok := kernels[f]; !ok && f != Nearest {
		panic(fmt.Sprintf("vision: there is no filter %d", int(f)))
	}
	switch {
	case h == im.H && w == im.W:
		return im.Crop(top, left, cropH, cropW)
	case f == Nearest:
		return im.nearest(h, w).Crop(top, left, cropH, cropW)
	case top < 0 || left < 0 || cropH < 1 || cropW < 1 || top+cropH > h || left+cropW > w: // over the border
		return im.ResizeCrop(h, w, f, 0, 0, h, w).Crop(top, left, cropH, cropW)
	case im.C == 4:
		return im.premultiply().resample(h, w, f, top, left, cropH, cropW).unmultiply()
	}
	return im.resample(h, w, f, top, left, cropH, cropW)
}

// resample computes a part of the picture resampled to h x w.
func (im *Image) resample(h, w int, f Filter, top, left, cropH, cropW int) *Image {
	down := newTaps(im.H, h, f).Slice(top, top+cropH)
	across := newTaps(im.W, w, f).Slice(left, left+cropW)
	out := NewImage(cropH, cropW, im.C)
	if verticalFirst(im.H, im.W, h, w) {
		between := buffer(cropH * im.W * im.C)
		kernel.Vertical(*between, im.Pix, im.W*im.C, down)
		kernel.Horizontal(out.Pix, *between, cropH, im.W, im.C, across)
		buffers.Put(between)
		return out
	}
	// The first pass makes the lines that the second one reads.
	first, last := int(down.First[0]), int(down.First[cropH-1]+down.Count[cropH-1])
	for i := range down.First {
		down.First[i] -= int32(first)
	}
	between := buffer((last - first) * cropW * im.C)
	kernel.Horizontal(*between, im.Pix[first*im.W*im.C:], last-first, im.W, im.C, across)
	kernel.Vertical(out.Pix, *between, cropW*im.C, down)
	buffers.Put(between)
	return out
}

func verticalFirst(fromH, fromW, h, w int) bool { return fromH-h > max(0, 2*(fromW-w)) }

// buffers keeps memory for what lies between two passes.
var buffers = sync.Pool{New: func() any { return new([]uint8) }}

func buffer(n int) *[]uint8 {
	b := buffers.Get().(*[]uint8)
	*b = slices.Grow((*b)[:0], n)[:n]
	return b
}

// nearestSources gives the source of every position of a side that is resampled from in to out. It adds the position up
// step by step, as Pillow's affine scaling does: the rounding of the sum decides ties.
func nearestSources(in, out int) []int {
	at := make([]int, out)
	step := float64(in) / float64(out)
	pos := step * 0.5
	for i := range at {
		at[i] = min(int(pos), in-1)
		pos += step
	}
	return at
}

func (im *Image) nearest(h, w int) *Image {
	xs, out := nearestSources(im.W, w), NewImage(h, w, im.C)
	for y, sy := range nearestSources(im.H, h) {
		src, dst := im.row(sy), out.row(y)
		for x, sx := range xs {
			copy(dst[x*im.C:(x+1)*im.C], src[sx*im.C:])
		}
	}
	return out
}

// premultiply scales colours by alpha (Pillow's mode "RGBa"), so that the colour under transparent pixels does not bleed.
func (im *Image) premultiply() *Image {
	out := im.clone()
	for p := out.Pix; len(p) > 0; p = p[4:] {
		for c := range 3 {
			v := uint32(p[c])*uint32(p[3]) + 128
			p[c] = uint8((v>>8 + v) >> 8)
		}
	}
	return out
}

func (im *Image) unmultiply() *Image {
	for p := im.Pix; len(p) > 0; p = p[4:] {
		if a := uint32(p[3]); a != 0 && a != 255 {
			for c := range 3 {
				p[c] = uint8(min(255, 255*uint32(p[c])/a))
			}
		}
	}
	return im
}

// ResizeShort scales the picture so that its shorter side becomes size and the longer int(size*longer/shorter):
// torchvision's Resize with one number. With longest > 0 the longer side is held to that, then the shorter one follows.
func (im *Image) ResizeShort(size, longest int, f Filter) *Image {
	h, w := im.ShortSize(size, longest)
	return im.Resize(h, w, f)
}

// ShortSize returns the height and width that [Image.ResizeShort] brings the picture to.
func (im *Image) ShortSize(size, longest int) (h, w int) {
	short, long := min(im.H, im.W), max(im.H, im.W)
	s, l := size, size*long/short
	if longest > 0 && l > longest {
		s, l = longest*s/l, longest
	}
	s = max(s, 1)
	if im.H <= im.W {
		return s, l
	}
	return l, s
}
