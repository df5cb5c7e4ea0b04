package vision

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
)

// IDs is a map of whole numbers from 0 to 65535, one a pixel: classes, or instances. Pixel (y, x) is Pix[y*W+x].
type IDs struct {
	H, W int
	Pix  []uint16
}

// The kinds of pixels of a PNG file, byte 25 of it.
const (
	pngGray     = 0
	pngPaletted = 3
	pngDepthAt  = 24
	pngKindAt   = 25
)

// DecodeIDs reads a PNG file as numbers: of a grey one its samples as they are stored, of 1, 2, 4, 8 or 16 bits, of a
// paletted one its indices, whatever colours they stand for. (Pillow spreads samples of fewer than 8 bits over 0..255.)
// Other files have no number a pixel and are refused in one sentence that begins with name.
func DecodeIDs(name string, data []byte) (*IDs, error) {
	out, err := decodeIDs(data)
	if err != nil {
		return nil, fmt.Errorf("label map %s %w", name, err)
	}
	return out, nil
}

func decodeIDs(data []byte) (*IDs, error) {
	f, err := recognise(data)
	if err != nil {
		return nil, err
	}
	if f.name != "PNG" {
		return nil, fmt.Errorf("is a %s file: store it as PNG with one number a pixel, grey or with a palette", f.name)
	}
	if kind := data[pngKindAt]; kind != pngGray && kind != pngPaletted {
		return nil, fmt.Errorf("holds colours, not ids: store it as PNG with one number a pixel, grey or with a palette")
	}
	src, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, f.explain(err, len(data))
	}
	b := src.Bounds()
	out := &IDs{b.Dy(), b.Dx(), make([]uint16, b.Dy()*b.Dx())}
	unit := uint16(1) // what the decoder multiplies samples by
	if depth := data[pngDepthAt]; data[pngKindAt] == pngGray && depth < 8 {
		unit = 255 / (1<<depth - 1)
	}
	line := out.Pix
	for y := range out.H {
		switch src := src.(type) {
		case *image.Paletted:
			samples(line[:out.W], src.Pix[y*src.Stride:], 1, 1)
		case *image.Gray:
			samples(line[:out.W], src.Pix[y*src.Stride:], 1, unit)
		case *image.NRGBA: // grey with a transparent value
			samples(line[:out.W], src.Pix[y*src.Stride:], 4, unit)
		case *image.Gray16:
			samples16(line[:out.W], src.Pix[y*src.Stride:], 2)
		case *image.NRGBA64:
			samples16(line[:out.W], src.Pix[y*src.Stride:], 8)
		}
		line = line[out.W:]
	}
	return out, nil
}

func samples(dst []uint16, src []uint8, step int, unit uint16) {
	for x := range dst {
		dst[x] = uint16(src[x*step]) / unit
	}
}

func samples16(dst []uint16, src []uint8, step int) {
	for x := range dst {
		dst[x] = uint16(src[x*step])<<8 | uint16(src[x*step+1])
	}
}

// ResizeCrop resamples the map to h x w by [Nearest] and cuts cropH x cropW numbers from (top, left). It panics on a
// size below 1 and on a crop that is not inside.
func (m *IDs) ResizeCrop(h, w, top, left, cropH, cropW int) *IDs {
	if h < 1 || w < 1 || cropH < 1 || cropW < 1 || top < 0 || left < 0 || top+cropH > h || left+cropW > w {
		panic(fmt.Sprintf("vision: cannot resize ids to %d x %d and crop %d x %d (height x width) at (%d, %d)", h, w, cropH, cropW, top, left))
	}
	out := &IDs{cropH, cropW, make([]uint16, cropH*cropW)}
	xs := nearestSources(m.W, w)[left : left+cropW]
	for y, sy := range nearestSources(m.H, h)[top : top+cropH] {
		src, dst := m.Pix[sy*m.W:(sy+1)*m.W], out.Pix[y*cropW:(y+1)*cropW]
		for x, sx := range xs {
			dst[x] = src[sx]
		}
	}
	return out
}

// FlipH mirrors left and right.
func (m *IDs) FlipH() *IDs {
	out := &IDs{m.H, m.W, make([]uint16, len(m.Pix))}
	for i, v := range m.Pix {
		x := i % m.W
		out.Pix[i-x+m.W-1-x] = v
	}
	return out
}
