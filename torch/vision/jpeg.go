package vision

import (
	"github.com/forgergan/forger/torch/vision/internal/jpeg"
	"github.com/forgergan/forger/torch/vision/internal/kernel"
)

// decodeJPEG decodes as libjpeg does by default: its accurate transform, its triangle filter for chroma, its tables
// for colours.
func decodeJPEG(data []byte) (*Image, error) {
	p, err := jpeg.Decode(data)
	if err != nil {
		return nil, err
	}
	switch p.Space {
	case jpeg.Gray:
		out := NewImage(p.H, p.W, 1)
		for y := range out.H {
			copy(out.row(y), p.Planes[0].Row(y))
		}
		return out, nil
	case jpeg.YCbCr:
		return fromYCbCr(p), nil
	}
	out := NewImage(p.H, p.W, 3)
	lines, inks := newUpsamplers(p), make([]uint8, 3*p.W)
	for y := range out.H {
		for i := range lines {
			lines[i].fill(y)
		}
		dst := out.row(y)
		switch p.Space {
		case jpeg.RGB:
			for x := range out.W {
				dst[3*x], dst[3*x+1], dst[3*x+2] = lines[0].line[x], lines[1].line[x], lines[2].line[x]
			}
		case jpeg.YCCK: // RGB is what is left of the inks, and inks are stored inverted
			kernel.RGB(inks, lines[0].line, lines[1].line, lines[2].line)
			for x := range out.W {
				print4(dst[3*x:], inks[3*x], inks[3*x+1], inks[3*x+2], 255-lines[3].line[x])
			}
		case jpeg.CMYK:
			for x := range out.W {
				print4(dst[3*x:], 255-lines[0].line[x], 255-lines[1].line[x], 255-lines[2].line[x], 255-lines[3].line[x])
			}
		}
	}
	return out, nil
}

// print4 is Pillow's conversion of CMYK: each ink darkens what black leaves, rounded in fixed point.
func print4(dst []uint8, c, m, y, k uint8) {
	light := 255 - int(k)
	for i, ink := range [3]uint8{c, m, y} {
		v := int(ink)*light + 128
		dst[i] = uint8(max(0, light-(v>>8+v)>>8))
	}
}

func fromYCbCr(p *jpeg.Picture) *Image {
	out := NewImage(p.H, p.W, 3)
	lines := newUpsamplers(p)
	luma, cb, cr := p.Planes[0], p.Planes[1], p.Planes[2]
	halved := func(c jpeg.Plane) bool { return c.ScaleX == 2 && c.ScaleY == 2 && c.W > 2 }
	if luma.ScaleX == 1 && luma.ScaleY == 1 && halved(cb) && halved(cr) { // the usual case, in one go
		scratch := make([]uint8, 2*p.W)
		for y := range out.H {
			near, far := y/2, max(0, min(cb.H-1, y/2-1+2*(y%2)))
			kernel.RGB420(out.row(y), luma.Row(y), [2][]uint8{cb.Row(near), cr.Row(near)}, [2][]uint8{cb.Row(far), cr.Row(far)}, scratch)
		}
		return out
	}
	for y := range out.H {
		for i := range lines {
			lines[i].fill(y)
		}
		kernel.RGB(out.row(y), lines[0].line, lines[1].line, lines[2].line)
	}
	return out
}
