package movie_test

import (
	"context"
	"fmt"
	"image"
	"image/color/palette"
	"image/gif"
	"os"
	"path/filepath"

	"github.com/forgergan/forger/torch/data/movie"
	"github.com/forgergan/forger/torch/vision"
)

// A GIF of three frames; an MP4 is read the same way, by ffmpeg.
func ExampleRead() {
	dir, err := os.MkdirTemp("", "movie")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "walk.gif")
	file, err := os.Create(path)
	if err != nil {
		panic(err)
	}
	film := &gif.GIF{}
	for range 3 {
		film.Image = append(film.Image, image.NewPaletted(image.Rect(0, 0, 16, 12), palette.Plan9))
		film.Delay = append(film.Delay, 10)
	}
	if err := gif.EncodeAll(file, film); err != nil {
		panic(err)
	}
	if err := file.Close(); err != nil {
		panic(err)
	}

	n := 0
	err = movie.Read(context.Background(), path, func(frame *vision.Image) error {
		fmt.Printf("frame %d: %d × %d, %d channels\n", n, frame.W, frame.H, frame.C)
		n++
		return nil
	})
	if err != nil {
		panic(err)
	}
	// Output:
	// frame 0: 16 × 12, 3 channels
	// frame 1: 16 × 12, 3 channels
	// frame 2: 16 × 12, 3 channels
}
