package vision

import (
	"fmt"
	"math"
)

// Warp says how a picture is sampled where pixels fall between pixels.
type Warp struct {
	Filter Filter  // Bilinear or Nearest
	Fill   []uint8 // a value a channel for what comes from outside; nil is black (RGBA: transparent)
	Expand bool    // make the picture as large as its turned corners need (Rotate only)
}

// Affine is a map of the plane in torchvision's terms: the picture is sheared, scaled by Scale and turned by Angle
// degrees clockwise around its middle, and then moved.
type Affine struct {
	Angle     float64
	Translate [2]float64 // pixels to the right and down
	Scale     float64    // 0 is 1
	Shear     [2]float64 // degrees, along x and along y
}

// Inverse returns the matrix (two rows of three) that takes a place in the output to its place in the input, x before
// y, for a middle at (cx, cy). It panics on a negative scale.
func (a Affine) Inverse(cx, cy float64) [6]float64 {
	if a.Scale == 0 {
		a.Scale = 1
	}
	if !(a.Scale > 0) {
		panic(fmt.Sprintf("vision: a scale of %v is not above 0", a.Scale))
	}
	turn, shearX, shearY := a.Angle*math.Pi/180, a.Shear[0]*math.Pi/180, a.Shear[1]*math.Pi/180
	m00, m10 := math.Cos(turn-shearY)/math.Cos(shearY), math.Sin(turn-shearY)/math.Cos(shearY)
	m01 := -m00*math.Tan(shearX) - math.Sin(turn)
	m11 := -m10*math.Tan(shearX) + math.Cos(turn)
	m := [6]float64{m11 / a.Scale, -m01 / a.Scale, cx, -m10 / a.Scale, m00 / a.Scale, cy} // the determinant is 1
	dx, dy := cx+a.Translate[0], cy+a.Translate[1]
	m[2] -= m[0]*dx + m[1]*dy
	m[5] -= m[3]*dx + m[4]*dy
	return m
}

// Affine maps the picture, as torchvision's affine does with Pillow pictures.
func (im *Image) Affine(a Affine, o Warp) *Image {
	m := a.Inverse(float64(im.W)*0.5, float64(im.H)*0.5)
	return im.affine(m, im.H, im.W, o)
}

// Rotate turns the picture counter-clockwise by degrees around its middle, as Pillow's Image.rotate: by 0 and 180, and
// by 90 and 270 where the picture is square or expanded, exactly.
func (im *Image) Rotate(degrees float64, o Warp) *Image {
	degrees = math.Mod(degrees, 360)
	if degrees < 0 {
		degrees += 360
	}
	square := o.Expand || im.W == im.H
	switch {
	case degrees == 0:
		return im.clone()
	case degrees == 180:
		return im.Upright(3)
	case degrees == 90 && square:
		return im.Upright(8)
	case degrees == 270 && square:
		return im.Upright(6)
	}
	round := func(v float64) float64 { return math.RoundToEven(v*1e15) / 1e15 }
	angle := -degrees * math.Pi / 180
	cos, sin, w, h := round(math.Cos(angle)), round(math.Sin(angle)), float64(im.W), float64(im.H)
	m := [6]float64{cos, sin, 0, round(-math.Sin(angle)), cos, 0}
	at := func(x, y float64) (float64, float64) { return m[0]*x + m[1]*y + m[2], m[3]*x + m[4]*y + m[5] }
	m[2], m[5] = at(-w/2, -h/2)
	m[2], m[5] = m[2]+w/2, m[5]+h/2
	outH, outW := im.H, im.W
	if o.Expand {
		left, top, right, bottom := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
		for _, corner := range [][2]float64{{0, 0}, {w, 0}, {w, h}, {0, h}} {
			x, y := at(corner[0], corner[1])
			left, top, right, bottom = min(left, x), min(top, y), max(right, x), max(bottom, y)
		}
		outW, outH = int(math.Ceil(right)-math.Floor(left)), int(math.Ceil(bottom)-math.Floor(top))
		m[2], m[5] = at(-(float64(outW)-w)/2, -(float64(outH)-h)/2)
	}
	return im.affine(m, outH, outW, o)
}

// affine samples an h x w picture at the places that m gives. Pillow takes the nearest pixel in 16.16 fixed point.
func (im *Image) affine(m [6]float64, h, w int, o Warp) *Image {
	if o.Filter != Nearest {
		return im.warp(h, w, o, func(x, y float64) (float64, float64) { return m[0]*x + m[1]*y + m[2], m[3]*x + m[4]*y + m[5] })
	}
	fix := func(v float64) int { return int(math.Floor(v*65536 + 0.5)) }
	stepX, stepY := [2]int{fix(m[0]), fix(m[3])}, [2]int{fix(m[1]), fix(m[4])}
	atX, atY := fix(m[2]+m[0]*0.5+m[1]*0.5), fix(m[5]+m[3]*0.5+m[4]*0.5)
	out := im.canvas(h, w, o.Fill)
	for y := range h {
		for x := range w {
			sx, sy := (atX+x*stepX[0]+y*stepY[0])>>16, (atY+x*stepX[1]+y*stepY[1])>>16
			if 0 <= sx && sx < im.W && 0 <= sy && sy < im.H {
				copy(out.Pix[(y*w+x)*im.C:][:im.C], im.Pix[(sy*im.W+sx)*im.C:])
			}
		}
	}
	return out
}

// Perspective maps the picture so that the four corners start (x, y; top left, top right, bottom right, bottom left)
// come to lie at end, as torchvision's perspective does with Pillow pictures. It panics on corners that no
// perspective takes to each other.
func (im *Image) Perspective(start, end [4][2]float64, o Warp) *Image {
	p := PerspectiveCoefficients(start, end)
	return im.warp(im.H, im.W, o, func(x, y float64) (float64, float64) {
		z := p[6]*x + p[7]*y + 1
		return (p[0]*x + p[1]*y + p[2]) / z, (p[3]*x + p[4]*y + p[5]) / z
	})
}

// PerspectiveCoefficients solves for the numbers a to h, rounded to float32, that take a place (x, y) in the output to
// ((ax+by+c)/(gx+hy+1), (dx+ey+f)/(gx+hy+1)) in the input, and the corners end to start.
func PerspectiveCoefficients(start, end [4][2]float64) [8]float64 {
	var a [8][9]float64 // with the right side
	for i := range 4 {
		x, y := end[i][0], end[i][1]
		a[2*i] = [9]float64{x, y, 1, 0, 0, 0, -start[i][0] * x, -start[i][0] * y, start[i][0]}
		a[2*i+1] = [9]float64{0, 0, 0, x, y, 1, -start[i][1] * x, -start[i][1] * y, start[i][1]}
	}
	for k := range 8 { // Gauss and Jordan, with pivots
		pivot := k
		for i := k + 1; i < 8; i++ {
			if math.Abs(a[i][k]) > math.Abs(a[pivot][k]) {
				pivot = i
			}
		}
		if math.Abs(a[pivot][k]) < 1e-12 {
			panic(fmt.Sprintf("vision: no perspective takes %v to %v", start, end))
		}
		a[k], a[pivot] = a[pivot], a[k]
		for i := range 8 {
			if factor := a[i][k] / a[k][k]; i != k {
				for j := k; j < 9; j++ {
					a[i][j] -= factor * a[k][j]
				}
			}
		}
	}
	var out [8]float64
	for k := range out {
		out[k] = float64(float32(a[k][8] / a[k][k]))
	}
	return out
}

// canvas is an h x w picture of one colour.
func (im *Image) canvas(h, w int, fill []uint8) *Image {
	out := NewImage(h, w, im.C)
	if fill == nil {
		return out
	}
	if len(fill) != im.C {
		panic(fmt.Sprintf("vision: %d values cannot fill a picture of %d channels", len(fill), im.C))
	}
	for i := range out.Pix {
		out.Pix[i] = fill[i%im.C]
	}
	return out
}

// warp samples an h x w picture at the place that from gives for the middle of each pixel (Pillow, Geometry.c). Between
// pixels it mixes the four around, those over the border repeated, and cuts off the fraction. Colours are weighted by alpha.
func (im *Image) warp(h, w int, o Warp, from func(x, y float64) (float64, float64)) *Image {
	if o.Filter != Nearest && o.Filter != Bilinear {
		panic(fmt.Sprintf("vision: a picture is turned with Nearest or Bilinear, not filter %d", int(o.Filter)))
	}
	mix := im.C == 4 && o.Filter == Bilinear
	if mix {
		im = im.premultiply()
	}
	out := im.canvas(h, w, o.Fill)
	for y := range h {
		for x := range w {
			sx, sy := from(float64(x)+0.5, float64(y)+0.5)
			if !(sx >= 0 && sx < float64(im.W) && sy >= 0 && sy < float64(im.H)) {
				continue
			}
			dst := out.Pix[(y*w+x)*im.C:][:im.C]
			if o.Filter == Nearest {
				copy(dst, im.Pix[(int(sy)*im.W+int(sx))*im.C:])
				continue
			}
			im.between(dst, sx-0.5, sy-0.5)
		}
	}
	if mix {
		return out.unmultiply()
	}
	return out
}

// between mixes the pixels around (x, y), which counts from the middle of the first pixel.
func (im *Image) between(dst []uint8, x, y float64) {
	left, top := math.Floor(x), math.Floor(y)
	dx, dy := x-left, y-top
	column := func(i int) int { return max(0, min(im.W-1, i)) * im.C }
	upper := im.row(max(0, int(top)))
	lower := im.row(min(im.H-1, int(top)+1))
	x0, x1 := column(int(left)), column(int(left)+1)
	for c := range dst {
		u := float64(upper[x0+c]) + (float64(upper[x1+c])-float64(upper[x0+c]))*dx
		l := float64(lower[x0+c]) + (float64(lower[x1+c])-float64(lower[x0+c]))*dx
		dst[c] = uint8(u + (l-u)*dy)
	}
}
