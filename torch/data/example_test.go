package data_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

// ring is a set of points on a circle.
type ring int

func (r ring) Name() string { return "ring" }
func (r ring) Len() int     { return int(r) }
func (r ring) Fields() []data.Field {
	return []data.Field{{Name: "point", Shape: []int{2}}}
}

func (r ring) Read(i int, rng *rand.Rand, row []data.Array) error {
	p := row[0].Float32
	p[0], p[1] = float32(i), -float32(i)
	return nil
}

func ExampleLoader() {
	loader, err := data.NewLoader(ring(4), data.LoaderOptions{Batch: 2})
	if err != nil {
		panic(err)
	}
	defer loader.Close()
	for range 2 {
		batch, err := loader.Next(context.Background())
		if err != nil {
			panic(err)
		}
		points := batch.Find("point")
		fmt.Println(points.Shape, points.Float32)
		batch.Release()
	}
	fmt.Printf("%+v\n", loader.State())
	// Output:
	// [2 2] [0 -0 1 -1]
	// [2 2] [2 -2 3 -3]
	// {Seed:0 Epoch:0 Position:4 Items:4}
}

func ExamplePack() {
	dir, err := os.MkdirTemp("", "pack")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if err := vision.SavePNG(filepath.Join(dir, "1.png"), vision.NewImage(30, 40, 3)); err != nil {
		panic(err)
	}
	shard := filepath.Join(dir, "set.safetensors")
	n, err := data.Pack(context.Background(), dir, shard, data.Options{Size: 16})
	fmt.Println(n, err)
	set, err := data.Open(context.Background(), shard, data.Options{}) // as any other set
	if err != nil {
		panic(err)
	}
	fmt.Println(set.Len(), set.Fields()[0].Shape)
	// Output:
	// 1 <nil>
	// 1 [3 16 16]
}
