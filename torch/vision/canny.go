package vision

import "math"

// Canny finds the edges of a grey picture (Canny 1986): smoothed by a Gaussian of deviation sigma, the ridges of the
// gradient's magnitude by Sobel's kernels (not normalised, so up to about 1442), from their peaks above high as far as they
// stay above low. The result is grey, 255 on edges; the outermost pixels have none. scikit-image's defaults for 8-bit
// pictures are sigma 1, low 25.5, high 51. It panics on other pictures and on sigma of 0 or less.
func (im *Image) Canny(sigma, low, high float64) *Image {
	if im.C != 1 || sigma <= 0 {
		panic("vision: Canny takes a grey picture and a positive sigma")
	}
	h, w := im.H, im.W
	smooth := blur(im, sigma)
	at := func(x []float64, row, col int) float64 { return x[min(max(row, 0), h-1)*w+min(max(col, 0), w-1)] }
	gx, gy, size := make([]float64, h*w), make([]float64, h*w), make([]float64, h*w)
	for r := range h {
		for c := range w {
			diff := func(dr, dc int) float64 { return at(smooth, r+dr, c+dc) }
			x := diff(-1, 1) + 2*diff(0, 1) + diff(1, 1) - diff(-1, -1) - 2*diff(0, -1) - diff(1, -1)
			y := diff(1, -1) + 2*diff(1, 0) + diff(1, 1) - diff(-1, -1) - 2*diff(-1, 0) - diff(-1, 1)
			gx[r*w+c], gy[r*w+c], size[r*w+c] = x, y, math.Hypot(x, y)
		}
	}
	// A ridge is where the magnitude is no less than at both places one step along the gradient, between pixels.
	ridge := func(i int) bool {
		r, c, x, y := i/w, i%w, gx[i], gy[i]
		sx, sy := int(math.Copysign(1, x)), int(math.Copysign(1, y))
		x, y = math.Abs(x), math.Abs(y)
		along := func(sign int) float64 {
			corner := at(size, r+sign*sy, c+sign*sx)
			if x >= y {
				return at(size, r, c+sign*sx)*(1-y/x) + corner*y/x
			}
			return at(size, r+sign*sy, c)*(1-x/y) + corner*x/y
		}
		return size[i] >= along(1) && size[i] >= along(-1)
	}
	weak, queue := make([]bool, h*w), []int{}
	out := NewImage(h, w, 1)
	for r := 1; r < h-1; r++ {
		for c := 1; c < w-1; c++ {
			i := r*w + c
			if size[i] < low || size[i] == 0 || !ridge(i) {
				continue
			}
			if weak[i] = true; size[i] >= high {
				out.Pix[i] = 255
				queue = append(queue, i)
			}
		}
	}
	for len(queue) > 0 {
		i := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, d := range [8]int{-w - 1, -w, -w + 1, -1, 1, w - 1, w, w + 1} {
			if k := i + d; weak[k] && out.Pix[k] == 0 {
				out.Pix[k] = 255
				queue = append(queue, k)
			}
		}
	}
	return out
}

// blur smooths a grey picture; beyond its borders there is nothing, and the weights inside are made to sum to 1.
func blur(im *Image, sigma float64) []float64 {
	radius := int(4*sigma + 0.5)
	kernel := make([]float64, 2*radius+1)
	for i := range kernel {
		d := float64(i-radius) / sigma
		kernel[i] = math.Exp(-d * d / 2)
	}
	src := make([]float64, len(im.Pix))
	for i, v := range im.Pix {
		src[i] = float64(v)
	}
	pass := func(src []float64, n, stride, lines, lineStride int) []float64 {
		dst := make([]float64, len(src))
		for line := range lines {
			for i := range n {
				sum, weight := 0.0, 0.0
				for k := max(0, radius-i); k < len(kernel) && i+k-radius < n; k++ {
					sum += kernel[k] * src[line*lineStride+(i+k-radius)*stride]
					weight += kernel[k]
				}
				dst[line*lineStride+i*stride] = sum / weight
			}
		}
		return dst
	}
	return pass(pass(src, im.W, 1, im.H, im.W), im.H, im.W, im.W, 1)
}
