package zootest

import (
	"math/rand/v2"

	"github.com/forgergan/forger/torch/data"
)

// Labelled is Pictures with the label of each, its number modulo Classes: the larger the disc, the higher.
type Labelled struct {
	Pictures
	Classes int
}

// Fields are a picture and its label.
func (l Labelled) Fields() []data.Field {
	return append(l.Pictures.Fields(), data.Field{Name: "label", Int64: true})
}

// Read draws the disc.
func (l Labelled) Read(i int, rng *rand.Rand, row []data.Array) error {
	row[1].Int64[0] = int64(i % l.Classes)
	return l.Pictures.Read(i, rng, row[:1])
}
