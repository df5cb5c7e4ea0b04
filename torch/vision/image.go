package vision

import "fmt"

// Mode is the kind of pixels that a picture is wanted in; its number is the number of channels.
type Mode int

// The modes. They are Pillow's "L", "RGB" and "RGBA". Native, for decoding only, keeps what the file holds.
const (
	Native Mode = 0
	Gray   Mode = 1
	RGB    Mode = 3
	RGBA   Mode = 4
)

// String is Pillow's name of the mode.
func (m Mode) String() string {
	switch m {
	case Native:
		return "native"
	case Gray:
		return "L"
	case RGB:
		return "RGB"
	case RGBA:
		return "RGBA"
	}
	return fmt.Sprintf("mode(%d)", int(m))
}

// Image is a picture of 8-bit values: pixel (y, x) is Pix[(y*W+x)*C : (y*W+x+1)*C], with C = 1 (grey),
// 3 (RGB) or 4 (RGBA, alpha not premultiplied).
type Image struct {
	H, W, C int
	Pix     []uint8
}

// NewImage returns a black (RGBA: transparent) picture. It panics on a size below 1 and on channels other than 1, 3 and 4.
func NewImage(h, w, c int) *Image {
	if h < 1 || w < 1 {
		panic(fmt.Sprintf("vision: a picture of %d x %d (height x width) has no pixels", h, w))
	}
	if c != 1 && c != 3 && c != 4 {
		panic(fmt.Sprintf("vision: a picture has 1, 3 or 4 channels, not %d", c))
	}
	return &Image{h, w, c, make([]uint8, h*w*c)}
}

// row returns the pixels of line y.
func (im *Image) row(y int) []uint8 { return im.Pix[y*im.W*im.C : (y+1)*im.W*im.C] }

// luma is Pillow's fixed-point ITU-R 601-2 grey value of a colour: 0.299 R + 0.587 G + 0.114 B, rounded.
func luma(r, g, b uint8) uint8 {
	return uint8((uint32(r)*19595 + uint32(g)*38470 + uint32(b)*7471 + 0x8000) >> 16)
}

// Convert returns the picture in mode m, as Pillow's convert does: grey becomes three equal channels, colour
// becomes grey by the ITU-R 601-2 weights in fixed point, alpha is dropped, or added as 255.
func (im *Image) Convert(m Mode) *Image {
	out := NewImage(im.H, im.W, int(m))
	for i, n := 0, im.H*im.W; i < n; i++ {
		src, dst := im.Pix[i*im.C:(i+1)*im.C], out.Pix[i*out.C:(i+1)*out.C]
		r, g, b := src[0], src[0], src[0]
		if im.C >= 3 {
			g, b = src[1], src[2]
		}
		if m == Gray {
			if im.C == 1 {
				dst[0] = r
			} else {
				dst[0] = luma(r, g, b)
			}
			continue
		}
		dst[0], dst[1], dst[2] = r, g, b
		if m == RGBA {
			dst[3] = 255
			if im.C == 4 {
				dst[3] = src[3]
			}
		}
	}
	return out
}

// Over puts an RGBA picture on a background of one colour and returns it as RGB; values are rounded.
// A picture without alpha covers the background.
func (im *Image) Over(r, g, b uint8) *Image {
	out, back := NewImage(im.H, im.W, 3), [3]uint8{r, g, b}
	if im.C != 4 {
		return im.Convert(RGB)
	}
	for i, n := 0, im.H*im.W; i < n; i++ {
		src, dst := im.Pix[4*i:4*i+4], out.Pix[3*i:3*i+3]
		a := int(src[3])
		for c := range 3 {
			dst[c] = uint8((int(src[c])*a + int(back[c])*(255-a) + 127) / 255)
		}
	}
	return out
}
