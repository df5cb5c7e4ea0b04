package photos_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/photos"
	"github.com/forgergan/forger/torch/vision"
)

func Example() {
	dir, err := os.MkdirTemp("", "photos")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if err := vision.SavePNG(filepath.Join(dir, "sunset.png"), vision.NewImage(300, 400, 3)); err != nil {
		panic(err)
	}

	set, err := photos.Open(context.Background(), dir, photos.Options{Crop: 96, Scale: 4, Flip: true})
	if err != nil {
		panic(err)
	}
	loader, err := data.NewLoader(set, data.LoaderOptions{Batch: 16, Shuffle: true, DropLast: true})
	if err != nil {
		panic(err)
	}
	defer loader.Close()
	batch, err := loader.Next(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Println(batch.Find("low").Shape, batch.Find("high").Shape)
	// Output: [16 3 24 24] [16 3 96 96]
}
