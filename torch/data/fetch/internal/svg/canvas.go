package svg

import (
	"math"
	"slices"

	"github.com/forgergan/forger/torch/vision"
)

// fine is the number of sample rows in a row of pixels; along a row coverage is exact.
const fine = 16

// canvas is a square picture whose colours stay unrounded until the end.
type canvas struct {
	size      int
	pix       []float32    // (size, size, 3), 0 to 255
	crossings [][]crossing // of each sample row
	cover     []float32    // of a row of pixels
}

// crossing is where an edge meets a sample row, and which way it goes.
type crossing struct {
	x    float32
	down int8
}

func newCanvas(size int) *canvas {
	c := &canvas{size: size, pix: make([]float32, size*size*3), crossings: make([][]crossing, size*fine), cover: make([]float32, size)}
	for i := range c.pix {
		c.pix[i] = 255
	}
	return c
}

// fill paints what the lines, mapped by to, enclose.
func (c *canvas) fill(lines []line, to matrix, evenOdd bool, rgb [3]float32, alpha float64) {
	for _, l := range lines {
		last := to.apply(l.points[len(l.points)-1])
		for _, p := range l.points {
			next := to.apply(p)
			c.edge(last, next)
			last = next
		}
	}
	for y := range c.size {
		used := false
		for _, row := range c.crossings[y*fine : (y+1)*fine] {
			if len(row) > 0 {
				used = true
				c.span(row, evenOdd)
			}
		}
		if !used {
			continue
		}
		for x, v := range c.cover {
			if v > 0 {
				a := min(1, v/fine) * float32(alpha)
				for k, to := range rgb {
					at := &c.pix[(y*c.size+x)*3+k]
					*at += (to - *at) * a
				}
			}
		}
		clear(c.cover)
	}
	for y := range c.crossings {
		c.crossings[y] = c.crossings[y][:0]
	}
}

// edge notes where the line from a to b meets the sample rows.
func (c *canvas) edge(a, b point) {
	down := int8(1)
	if a.y > b.y {
		a, b, down = b, a, -1
	}
	if !(a.y < b.y) || math.IsInf(b.y-a.y, 0) || math.IsNaN(a.x+b.x) {
		return
	}
	rows := float64(len(c.crossings))
	first := math.Ceil(min(max(a.y*fine-0.5, 0), rows))
	end := math.Ceil(min(max(b.y*fine-0.5, 0), rows))
	slope := (b.x - a.x) / (b.y - a.y)
	for y := int(first); y < int(end); y++ {
		x := a.x + ((float64(y)+0.5)/fine-a.y)*slope
		c.crossings[y] = append(c.crossings[y], crossing{float32(min(max(x, 0), float64(c.size))), down})
	}
}

// span adds to cover what one sample row encloses.
func (c *canvas) span(row []crossing, evenOdd bool) {
	slices.SortFunc(row, func(a, b crossing) int {
		switch {
		case a.x < b.x:
			return -1
		case a.x > b.x:
			return 1
		}
		return 0
	})
	winding := 0
	var from float32
	for _, x := range row {
		was := winding
		winding += int(x.down)
		if evenOdd {
			winding &= 1
		}
		switch {
		case was == 0:
			from = x.x
		case winding == 0:
			c.coverRange(from, x.x)
		}
	}
}

// coverRange adds 1 to the pixels from a to b, and their share to those at the ends.
func (c *canvas) coverRange(a, b float32) {
	if b <= a {
		return
	}
	i, j := int(a), int(b)
	if i == j {
		c.cover[i] += b - a
		return
	}
	c.cover[i] += float32(i+1) - a
	for k := i + 1; k < j; k++ {
		c.cover[k]++
	}
	if j < c.size {
		c.cover[j] += b - float32(j)
	}
}

// image returns the picture in bytes.
func (c *canvas) image() *vision.Image {
	im := &vision.Image{H: c.size, W: c.size, C: 3, Pix: make([]uint8, len(c.pix))}
	for i, v := range c.pix {
		im.Pix[i] = uint8(v + 0.5)
	}
	return im
}
