package pairs_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/pairs"
	"github.com/forgergan/forger/torch/vision"
)

// A drawing on the left and its photograph on the right of each picture, as pix2pix's own sets have it.
func ExampleOpenAligned() {
	dir, err := os.MkdirTemp("", "pairs")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Mkdir(filepath.Join(dir, "train"), 0o755); err != nil {
		panic(err)
	}
	for i := range 4 {
		if err := vision.SavePNG(filepath.Join(dir, "train", fmt.Sprintf("%d.png", i)), vision.NewImage(256, 512, 3)); err != nil {
			panic(err)
		}
	}
	set, err := pairs.OpenAligned(dir, pairs.Options{Size: 256, Load: 286, Flip: true, ChannelsA: 1})
	if err != nil {
		panic(err)
	}
	loader, err := data.NewLoader(set, data.LoaderOptions{Batch: 2, Shuffle: true, Seed: 1})
	if err != nil {
		panic(err)
	}
	defer loader.Close()
	batch, err := loader.Next(context.Background())
	if err != nil {
		panic(err)
	}
	fmt.Println(batch.Find("A").Shape, batch.Find("B").Shape)
	// Output: [2 1 256 256] [2 3 256 256]
}
