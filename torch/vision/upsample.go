package vision

import (
	"image"

	"github.com/forgergan/forger/torch/vision/internal/jpeg"
)

// upsampler brings a plane of a JPEG to the size of the picture, line by line: with libjpeg's "fancy" triangle filter
// where it halves a side, by repetition elsewhere.
type upsampler struct {
	jpeg.Plane
	line []uint8 // of the picture, after fill
	sums []int32
}

func newUpsamplers(p *jpeg.Picture) []upsampler {
	out := make([]upsampler, len(p.Planes))
	for i, plane := range p.Planes {
		out[i] = upsampler{plane, make([]uint8, p.W), make([]int32, plane.W)}
	}
	return out
}

// fill makes line y of the picture.
func (u *upsampler) fill(y int) {
	near := u.Row(y / u.ScaleY)
	far := near
	if u.ScaleY == 2 { // the neighbour that line y leans to
		far = u.Row(max(0, min(u.H-1, y/2-1+2*(y%2))))
	}
	switch {
	case u.ScaleX == 1 && u.ScaleY == 1:
		u.line = near
	case u.ScaleX == 2 && u.ScaleY == 2 && u.W > 2:
		for x := range u.sums {
			u.sums[x] = 3*int32(near[x]) + int32(far[x])
		}
		u.spread(8, 7, 4)
	case u.ScaleX == 2 && u.ScaleY == 1 && u.W > 2:
		for x := range u.sums {
			u.sums[x] = int32(near[x])
		}
		u.spread(1, 2, 2)
	case u.ScaleX == 1 && u.ScaleY == 2:
		bias := int32(1 + y%2)
		for x := range u.line {
			u.line[x] = uint8((3*int32(near[x]) + int32(far[x]) + bias) >> 2)
		}
	default:
		for x := range u.line {
			u.line[x] = near[x/u.ScaleX]
		}
	}
}

// spread doubles u.sums in width: each output is three parts its own sample and one part the neighbour. The two
// biases alternate so that rounding does not drift (jdsample.c).
func (u *upsampler) spread(left, right int32, shift uint) {
	last := u.W - 1
	for x := range u.line {
		own := u.sums[x/2]
		if x%2 == 0 {
			u.line[x] = uint8((3*own + u.sums[max(0, x/2-1)] + left) >> shift)
		} else {
			u.line[x] = uint8((3*own + u.sums[min(last, x/2+1)] + right) >> shift)
		}
	}
}

// fromVideo converts the planes of a lossy WebP as libwebp does. The standard library's own conversion would repeat
// chroma samples instead of interpolating them, and take the limited range of video for the full one.
func fromVideo(src *image.YCbCr) *Image {
	out := native(src, 3)
	cb, cr := make([]uint8, out.W), make([]uint8, out.W)
	for y := range out.H {
		smooth(cb, src.Cb, src.CStride, y, (out.H+1)/2)
		smooth(cr, src.Cr, src.CStride, y, (out.H+1)/2)
		luma, dst := src.Y[y*src.YStride:], out.row(y)
		for x := range out.W {
			dst[3*x], dst[3*x+1], dst[3*x+2] = limitedRange(int32(luma[x]), int32(cb[x]), int32(cr[x]))
		}
	}
	return out
}

// smooth makes line y of a chroma plane of h lines that is halved both ways: weights 9, 3, 3, 1, with libwebp's rounding.
func smooth(dst, plane []uint8, stride, y, h int) {
	w := (len(dst) + 1) / 2
	near, far := plane[y/2*stride:], plane[max(0, min(h-1, y/2-1+2*(y%2)))*stride:]
	for x := range dst {
		side := max(0, min(w-1, x/2-1+2*(x%2)))
		n, h, v, d := int32(near[x/2]), int32(near[side]), int32(far[x/2]), int32(far[side])
		dst[x] = uint8(((n+3*h+3*v+d+8)>>3 + n) >> 1)
	}
}

func clamp8(v int32) uint8 { return uint8(max(0, min(255, v))) }

// limitedRange is libwebp's conversion of BT.601 video range (dsp/yuv.h).
func limitedRange(y, u, v int32) (r, g, b uint8) {
	y = y * 19077 >> 8
	return clamp8((y + v*26149>>8 - 14234) >> 6),
		clamp8((y - u*6419>>8 - v*13320>>8 + 8708) >> 6),
		clamp8((y + u*33050>>8 - 17685) >> 6)
}
