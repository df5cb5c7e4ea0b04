package movie

import (
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"os"

	"github.com/forgergan/forger/torch/vision"
)

// readGIF composes the frames of an animated GIF, which may be no more than what changes.
func readGIF(ctx context.Context, path string, each func(frame *vision.Image) error) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("video %s: %w", path, err)
	}
	defer file.Close()
	g, err := gif.DecodeAll(file)
	if err != nil {
		return fmt.Errorf("video %s: it is no GIF, or a damaged one: %w", path, err)
	}
	canvas := image.NewRGBA(image.Rect(0, 0, g.Config.Width, g.Config.Height))
	for i, frame := range g.Image {
		if err := ctx.Err(); err != nil {
			return err
		}
		before := image.NewRGBA(canvas.Rect)
		copy(before.Pix, canvas.Pix)
		draw.Draw(canvas, frame.Rect, frame, frame.Rect.Min, draw.Over)
		im := vision.NewImage(canvas.Rect.Dy(), canvas.Rect.Dx(), 3)
		for p := range im.H * im.W {
			copy(im.Pix[3*p:3*p+3], canvas.Pix[4*p:])
		}
		if err := each(im); err != nil {
			return err
		}
		switch g.Disposal[i] {
		case gif.DisposalBackground:
			draw.Draw(canvas, frame.Rect, image.Transparent, image.Point{}, draw.Src)
		case gif.DisposalPrevious:
			canvas = before
		}
	}
	return nil
}
