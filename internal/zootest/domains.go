package zootest

import (
	"math"
	"math/rand/v2"

	"github.com/forgergan/forger/torch/data"
)

// Domains is a set of unpaired pictures of two kinds, bright discs A and dark squares B.
type Domains struct {
	Items, Channels, Size int
}

// Name is "domains".
func (d Domains) Name() string { return "domains" }

// Len is Items.
func (d Domains) Len() int { return d.Items }

// Fields are a picture of each kind.
func (d Domains) Fields() []data.Field {
	shape := []int{d.Channels, d.Size, d.Size}
	return []data.Field{{Name: "A", Shape: shape}, {Name: "B", Shape: shape}}
}

// Read draws both with sizes and places of their own.
func (d Domains) Read(_ int, rng *rand.Rand, row []data.Array) error {
	size := float64(d.Size)
	for f, distance := range []func(x, y float64) float64{math.Hypot, func(x, y float64) float64 { return max(math.Abs(x), math.Abs(y)) }} {
		x, y, r := size*(0.3+0.4*rng.Float64()), size*(0.3+0.4*rng.Float64()), size*(0.15+0.1*rng.Float64())
		bright := float64(1 - 2*f)
		for k := range row[f].Float32 {
			from := distance(float64(k%d.Size)-x, float64(k/d.Size%d.Size)-y)
			row[f].Float32[k] = float32(bright * math.Tanh(r-from))
		}
	}
	return nil
}
