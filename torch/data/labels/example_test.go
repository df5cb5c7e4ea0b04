package labels_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/labels"
)

// birds is a set of 1000 items of two classes.
type birds struct{}

func (birds) Name() string         { return "birds" }
func (birds) Len() int             { return 1000 }
func (birds) Fields() []data.Field { return []data.Field{{Name: "label", Int64: true}} }
func (birds) Classes() []string    { return []string{"emu", "kiwi"} }
func (birds) Label(i int) int      { return i % 2 }
func (birds) Read(i int, _ *rand.Rand, row []data.Array) error {
	row[0].Int64[0] = int64(i % 2)
	return nil
}

func ExampleApply() {
	o, err := labels.Parse("symmetric:0.5,keep:0.2")
	if err != nil {
		panic(err)
	}
	noisy, err := labels.Apply(birds{}, o)
	if err != nil {
		panic(err)
	}
	r := noisy.Report()
	fmt.Printf("%d labels of %d, %.3f of them wrong\n", r.Items-r.Unlabelled, r.Items, r.NoiseRate)
	for i := range 1000 {
		if noisy.Label(i) < 0 || noisy.Label(i) == noisy.Clean(i) {
			continue
		}
		fmt.Printf("item %d is of class %d, training sees %d\n", i, noisy.Clean(i), noisy.Label(i))
		break
	}
	// Output:
	// 200 labels of 1000, 0.250 of them wrong
	// item 75 is of class 1, training sees 0
}
