package vision

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
)

// fromNative copies what a decoder of the standard library returned: grey stays one channel, colours become RGB,
// anything with alpha RGBA. Alpha is never multiplied in.
func fromNative(src image.Image) *Image {
	switch src := src.(type) {
	case *image.Gray:
		out := native(src, 1)
		for y := range out.H {
			copy(out.row(y), src.Pix[y*src.Stride:])
		}
		return out
	case *image.Gray16:
		out := native(src, 1)
		for y := range out.H {
			take(out.row(y), src.Pix[y*src.Stride:], 1, 2, 2)
		}
		return out
	case *image.RGBA: // the decoders use this type for opaque pictures only
		out := native(src, 3)
		for y := range out.H {
			take(out.row(y), src.Pix[y*src.Stride:], 3, 4, 1)
		}
		return out
	case *image.RGBA64:
		out := native(src, 3)
		for y := range out.H {
			take(out.row(y), src.Pix[y*src.Stride:], 3, 8, 2)
		}
		return out
	case *image.NRGBA:
		out := native(src, 4)
		for y := range out.H {
			copy(out.row(y), src.Pix[y*src.Stride:])
		}
		return out
	case *image.NRGBA64:
		out := native(src, 4)
		for y := range out.H {
			take(out.row(y), src.Pix[y*src.Stride:], 4, 8, 2)
		}
		return out
	case *image.Paletted:
		return fromPalette(src)
	case *image.YCbCr:
		return fromVideo(src)
	case *image.NYCbCrA:
		out := fromVideo(&src.YCbCr).Convert(RGBA)
		for y := range out.H {
			for x := range out.W {
				out.Pix[4*(y*out.W+x)+3] = src.A[y*src.AStride+x]
			}
		}
		return out
	}
	out := native(src, 4)
	b := src.Bounds()
	for y := range out.H {
		for x := range out.W {
			c := color.NRGBAModel.Convert(src.At(b.Min.X+x, b.Min.Y+y)).(color.NRGBA)
			copy(out.Pix[4*(y*out.W+x):], []uint8{c.R, c.G, c.B, c.A})
		}
	}
	return out
}

func native(src image.Image, c int) *Image {
	return NewImage(src.Bounds().Dy(), src.Bounds().Dx(), c)
}

// take copies the first n samples of each pixel, high byte only; a pixel fills size bytes of src, a sample step bytes.
func take(dst, src []uint8, n, size, step int) {
	for i := 0; i < len(dst); i, src = i+n, src[min(size, len(src)):] {
		for c := range n {
			dst[i+c] = src[c*step]
		}
	}
}

// fromPalette looks the colours up. The result has alpha only if the palette does.
func fromPalette(src *image.Paletted) *Image {
	colours, opaque := make([]color.NRGBA, 256), true
	for i := range colours {
		colours[i].A = 255
	}
	for i, c := range src.Palette {
		if n, ok := c.(color.NRGBA); ok { // converting it would lose the colour under alpha 0
			colours[i] = n
		} else {
			colours[i] = color.NRGBAModel.Convert(c).(color.NRGBA)
		}
		opaque = opaque && colours[i].A == 255
	}
	out := native(src, 4)
	if opaque {
		out = native(src, 3)
	}
	for y := range out.H {
		dst := out.row(y)
		for x, index := range src.Pix[y*src.Stride : y*src.Stride+out.W] {
			c := colours[index]
			copy(dst[x*out.C:(x+1)*out.C], []uint8{c.R, c.G, c.B, c.A})
		}
	}
	return out
}

// decodeGIF returns the first picture of a file on its screen, what lies around it transparent.
func decodeGIF(data []byte) (*Image, error) {
	w, h, err := config(gif.DecodeConfig)(data)
	if err != nil {
		return nil, err
	}
	first, err := gif.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	im, at := fromNative(first), first.Bounds()
	if at == image.Rect(0, 0, w, h) {
		return im, nil
	}
	return im.Convert(RGBA).Crop(-at.Min.Y, -at.Min.X, h, w), nil
}
