// Package kernel holds the inner loops of decoding and resampling: whole numbers in, whole numbers out, no decisions.
//
// Each is written twice. The functions of this file are plain Go and say what is computed. Where cgo is at hand, and on
// x86-64 AVX2, the C of kernel.c computes the same numbers in vector registers, 6 to 16 times as fast; a test
// compares them bit for bit. Every length is checked in Go before C sees a pointer.
package kernel

// Precision is the number of fraction bits of a resampling weight: 32 bits less 8 of the pixel and 2 of head room.
const Precision = 22

// Taps are the fixed-point weights of one axis: output i is the sum of Count[i] inputs from First[i] on, weighted
// with Weights[i*Width:].
type Taps struct {
	First, Count []int32
	Weights      []int32
	Width        int
}

// Slice returns the taps of the outputs from lo up to hi.
func (t Taps) Slice(lo, hi int) Taps {
	return Taps{t.First[lo:hi], t.Count[lo:hi], t.Weights[lo*t.Width : hi*t.Width], t.Width}
}

// check panics unless every tap lies in n inputs.
func (t Taps) check(n int) {
	if len(t.Count) != len(t.First) || len(t.Weights) < len(t.First)*t.Width {
		panic("kernel: incomplete taps")
	}
	for i, first := range t.First {
		if first < 0 || int(t.Count[i]) > t.Width || t.Count[i] < 0 || int(first)+int(t.Count[i]) > n {
			panic("kernel: a tap outside of the picture")
		}
	}
}

func clip8(v int32) uint8 { return uint8(max(0, min(255, v))) }

// horizontal resamples lines of c interleaved channels, inputs pixels wide: dst has len(t.First) pixels a line.
func horizontal(dst, src []uint8, lines, inputs, c int, t Taps) {
	for range lines {
		for x, first := range t.First {
			weights := t.Weights[x*t.Width:][:t.Count[x]]
			from := src[int(first)*c:]
			for ch := range c {
				sum := int32(1 << (Precision - 1))
				for k, weight := range weights {
					sum += int32(from[k*c+ch]) * weight
				}
				dst[x*c+ch] = clip8(sum >> Precision)
			}
		}
		src, dst = src[inputs*c:], dst[len(t.First)*c:]
	}
}

// vertical resamples lines of the given length: dst has len(t.First) of them.
func vertical(dst, src []uint8, length int, t Taps) {
	for y, first := range t.First {
		weights := t.Weights[y*t.Width:][:t.Count[y]]
		from := src[int(first)*length:]
		for i := range length {
			sum := int32(1 << (Precision - 1))
			for k, weight := range weights {
				sum += int32(from[k*length+i]) * weight
			}
			dst[y*length+i] = clip8(sum >> Precision)
		}
	}
}

// idct writes blocks of coefficients, in natural order, side by side as 8 x 8 samples around 128: the accurate integer
// transform of libjpeg (Loeffler, Ligtenberg and Moschytz 1989, with 13 fraction bits, columns first).
func idct(dst []uint8, stride int, coefficients []int16, table *[64]uint16) {
	for b := 0; b < len(coefficients)/64; b++ {
		var x, y [64]int32
		for i, v := range coefficients[64*b : 64*b+64] {
			x[i] = int32(v * int16(table[i])) // wraps in 16 bits, as vector units do
		}
		pass(&y, &x, 11)
		pass(&x, &y, 18)
		for i, v := range x {
			dst[i/8*stride+8*b+i%8] = clip8(v + 128)
		}
	}
}

// pass transforms the columns of x and writes them as the rows of out.
func pass(out, x *[64]int32, shift uint) {
	round := int32(1) << (shift - 1)
	for c := range 8 {
		z := (x[16+c] + x[48+c]) * 4433
		t2, t3 := z-x[48+c]*15137, z+x[16+c]*6270
		t0, t1 := (x[c]+x[32+c])<<13, (x[c]-x[32+c])<<13
		even := [4]int32{t0 + t3, t1 + t2, t1 - t2, t0 - t3}

		t0, t1, t2, t3 = x[56+c], x[40+c], x[24+c], x[8+c]
		z1, z2, z3, z4 := (t0+t3)*-7373, (t1+t2)*-20995, (t0+t2)*-16069, (t1+t3)*-3196
		z5 := (t0 + t2 + t1 + t3) * 9633
		z3, z4 = z3+z5, z4+z5
		odd := [4]int32{t3*12299 + z1 + z4, t2*25172 + z2 + z3, t1*16819 + z2 + z4, t0*2446 + z1 + z3}
		for k := range 4 {
			out[8*c+k] = (even[k] + odd[k] + round) >> shift
			out[8*c+7-k] = (even[k] - odd[k] + round) >> shift
		}
	}
}

// rgb converts planes of luma and chroma at full size as libjpeg does (jdcolor.c): 16 fraction bits, the two green
// terms rounded together.
func rgb(dst, y, cb, cr []uint8) {
	for x := range y {
		l, b, r := int32(y[x]), int32(cb[x])-128, int32(cr[x])-128
		dst[3*x] = clip8(l + (91881*r+1<<15)>>16)
		dst[3*x+1] = clip8(l + (-22554*b-46802*r+1<<15)>>16)
		dst[3*x+2] = clip8(l + (116130*b+1<<15)>>16)
	}
}

// double writes one line at twice the width from a chroma line and the neighbour that it leans to: libjpeg's triangle
// filter for chroma halved both ways, weights 9, 3, 3, 1. The two roundings alternate so that nothing drifts (jdsample.c).
func double(dst, near, far []uint8) {
	sum := func(x int) int32 { return 3*int32(near[x]) + int32(far[x]) }
	last := len(near) - 1
	for x := range dst {
		if own := sum(x / 2); x%2 == 0 {
			dst[x] = uint8((3*own + sum(max(0, x/2-1)) + 8) >> 4)
		} else {
			dst[x] = uint8((3*own + sum(min(last, x/2+1)) + 7) >> 4)
		}
	}
}

// rgb420 is double and rgb of one line.
func rgb420(dst, y []uint8, near, far [2][]uint8, chroma []uint8) {
	cb, cr := chroma[:len(y)], chroma[len(y):2*len(y)]
	double(cb, near[0], far[0])
	double(cr, near[1], far[1])
	rgb(dst, y, cb, cr)
}
