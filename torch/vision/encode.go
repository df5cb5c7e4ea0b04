package vision

import (
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"github.com/forgergan/forger/internal/atomicfile"
)

// EncodePNG writes the picture as PNG, without loss.
func EncodePNG(w io.Writer, im *Image) error { return png.Encode(w, im.standard()) }

// EncodeJPEG writes the picture as baseline JPEG of the given quality, 1 to 100; RGB is stored with 4:2:0 chroma. It
// refuses a picture with alpha, which JPEG cannot hold.
func EncodeJPEG(w io.Writer, im *Image, quality int) error {
	if im.C == 4 {
		return fmt.Errorf("jpeg cannot hold alpha: put the picture on a background first")
	}
	if quality < 1 || quality > 100 {
		return fmt.Errorf("jpeg quality %d is not in 1..100", quality)
	}
	return jpeg.Encode(w, im.standard(), &jpeg.Options{Quality: quality})
}

// SavePNG writes the picture to path atomically: a reader sees the old file or the whole new one.
func SavePNG(path string, im *Image) error {
	return atomicfile.Write(path, func(w io.Writer) error { return EncodePNG(w, im) })
}

// SaveJPEG writes the picture to path atomically, see [EncodeJPEG].
func SaveJPEG(path string, im *Image, quality int) error {
	return atomicfile.Write(path, func(w io.Writer) error { return EncodeJPEG(w, im, quality) })
}

// standard returns the picture in the type of the standard library whose encoder keeps the channels.
func (im *Image) standard() image.Image {
	bounds := image.Rect(0, 0, im.W, im.H)
	switch im.C {
	case 1:
		return &image.Gray{Pix: im.Pix, Stride: im.W, Rect: bounds}
	case 4:
		return &image.NRGBA{Pix: im.Pix, Stride: 4 * im.W, Rect: bounds}
	}
	out := image.NewRGBA(bounds) // opaque, so it is stored as RGB
	copy(out.Pix, im.Convert(RGBA).Pix)
	return out
}
