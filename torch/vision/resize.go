package vision

import (
	"fmt"
	"math"
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

// precision is the number of fraction bits of a coefficient: 32 bits less 8 of the pixel and 2 of head room.
const precision = 22

// taps are the fixed-point coefficients of one axis: output i is the sum of the inputs from first[i] on,
// weighted with weights[i*width : i*width+count[i]].
type taps struct {
	first, count []int
	weights      []int32
	width        int
}

// newTaps follows Pillow's precompute_coeffs and normalize_coeffs_8bpc, in their order of operations.
func newTaps(in, out int, f Filter) taps {
	kernel := kernels[f]
	scale := float64(in) / float64(out)
	wide := max(scale, 1)
	support := kernel.support * wide
	t := taps{make([]int, out), make([]int, out), nil, 2*int(math.Ceil(support)) + 1}
	t.weights = make([]int32, out*t.width)
	k := make([]float64, t.width)
	inverse := 1 / wide
	for i := range out {
		center := (float64(i) + 0.5) * scale
		first := max(0, int(center-support+0.5))
		count := min(in, int(center+support+0.5)) - first
		sum := 0.0
		for x := range count {
			k[x] = kernel.at((float64(x+first) - center + 0.5) * inverse)
			sum += k[x]
		}
		for x := range count {
			w := k[x]
			if sum != 0 {
				w /= sum
			}
			if w < 0 {
				t.weights[i*t.width+x] = int32(w*(1<<precision) - 0.5)
			} else {
				t.weights[i*t.width+x] = int32(w*(1<<precision) + 0.5)
			}
		}
		t.first[i], t.count[i] = first, count
	}
	return t
}

func clip8(v int32) uint8 {
	v >>= precision
	if v < 0 {
		return 0
	}
	if v > 255 {
		return 255
	}
	return uint8(v)
}

// Resize returns the picture resampled to h x w, bit for bit as Pillow 13's Image.resize does on 8-bit modes: two
// passes with rounding to 8 bits between them. RGBA is weighted by its alpha. It panics on a size below 1.
//
// The horizontal pass comes first, except where the height shrinks by more than twice what the width does. That
// exception came with Pillow 13; older versions differ there by a few units.
func (im *Image) Resize(h, w int, f Filter) *Image {
	if h < 1 || w < 1 {
		panic(fmt.Sprintf("vision: cannot resize to %d x %d (height x width)", h, w))
	}
	if h == im.H && w == im.W {
		return im.clone()
	}
	if f == Nearest {
		return im.nearest(h, w)
	}
	if _, ok := kernels[f]; !ok {
		panic(fmt.Sprintf("vision: there is no filter %d", int(f)))
	}
	if im.C == 4 {
		return im.premultiply().resample(h, w, f).unmultiply()
	}
	return im.resample(h, w, f)
}

func (im *Image) resample(h, w int, f Filter) *Image {
	verticalFirst := im.H-h > max(0, 2*(im.W-w))
	if verticalFirst {
		im = im.vertical(newTaps(im.H, h, f), h)
	}
	if w != im.W {
		im = im.horizontal(newTaps(im.W, w, f), w)
	}
	if h != im.H {
		im = im.vertical(newTaps(im.H, h, f), h)
	}
	return im
}

func (im *Image) horizontal(t taps, w int) *Image {
	out := NewImage(im.H, w, im.C)
	for y := range im.H {
		src, dst := im.row(y), out.row(y)
		for x := range w {
			weights := t.weights[x*t.width:][:t.count[x]]
			from := src[t.first[x]*im.C:][:len(weights)*im.C]
			if im.C == 3 { // the common case in one pass over the weights
				r, g, b := int32(1<<(precision-1)), int32(1<<(precision-1)), int32(1<<(precision-1))
				for _, weight := range weights {
					r += int32(from[0]) * weight
					g += int32(from[1]) * weight
					b += int32(from[2]) * weight
					from = from[3:]
				}
				dst[3*x], dst[3*x+1], dst[3*x+2] = clip8(r), clip8(g), clip8(b)
				continue
			}
			for c := range im.C {
				sum := int32(1 << (precision - 1))
				for k, weight := range weights {
					sum += int32(from[k*im.C+c]) * weight
				}
				dst[x*im.C+c] = clip8(sum)
			}
		}
	}
	return out
}

func (im *Image) vertical(t taps, h int) *Image {
	out := NewImage(h, im.W, im.C)
	sums := make([]int32, im.W*im.C)
	for y := range h {
		for i := range sums {
			sums[i] = 1 << (precision - 1)
		}
		for k, weight := range t.weights[y*t.width : y*t.width+t.count[y]] {
			src := im.row(t.first[y] + k)
			for i := range sums {
				sums[i] += int32(src[i]) * weight
			}
		}
		dst := out.row(y)
		for i, s := range sums {
			dst[i] = clip8(s)
		}
	}
	return out
}

// nearest adds up the source position step by step, as Pillow's affine scaling does: the rounding of the sum
// decides ties.
func (im *Image) nearest(h, w int) *Image {
	source := func(in, out int) []int {
		at := make([]int, out)
		step := float64(in) / float64(out)
		pos := step * 0.5
		for i := range at {
			at[i] = min(int(pos), in-1)
			pos += step
		}
		return at
	}
	xs, ys, out := source(im.W, w), source(im.H, h), NewImage(h, w, im.C)
	for y, sy := range ys {
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
	short, long := min(im.H, im.W), max(im.H, im.W)
	s, l := size, size*long/short
	if longest > 0 && l > longest {
		s, l = longest*s/l, longest
	}
	s = max(s, 1)
	if im.H <= im.W {
		return im.Resize(s, l, f)
	}
	return im.Resize(l, s, f)
}
