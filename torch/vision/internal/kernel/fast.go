//go:build cgo

package kernel

/*
#cgo CFLAGS: -O3
#cgo noescape forger_horizontal
#cgo nocallback forger_horizontal
#cgo noescape forger_vertical
#cgo nocallback forger_vertical
#cgo noescape forger_idct
#cgo nocallback forger_idct
#cgo noescape forger_rgb
#cgo nocallback forger_rgb
#cgo noescape forger_rgb420
#cgo nocallback forger_rgb420
#include "kernel.h"
*/
import "C"

// fast is false on a processor without the vector instructions that the C is compiled for: Go does it there.
var fast = C.forger_fast() != 0

// Horizontal resamples lines of c interleaved channels, each inputs pixels wide: dst gets len(t.First) pixels a line.
func Horizontal(dst, src []uint8, lines, inputs, c int, t Taps) {
	outputs := len(t.First)
	t.check(inputs)
	if !fast {
		horizontal(dst, src, lines, inputs, c, t)
		return
	}
	_, _ = dst[lines*outputs*c-1], src[lines*inputs*c-1]
	wide := make([]int32, 8*inputs)
	C.forger_horizontal(bytes(dst), bytes(src), C.int(lines), C.int(inputs), C.int(outputs), C.int(c),
		words(t.First), words(t.Count), words(t.Weights), C.int(t.Width), words(wide))
}

// Vertical resamples lines of the given length: dst gets len(t.First) of them.
func Vertical(dst, src []uint8, length int, t Taps) {
	t.check(len(src) / length)
	if !fast {
		vertical(dst, src, length, t)
		return
	}
	_ = dst[len(t.First)*length-1]
	C.forger_vertical(bytes(dst), bytes(src), C.int(length), C.int(len(t.First)), words(t.First), words(t.Count),
		words(t.Weights), C.int(t.Width))
}

// IDCT writes blocks of 64 coefficients side by side as 8 x 8 samples; table is what they are multiplied with.
func IDCT(dst []uint8, stride int, coefficients []int16, table *[64]uint16) {
	if !fast {
		idct(dst, stride, coefficients, table)
		return
	}
	blocks := len(coefficients) / 64
	_, _ = coefficients[63], dst[7*stride+8*blocks-1]
	C.forger_idct(bytes(dst), C.int(stride), (*C.int16_t)(&coefficients[0]), C.int(blocks), (*C.uint16_t)(&table[0]))
}

// RGB converts lines of luma and chroma of one size.
func RGB(dst, y, cb, cr []uint8) {
	if !fast {
		rgb(dst, y, cb, cr)
		return
	}
	n := len(y)
	_, _, _ = dst[3*n-1], cb[n-1], cr[n-1]
	C.forger_rgb(bytes(dst), bytes(y), bytes(cb), bytes(cr), C.int(n))
}

// RGB420 converts one line of luma with chroma halved both ways: near are the chroma lines (Cb, Cr) of this one, far
// the neighbours that it leans to. chroma is scratch memory for two lines.
func RGB420(dst, y []uint8, near, far [2][]uint8, chroma []uint8) {
	if !fast {
		rgb420(dst, y, near, far, chroma)
		return
	}
	n := len(y)
	half := (n+1)/2 - 1
	_, _, _, _, _, _ = dst[3*n-1], chroma[2*n-1], near[0][half], near[1][half], far[0][half], far[1][half]
	C.forger_rgb420(bytes(dst), bytes(y), bytes(near[0]), bytes(near[1]), bytes(far[0]), bytes(far[1]), C.int(n), bytes(chroma))
}

func bytes(b []uint8) *C.uint8_t { return (*C.uint8_t)(&b[0]) }
func words(w []int32) *C.int32_t { return (*C.int32_t)(&w[0]) }
