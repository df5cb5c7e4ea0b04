package vision

import (
	"fmt"
	"math"
)

// Imresize returns the picture resampled to h x w as MATLAB's imresize(im, [h w], 'bicubic') does it on doubles, by which
// papers on super-resolution make their low-resolution pictures and their baseline: the cubic kernel with a = -0.5,
// widened where the picture shrinks, the picture mirrored at its borders, and one rounding, to 8 bits, at the end.
// Channels are independent, alpha too. It panics on a size below 1.
//
// Away from the borders Resize with Bicubic differs from it by its rounding between the passes, at them by more:
// Pillow cuts the kernel off there.
func (im *Image) Imresize(h, w int) *Image {
	if h < 1 || w < 1 {
		panic(fmt.Sprintf("vision: cannot resize to %d x %d (height x width)", h, w))
	}
	down, across := mirrored(im.H, h), mirrored(im.W, w)
	out, line := NewImage(h, w, im.C), make([]float64, im.W*im.C)
	for y, rows := range down {
		clear(line)
		for k, weight := range rows.weights {
			for i, v := range im.row(rows.first + k) {
				line[i] += weight * float64(v)
			}
		}
		across.apply(out.row(y), line, im.C)
	}
	return out
}

// weighted is the inputs of an output, from first on.
type weighted struct {
	first   int
	weights []float64
}

type weighting []weighted

// apply makes a line of pixels of c channels.
func (t weighting) apply(dst []uint8, line []float64, c int) {
	for x, columns := range t {
		for ch := range c {
			sum, at := 0.0, columns.first*c+ch
			for _, weight := range columns.weights {
				sum += weight * line[at]
				at += c
			}
			dst[x*c+ch] = uint8(max(0, min(255, math.Floor(sum+0.5))))
		}
	}
}

// mirrored gives the weights of a side. Where the kernel reaches over a border, the weight of a place counts for the one
// that it mirrors.
func mirrored(in, out int) weighting {
	scale := float64(out) / float64(in)
	shrink := min(scale, 1)
	kernel := kernels[Bicubic]
	all := make(weighting, out)
	for i := range all {
		centre := (float64(i)+0.5)/scale - 0.5
		from, to := int(math.Ceil(centre-kernel.support/shrink)), int(math.Floor(centre+kernel.support/shrink))
		first, last := in, 0
		for p := from; p <= to; p++ {
			first, last = min(first, mirror(p, in)), max(last, mirror(p, in))
		}
		weights, sum := make([]float64, last-first+1), 0.0
		for p := from; p <= to; p++ {
			weight := kernel.at(shrink * (centre - float64(p)))
			weights[mirror(p, in)-first] += weight
			sum += weight
		}
		for k := range weights {
			weights[k] /= sum
		}
		all[i] = weighted{first, weights}
	}
	return all
}

// mirror is the place in 0 … n-1 that p is seen at, with mirrors at both borders.
func mirror(p, n int) int {
	p = (p%(2*n) + 2*n) % (2 * n)
	return min(p, 2*n-1-p)
}
