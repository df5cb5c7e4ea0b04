package vision

import (
	"fmt"
	"math"
)

// The conversion between sRGB and CIE-Lab is scikit-image's: white point D65 of the 2 degree observer.
var (
	xyzOfRGB = [3][3]float64{{0.412453, 0.357580, 0.180423}, {0.212671, 0.715160, 0.072169}, {0.019334, 0.119193, 0.950227}}
	rgbOfXYZ = inverse(xyzOfRGB)
	whiteXYZ = [3]float64{0.95047, 1, 1.08883}
)

func inverse(m [3][3]float64) (out [3][3]float64) {
	cofactor := func(i, j int) float64 {
		a, b, c, d := (i+1)%3, (i+2)%3, (j+1)%3, (j+2)%3
		return m[a][c]*m[b][d] - m[a][d]*m[b][c]
	}
	det := m[0][0]*cofactor(0, 0) + m[0][1]*cofactor(0, 1) + m[0][2]*cofactor(0, 2)
	for i := range 3 {
		for j := range 3 {
			out[i][j] = cofactor(j, i) / det
		}
	}
	return out
}

func times(m [3][3]float64, v [3]float64) (out [3]float64) {
	for i := range 3 {
		out[i] = m[i][0]*v[0] + m[i][1]*v[1] + m[i][2]*v[2]
	}
	return out
}

// Lab writes the CIE-Lab values of an RGB picture to dst as (3, H, W): L in [0, 100], a and b within about ±110. It
// panics on other pictures and on another length of dst.
func (im *Image) Lab(dst []float32) {
	plane := im.H * im.W
	if im.C != 3 || len(dst) != 3*plane {
		panic(fmt.Sprintf("vision: Lab of a picture of %d channels into %d values: it takes RGB and %d values", im.C, len(dst), 3*plane))
	}
	var linear [256]float64
	for v := range linear {
		linear[v] = float64(v) / 255
		if linear[v] > 0.04045 {
			linear[v] = math.Pow((linear[v]+0.055)/1.055, 2.4)
		} else {
			linear[v] /= 12.92
		}
	}
	for i := range plane {
		p := im.Pix[3*i : 3*i+3]
		f := times(xyzOfRGB, [3]float64{linear[p[0]], linear[p[1]], linear[p[2]]})
		for c := range f {
			if f[c] /= whiteXYZ[c]; f[c] > 0.008856 {
				f[c] = math.Cbrt(f[c])
			} else {
				f[c] = 7.787*f[c] + 16.0/116
			}
		}
		dst[i], dst[plane+i], dst[2*plane+i] = float32(116*f[1]-16), float32(500*(f[0]-f[1])), float32(200*(f[1]-f[2]))
	}
}

// FromLab makes an RGB picture of CIE-Lab values laid out (3, h, w), the inverse of [Image.Lab]; colours beyond sRGB
// are clamped in each channel. It panics if x is not of that size.
func FromLab(x []float32, h, w int, r Rounding) *Image {
	im, plane := NewImage(h, w, 3), h*w
	if len(x) != 3*plane {
		panic(fmt.Sprintf("vision: %d values are not a Lab picture of (3, %d, %d)", len(x), h, w))
	}
	for i := range plane {
		y := (float64(x[i]) + 16) / 116
		f := [3]float64{y + float64(x[plane+i])/500, y, max(0, y-float64(x[2*plane+i])/200)}
		for c := range f {
			if f[c] > 0.2068966 {
				f[c] = f[c] * f[c] * f[c] * whiteXYZ[c]
			} else {
				f[c] = (f[c] - 16.0/116) / 7.787 * whiteXYZ[c]
			}
		}
		for c, v := range times(rgbOfXYZ, f) {
			if v > 0.0031308 {
				v = 1.055*math.Pow(v, 1/2.4) - 0.055
			} else {
				v *= 12.92
			}
			im.Pix[3*i+c] = r.byteOf(float32(v))
		}
	}
	return im
}
