package vision_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/forgergan/forger/torch/vision"
)

func Example() {
	im := vision.NewImage(30, 40, 3) // in a program: vision.Decode("cat.jpg", vision.RGB)
	im = im.ResizeShort(16, 0, vision.Bilinear).CenterCrop(16, 16)
	x := make([]float32, 3*16*16)
	im.Normalize(x, vision.Half, vision.Half)
	fmt.Println(im.H, im.W, im.C, x[0])
	// Output: 16 16 3 -1
}

func ExampleImage_ResizeCrop() {
	im := vision.NewImage(256, 256, 3)
	// The same as im.Resize(286, 286, vision.Bicubic).Crop(10, 20, 256, 256), in less time.
	im = im.ResizeCrop(286, 286, vision.Bicubic, 10, 20, 256, 256)
	fmt.Println(im.H, im.W)
	// Output: 256 256
}

func ExampleImage_Rotate() {
	im := vision.NewImage(20, 40, 1)
	turned := im.Rotate(30, vision.Warp{Expand: true, Fill: []uint8{255}})
	fmt.Println(turned.H, turned.W, turned.Pix[0])
	// Output: 38 46 255
}

func ExampleSaveGrid() {
	dir, err := os.MkdirTemp("", "grid")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	samples := make([]float32, 10*1*28*28) // what a generator returned, in [-1, 1]
	path := filepath.Join(dir, "grid.png")
	if err := vision.SaveGrid(path, samples, []int{10, 1, 28, 28}, vision.Grid{NRow: 5}); err != nil {
		panic(err)
	}
	im, err := vision.Decode(path, vision.RGB)
	fmt.Println(im.H, im.W, err)
	// Output: 62 152 <nil>
}

func ExampleImage_Imresize() {
	im := vision.NewImage(4, 8, 1)
	for i := range im.Pix {
		im.Pix[i] = uint8(i % 8 * 30)
	}
	small := im.Imresize(2, 4)
	fmt.Println(small.Pix[:4])
	// Output: [13 75 135 197]
}
