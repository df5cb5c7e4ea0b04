package vision

import "image"

// fromYCbCr converts the planes of a JPEG as libjpeg does, or, with limited, those of a lossy WebP as libwebp does.
// The standard library's own conversion would repeat chroma samples instead of interpolating them, and take WebP's
// limited range for the full one.
func fromYCbCr(src *image.YCbCr, limited bool) *Image {
	out := native(src, 3)
	cb, cr := make([]uint8, out.W), make([]uint8, out.W)
	up := newUpsampler(src, out.H, out.W, limited)
	convert := fullRange
	if limited {
		convert = limitedRange
	}
	for y := range out.H {
		up.row(cb, src.Cb, y)
		up.row(cr, src.Cr, y)
		luma, dst := src.Y[y*src.YStride:], out.row(y)
		for x := range out.W {
			r, g, b := convert(int32(luma[x]), int32(cb[x]), int32(cr[x]))
			dst[3*x], dst[3*x+1], dst[3*x+2] = r, g, b
		}
	}
	return out
}

func clamp8(v int32) uint8 { return uint8(max(0, min(255, v))) }

// fullRange is libjpeg's YCC to RGB conversion (jdcolor.c): 16 fraction bits, the two green terms rounded together.
func fullRange(y, cb, cr int32) (r, g, b uint8) {
	cb, cr = cb-128, cr-128
	return clamp8(y + (91881*cr+1<<15)>>16),
		clamp8(y + (-22554*cb-46802*cr+1<<15)>>16),
		clamp8(y + (116130*cb+1<<15)>>16)
}

// limitedRange is libwebp's conversion of BT.601 video range (dsp/yuv.h).
func limitedRange(y, u, v int32) (r, g, b uint8) {
	y = y * 19077 >> 8
	return clamp8((y + v*26149>>8 - 14234) >> 6),
		clamp8((y - u*6419>>8 - v*13320>>8 + 8708) >> 6),
		clamp8((y + u*33050>>8 - 17685) >> 6)
}

// upsampler brings chroma planes to the size of the picture: libjpeg's "fancy" triangle filter where it halves a
// side, repetition elsewhere.
type upsampler struct {
	stride, h, w   int // of the chroma plane; h and w count real samples, not the padding of blocks
	scaleX, scaleY int
	webp           bool
	sums           []int32
}

func newUpsampler(src *image.YCbCr, h, w int, webp bool) *upsampler {
	u := &upsampler{stride: src.CStride, scaleX: 1, scaleY: 1, webp: webp}
	switch src.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		u.scaleX = 2
	case image.YCbCrSubsampleRatio420:
		u.scaleX, u.scaleY = 2, 2
	case image.YCbCrSubsampleRatio440:
		u.scaleY = 2
	case image.YCbCrSubsampleRatio411:
		u.scaleX = 4
	case image.YCbCrSubsampleRatio410:
		u.scaleX, u.scaleY = 4, 2
	}
	u.h, u.w = (h+u.scaleY-1)/u.scaleY, (w+u.scaleX-1)/u.scaleX
	u.sums = make([]int32, u.w)
	return u
}

// row fills dst with line y of the plane at full size.
func (u *upsampler) row(dst, plane []uint8, y int) {
	near := plane[y/u.scaleY*u.stride:][:u.w]
	far := near
	if u.scaleY == 2 { // the neighbour that line y leans to
		other := max(0, min(u.h-1, y/2-1+2*(y%2)))
		far = plane[other*u.stride:][:u.w]
	}
	switch {
	case u.webp && u.scaleX == 2:
		for x := range dst {
			side := max(0, min(u.w-1, x/2-1+2*(x%2)))
			n, h, v, d := int32(near[x/2]), int32(near[side]), int32(far[x/2]), int32(far[side])
			dst[x] = uint8(((n+3*h+3*v+d+8)>>3 + n) >> 1)
		}
	case u.scaleX == 2 && u.scaleY == 2 && u.w > 2:
		for x := range u.sums {
			u.sums[x] = 3*int32(near[x]) + int32(far[x])
		}
		u.spread(dst, 8, 7, 4)
	case u.scaleX == 2 && u.scaleY == 1 && u.w > 2:
		for x := range u.sums {
			u.sums[x] = int32(near[x])
		}
		u.spread(dst, 1, 2, 2)
	case u.scaleX == 1 && u.scaleY == 2:
		bias := int32(1 + y%2)
		for x := range dst {
			dst[x] = uint8((3*int32(near[x]) + int32(far[x]) + bias) >> 2)
		}
	default:
		for x := range dst {
			dst[x] = near[x/u.scaleX]
		}
	}
}

// spread doubles u.sums in width: each output is three parts its own sample and one part the neighbour. The two
// biases alternate so that rounding does not drift (jdsample.c).
func (u *upsampler) spread(dst []uint8, left, right int32, shift uint) {
	last := u.w - 1
	for x := range dst {
		own := u.sums[x/2]
		if x%2 == 0 {
			other := u.sums[max(0, x/2-1)]
			dst[x] = uint8((3*own + other + left) >> shift)
		} else {
			other := u.sums[min(last, x/2+1)]
			dst[x] = uint8((3*own + other + right) >> shift)
		}
	}
}
