//go:build !cgo

package kernel

// Horizontal resamples lines of c interleaved channels, each inputs pixels wide: dst gets len(t.First) pixels a line.
func Horizontal(dst, src []uint8, lines, inputs, c int, t Taps) {
	t.check(inputs)
	horizontal(dst, src, lines, inputs, c, t)
}

// Vertical resamples lines of the given length: dst gets len(t.First) of them.
func Vertical(dst, src []uint8, length int, t Taps) {
	t.check(len(src) / length)
	vertical(dst, src, length, t)
}

// IDCT writes blocks of 64 coefficients side by side as 8 x 8 samples; table is what they are multiplied with.
func IDCT(dst []uint8, stride int, coefficients []int16, table *[64]uint16) {
	idct(dst, stride, coefficients, table)
}

// RGB converts lines of luma and chroma of one size.
func RGB(dst, y, cb, cr []uint8) { rgb(dst, y, cb, cr) }

// RGB420 converts one line of luma with chroma halved both ways: near are the chroma lines (Cb, Cr) of this one, far
// the neighbours that it leans to. chroma is scratch memory for two lines.
func RGB420(dst, y []uint8, near, far [2][]uint8, chroma []uint8) {
	rgb420(dst, y, near, far, chroma)
}
