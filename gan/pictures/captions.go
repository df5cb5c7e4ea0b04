package pictures

import (
	"fmt"
	"image"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/vision"
)

const (
	fontSize    = 14 // pixels
	lineHeight  = 18
	leastWidth  = 240 // of a picture with captions, so that a line has a few words
	captionEdge = 4   // white around a caption
)

// face is the Go font (BSD), with Latin, Greek and Cyrillic letters. A face holds buffers of its own, so it is not shared.
func face() font.Face {
	f, err := opentype.NewFace(goFont(), &opentype.FaceOptions{Size: fontSize, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		panic(err) // of a font that is part of the program
	}
	return f
}

var goFont = sync.OnceValue(func() *opentype.Font {
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		panic(err)
	}
	return f
})

// Captioned is images (N, C, H, W) in [−1, 1] in rows of columns, with a sentence above each row. It panics unless there is
// one for each row, and all rows are whole.
func Captioned(images *torch.Tensor, columns int, captions []string) *vision.Image {
	shape := images.Shape()
	if len(shape) != 4 || columns < 1 || shape[0] != columns*len(captions) || len(captions) == 0 {
		panic(misuse("Captioned", fmt.Sprintf("%d captions for images of shape %v in rows of %d", len(captions), shape, columns), shape))
	}
	var rows []*vision.Image
	f, width := face(), leastWidth
	defer f.Close()
	for i := range captions {
		row := Grid(images.Narrow(0, i*columns, columns), columns)
		rows, width = append(rows, row), max(width, row.W)
	}
	out := &vision.Image{W: width, C: 3}
	for i, row := range rows {
		for _, part := range []*vision.Image{caption(f, captions[i], width), row} {
			if part.W < width {
				part = part.Pad(0, 0, width-part.W, 0, vision.Constant, 255)
			}
			out.H, out.Pix = out.H+part.H, append(out.Pix, part.Pix...)
		}
	}
	return out
}

// caption is a sentence, black on white.
func caption(f font.Face, text string, width int) *vision.Image {
	lines := wrap(f, text, width-2*captionEdge)
	canvas := image.NewGray(image.Rect(0, 0, width, len(lines)*lineHeight+captionEdge))
	for i := range canvas.Pix {
		canvas.Pix[i] = 255
	}
	d := font.Drawer{Dst: canvas, Src: image.Black, Face: f}
	for i, line := range lines {
		d.Dot = fixed.P(captionEdge, i*lineHeight+fontSize+captionEdge/2)
		d.DrawString(line)
	}
	im := vision.NewImage(canvas.Rect.Dy(), width, 3)
	for i, v := range canvas.Pix {
		im.Pix[3*i], im.Pix[3*i+1], im.Pix[3*i+2] = v, v, v
	}
	return im
}

// wrap breaks a text into lines of a width, between words.
func wrap(f font.Face, text string, width int) []string {
	lines := []string{""}
	for _, word := range strings.Fields(text) {
		last := &lines[len(lines)-1]
		switch joined := strings.TrimSpace(*last + " " + word); {
		case *last == "" || font.MeasureString(f, joined).Ceil() <= width:
			*last = joined
		default:
			lines = append(lines, word)
		}
	}
	return lines
}
