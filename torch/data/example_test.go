package data_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/forgergan/forger/torch/data"
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
