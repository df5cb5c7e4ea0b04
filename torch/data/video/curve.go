package video

import (
	"math"

	"github.com/forgergan/forger/torch/vision"
)

// point is a place in a frame; of keypoints, which may lie between pixels.
type point struct{ x, y float64 }

// curve is the pixels of a smooth line through two points or three: a parabola over the axis along which the points lie
// farther apart. It is empty where that is too steep, or where points lie above each other.
func curve(p []point) (pixels []point) {
	across, down := 0.0, 0.0
	for i := range p[1:] {
		across = max(across, math.Abs(p[i+1].x-p[i].x))
		down = max(down, math.Abs(p[i+1].y-p[i].y))
	}
	turn := func(q point) point { return q }
	if across < down {
		turn = func(q point) point { return point{q.y, q.x} }
	}
	a, b := turn(p[0]), turn(p[len(p)-1])
	if a.x == b.x {
		return nil
	}
	slope, bend, middle := (b.y-a.y)/(b.x-a.x), 0.0, a
	if len(p) == 3 {
		if middle = turn(p[1]); middle.x == a.x || middle.x == b.x {
			return nil
		}
		bend = ((middle.y-a.y)/(middle.x-a.x) - slope) / (middle.x - b.x)
		if math.Abs(bend) > 1 {
			return nil
		}
	}
	n := int(math.Abs(b.x - a.x))
	for i := range n {
		x := a.x + (b.x-a.x)*float64(i)/float64(max(1, n-1))
		y := a.y + slope*(x-a.x) + bend*(x-a.x)*(x-b.x)
		q := turn(point{x, y})
		pixels = append(pixels, point{math.Trunc(q.x), math.Trunc(q.y)})
	}
	return pixels
}

// stroke draws pixels as squares of 2·half; ends, if so wanted, as discs of 4·half. Where there is a colour already it is
// mixed with the new one.
func stroke(im *vision.Image, pixels []point, half int, colour []uint8, ends bool) {
	touched := map[int]bool{} // of this stroke, so that it does not mix with itself
	dot := func(x, y int) {
		i := min(max(y, 0), im.H-1)*im.W + min(max(x, 0), im.W-1)
		if touched[i] {
			return
		}
		touched[i] = true
		pix := im.Pix[i*im.C : (i+1)*im.C]
		black := true
		for _, v := range pix {
			black = black && v == 0
		}
		for c := range pix {
			if black {
				pix[c] = colour[c]
			} else {
				pix[c] = uint8((int(pix[c]) + int(colour[c])) / 2)
			}
		}
	}
	for _, p := range pixels {
		for dy := -half; dy < half; dy++ {
			for dx := -half; dx < half; dx++ {
				dot(int(p.x)+dx, int(p.y)+dy)
			}
		}
	}
	if !ends || len(pixels) == 0 {
		return
	}
	for _, p := range []point{pixels[0], pixels[len(pixels)-1]} {
		for dy := -2 * half; dy < 2*half; dy++ {
			for dx := -2 * half; dx < 2*half; dx++ {
				if dy*dy+dx*dx < 4*half*half {
					dot(int(p.x)+dx, int(p.y)+dy)
				}
			}
		}
	}
}

// cityBlock is the distance in steps, along lines and columns, of each pixel of a grey picture to the nearest one that is not
// black; far beyond the sides of the picture where all are.
func cityBlock(im *vision.Image) []int {
	h, w := im.H, im.W
	d := make([]int, h*w)
	for i, v := range im.Pix {
		if v == 0 {
			d[i] = 1 << 20
		}
	}
	for i := range d {
		if i%w > 0 {
			d[i] = min(d[i], d[i-1]+1)
		}
		if i >= w {
			d[i] = min(d[i], d[i-w]+1)
		}
	}
	for i := len(d) - 1; i >= 0; i-- {
		if i%w < w-1 {
			d[i] = min(d[i], d[i+1]+1)
		}
		if i < len(d)-w {
			d[i] = min(d[i], d[i+w]+1)
		}
	}
	return d
}
