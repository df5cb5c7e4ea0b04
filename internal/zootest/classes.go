package zootest

import (
	"fmt"
	"math/rand/v2"

	"github.com/forgergan/forger/torch/data"
)

// Classified is Pictures with a label each.
type Classified struct {
	Pictures
	Labels int // the number of classes, in turn
}

// Fields are a picture and its label.
func (c Classified) Fields() []data.Field {
	return append(c.Pictures.Fields(), data.Field{Name: "label", Int64: true})
}

// Classes are "class 0" and so on.
func (c Classified) Classes() (names []string) {
	for k := range c.Labels {
		names = append(names, fmt.Sprintf("class %d", k))
	}
	return names
}

// Label is i modulo the number of classes.
func (c Classified) Label(i int) int { return i % c.Labels }

// Read draws a disc, and says its class.
func (c Classified) Read(i int, rng *rand.Rand, row []data.Array) error {
	row[1].Int64[0] = int64(c.Label(i))
	return c.Pictures.Read(i, rng, row)
}
