package vision

import (
	"fmt"
	"math"
)

// Half as mean and deviation maps bytes to [-1, 1]; mean Zero and deviation One map them to [0, 1].
// ImageNetMean and ImageNetStd are the statistics that networks trained on ImageNet expect.
var (
	Half         = []float32{0.5, 0.5, 0.5}
	Zero         = []float32{0, 0, 0}
	One          = []float32{1, 1, 1}
	ImageNetMean = []float32{0.485, 0.456, 0.406}
	ImageNetStd  = []float32{0.229, 0.224, 0.225}
)

// Normalize writes the picture to dst as (C, H, W): ToTensor and Normalize of torchvision in one pass,
// (v/255 - mean[c]) / std[c] in float32. dst must have C*H*W elements, mean and std at least C; it panics otherwise.
func (im *Image) Normalize(dst, mean, std []float32) {
	plane := im.H * im.W
	if len(dst) != plane*im.C || len(mean) < im.C || len(std) < im.C {
		panic(fmt.Sprintf("vision: a picture of (%d, %d, %d) does not go into %d values with %d means and %d deviations",
			im.C, im.H, im.W, len(dst), len(mean), len(std)))
	}
	var tables [4][256]float32
	for c := range im.C {
		for v := range tables[c] {
			tables[c][v] = (float32(v)/255 - mean[c]) / std[c]
		}
	}
	if im.C == 3 { // the common case in one go
		r, g, b := dst[:plane], dst[plane:2*plane], dst[2*plane:]
		for i, pix := 0, im.Pix; i < plane; i, pix = i+1, pix[3:] {
			r[i], g[i], b[i] = tables[0][pix[0]], tables[1][pix[1]], tables[2][pix[2]]
		}
		return
	}
	for c := range im.C {
		out := dst[c*plane : (c+1)*plane]
		for i := range out {
			out[i] = tables[c][im.Pix[i*im.C+c]]
		}
	}
}

// Rounding is a rule that makes bytes of numbers in [0, 1]. Papers differ, and scores such as FID feel it.
type Rounding int

// The rules, for x in [0, 1] after clamping.
const (
	HalfUp      Rounding = iota // floor(255 x + 0.5): torchvision save_image
	Truncate                    // floor(255 x): torchvision to_pil_image
	HalfEven                    // round(255 x), half to even: torch.round
	EvenBuckets                 // floor(255.999 x): torchvision convert_image_dtype
)

// byteOf returns x, nominally in [0, 1], as a byte; NaN is 0.
func (r Rounding) byteOf(x float32) uint8 {
	var v float32
	switch r {
	case HalfUp:
		v = x*255 + 0.5
	case Truncate:
		v = x * 255
	case HalfEven:
		v = float32(math.RoundToEven(float64(x * 255)))
	case EvenBuckets:
		v = x * (255 + 1 - 1e-3)
	default:
		panic(fmt.Sprintf("vision: there is no rounding %d", int(r)))
	}
	if v >= 255 {
		return 255
	}
	if !(v > 0) {
		return 0
	}
	return uint8(v)
}

// FromFloats makes a picture of x, laid out (c, h, w) with values in [lo, hi]; what lies outside is clamped and NaN
// becomes 0. For a generator's output that is FromFloats(x, c, h, w, -1, 1, HalfUp). It panics if x is not of that size.
func FromFloats(x []float32, c, h, w int, lo, hi float32, r Rounding) *Image {
	im := NewImage(h, w, c)
	if len(x) != c*h*w {
		panic(fmt.Sprintf("vision: %d values are not a picture of (%d, %d, %d)", len(x), c, h, w))
	}
	plane := h * w
	for ch := range c {
		for i, v := range x[ch*plane : (ch+1)*plane] {
			im.Pix[i*c+ch] = r.byteOf((v - lo) / (hi - lo))
		}
	}
	return im
}
