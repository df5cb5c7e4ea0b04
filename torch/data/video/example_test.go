package video_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/video"
	"github.com/forgergan/forger/torch/vision"
)

// Two sequences of drawings and of what they become, in windows of three frames.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "videos")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	for _, part := range []string{"train_A", "train_B"} {
		for _, sequence := range []string{"walk", "run"} {
			folder := filepath.Join(dir, part, sequence)
			if err := os.MkdirAll(folder, 0o755); err != nil {
				panic(err)
			}
			for i := range 7 {
				if err := vision.SavePNG(filepath.Join(folder, fmt.Sprintf("%d.png", i)), vision.NewImage(48, 64, 3)); err != nil {
					panic(err)
				}
			}
		}
	}

	set, err := video.Open(dir, video.Options{Frames: 3, Plain: true, Load: 64})
	if err != nil {
		panic(err)
	}
	names, frames := set.Sequences()
	fmt.Println(names, frames)
	batch, err := data.ReadItems(set, 0, set.Len())
	if err != nil {
		panic(err)
	}
	for i := range set.Len() {
		sequence, first := set.Sequence(i)
		fmt.Println(names[sequence], "from frame", first)
	}
	for _, a := range batch.Arrays {
		fmt.Println(a.Name, a.Shape)
	}
	// Output:
	// [run walk] [7 7]
	// run from frame 0
	// run from frame 3
	// walk from frame 0
	// walk from frame 3
	// A [4 3 3 64 64]
	// B [4 3 3 64 64]
}
