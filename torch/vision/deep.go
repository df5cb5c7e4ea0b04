package vision

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
)

// Deep is a picture of 16-bit samples, as [Image] is one of 8-bit ones: C is 1 or 3, values run from 0 to 65535 and
// are float32, so that nothing is rounded when it is resized.
type Deep struct {
	H, W, C int
	Pix     []float32
}

// IsDeep reports whether data is a PNG file of 16-bit samples, which [DecodeDeep] reads without loss.
func IsDeep(data []byte) bool {
	return len(data) > pngKindAt && isPNG(data) && data[pngDepthAt] == 16
}

// DecodeDeep reads a PNG file of 16-bit samples in mode [Gray] or [RGB]: grey becomes three equal channels, colour
// becomes grey by the weights of ITU-R 601-2, alpha is dropped. The error is that of [DecodeBytes].
func DecodeDeep(name string, data []byte, m Mode) (*Deep, error) {
	f, err := recognise(data)
	if err == nil && !IsDeep(data) {
		err = fmt.Errorf("is not a PNG file of 16 bits a sample")
	}
	if err != nil {
		return nil, fmt.Errorf("picture %s %w", name, err)
	}
	src, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("picture %s %w", name, f.explain(err, len(data)))
	}
	var pix []uint8
	var stride, step int
	switch src := src.(type) {
	case *image.Gray16:
		pix, stride, step = src.Pix, src.Stride, 2
	case *image.RGBA64: // of opaque pictures only
		pix, stride, step = src.Pix, src.Stride, 8
	case *image.NRGBA64:
		pix, stride, step = src.Pix, src.Stride, 8
	}
	b := src.Bounds()
	out := &Deep{b.Dy(), b.Dx(), int(m), make([]float32, b.Dy()*b.Dx()*int(m))}
	dst := out.Pix
	sample := func(p []uint8, c int) float32 { return float32(uint16(p[2*c])<<8 | uint16(p[2*c+1])) }
	for y := range out.H {
		for x := range out.W {
			p := pix[y*stride+x*step:]
			switch {
			case step == 2: // grey
				for c := range out.C {
					dst[c] = sample(p, 0)
				}
			case m == Gray:
				dst[0] = 0.299*sample(p, 0) + 0.587*sample(p, 1) + 0.114*sample(p, 2)
			default:
				dst[0], dst[1], dst[2] = sample(p, 0), sample(p, 1), sample(p, 2)
			}
			dst = dst[out.C:]
		}
	}
	return out, nil
}

// Crop cuts out h x w pixels from (top, left). It panics on a crop that is not inside.
func (d *Deep) Crop(top, left, h, w int) *Deep {
	if h < 1 || w < 1 || top < 0 || left < 0 || top+h > d.H || left+w > d.W {
		panic(fmt.Sprintf("vision: cannot crop %d x %d at (%d, %d) from %d x %d (height x width)", h, w, top, left, d.H, d.W))
	}
	out := &Deep{h, w, d.C, make([]float32, h*w*d.C)}
	for y := range h {
		copy(out.Pix[y*w*d.C:(y+1)*w*d.C], d.Pix[((top+y)*d.W+left)*d.C:])
	}
	return out
}

// Resize returns the picture resampled to h x w, with the numbers of Pillow's mode F: two passes, sums in float64. It
// panics on a size below 1 and on the filter [Nearest].
func (d *Deep) Resize(h, w int, f Filter) *Deep {
	if _, ok := kernels[f]; !ok || h < 1 || w < 1 {
		panic(fmt.Sprintf("vision: cannot resize 16-bit samples to %d x %d (height x width) by %v", h, w, f))
	}
	if verticalFirst(d.H, d.W, h, w) {
		return d.vertical(h, f).horizontal(w, f)
	}
	return d.horizontal(w, f).vertical(h, f)
}

func (d *Deep) horizontal(w int, f Filter) *Deep {
	if w == d.W {
		return d
	}
	out, t := &Deep{d.H, w, d.C, make([]float32, d.H*w*d.C)}, newWeights(d.W, w, f)
	for y := range d.H {
		for x := range w {
			for c := range d.C {
				sum := 0.0
				for k, weight := range t.at[x*t.width : x*t.width+int(t.count[x])] {
					sum += float64(d.Pix[(y*d.W+int(t.first[x])+k)*d.C+c]) * weight
				}
				out.Pix[(y*w+x)*d.C+c] = float32(sum)
			}
		}
	}
	return out
}

func (d *Deep) vertical(h int, f Filter) *Deep {
	if h == d.H {
		return d
	}
	out, t, line := &Deep{h, d.W, d.C, make([]float32, h*d.W*d.C)}, newWeights(d.H, h, f), d.W*d.C
	sums := make([]float64, line)
	for y := range h {
		clear(sums)
		for k, weight := range t.at[y*t.width : y*t.width+int(t.count[y])] {
			for i, v := range d.Pix[(int(t.first[y])+k)*line : (int(t.first[y])+k+1)*line] {
				sums[i] += float64(v) * weight
			}
		}
		for i, sum := range sums {
			out.Pix[y*line+i] = float32(sum)
		}
	}
	return out
}

// FlipH mirrors left and right.
func (d *Deep) FlipH() *Deep {
	out := &Deep{d.H, d.W, d.C, make([]float32, len(d.Pix))}
	for i := 0; i < len(d.Pix); i += d.C {
		x := i / d.C % d.W
		copy(out.Pix[i+(d.W-1-2*x)*d.C:], d.Pix[i:i+d.C])
	}
	return out
}

// Normalize writes the picture to dst as (C, H, W): (v/65535 - mean[c]) / std[c], clamped to v in 0..65535, which
// bicubic resampling can leave. dst must have C*H*W elements, mean and std at least C; it panics otherwise.
func (d *Deep) Normalize(dst, mean, std []float32) {
	plane := d.H * d.W
	if len(dst) != plane*d.C || len(mean) < d.C || len(std) < d.C {
		panic(fmt.Sprintf("vision: a picture of (%d, %d, %d) does not go into %d values with %d means and %d deviations",
			d.C, d.H, d.W, len(dst), len(mean), len(std)))
	}
	for i := range plane {
		for c := range d.C {
			dst[c*plane+i] = (max(0, min(65535, d.Pix[i*d.C+c]))/65535 - mean[c]) / std[c]
		}
	}
}
