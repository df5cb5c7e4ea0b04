package labels

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/forgergan/forger/internal/numpyrandom"
	"github.com/forgergan/forger/torch/data"
)

// Noise corrupts labels by chances that depend on the class alone. The zero value is none.
type Noise struct {
	kind   string
	rate   float64
	matrix Matrix
}

// Symmetric replaces a share rate of the labels by labels drawn evenly from all C classes, so that a label stays as it
// is with probability 1 − rate + rate/C. This is the noise of rGAN (Kaneko et al. 2019).
func Symmetric(rate float64) Noise { return Noise{kind: "symmetric", rate: rate} }

// SymmetricOthers replaces a share rate of the labels by labels drawn evenly from the C − 1 other classes, so that a
// label stays with probability 1 − rate. This is the convention of Patrini et al. 2017; equal to Symmetric with
// rate·C/(C−1).
func SymmetricOthers(rate float64) Noise { return Noise{kind: "symmetric-others", rate: rate} }

// Asymmetric gives a share rate of the items of some classes the label of a similar class. Known are the sets
// of the literature, by the names of their classes:
//
//   - CIFAR-10: truck → automobile, bird → airplane, deer → horse, cat ↔ dog (Patrini et al. 2017, and rGAN)
//   - Fashion-MNIST: ankle boot → sneaker, sneaker → sandal, pullover → shirt, coat ↔ dress (Zhang and Sabuncu 2018)
//   - MNIST, the set of that name: 2 → 7, 3 → 8, 7 → 1, 5 ↔ 6 (Patrini et al. 2017)
func Asymmetric(rate float64) Noise { return Noise{kind: "asymmetric", rate: rate} }

// Given draws label j for an item of class i with probability t[i][j].
func Given(t Matrix) Noise { return Noise{kind: "matrix", matrix: t} }

var noiseKinds = []string{"symmetric", "symmetric-others", "asymmetric"} // those that a rate follows

// mistaken says for which class members of a class are taken.
var mistaken = []map[string]string{
	{"truck": "automobile", "bird": "airplane", "deer": "horse", "cat": "dog", "dog": "cat"},
	{"Ankle boot": "Sneaker", "Sneaker": "Sandal", "Pullover": "Shirt", "Coat": "Dress", "Dress": "Coat"},
}

var mistakenDigits = map[string]string{"2": "7", "3": "8", "7": "1", "5": "6", "6": "5"}

// flips is, for each class, the class that it is mistaken for, or itself.
func flips(set data.Labelled) ([]int, error) {
	classes := set.Classes()
	known := mistaken
	if set.Name() == "mnist" { // classes called 0, 1, 2 could be anything elsewhere
		known = []map[string]string{mistakenDigits}
	}
	for _, pairs := range known {
		to, found := make([]int, len(classes)), 0
		for i, name := range classes {
			to[i] = i
			if other, ok := pairs[name]; ok {
				if j := slices.Index(classes, other); j >= 0 {
					to[i] = j
					found++
				}
			}
		}
		if found == len(pairs) {
			return to, nil
		}
	}
	return nil, fmt.Errorf("asymmetric noise is known for the classes of MNIST, Fashion-MNIST and CIFAR-10, not for %s: "+
		"give a matrix:FILE", strings.Join(classes[:min(3, len(classes))], ", "))
}

// check refuses what cannot be, whatever the set.
func (n Noise) check() error {
	switch {
	case n.kind == "matrix":
		return n.matrix.check()
	case !(n.rate >= 0 && n.rate <= 1):
		return fmt.Errorf("a noise rate of %v is not in [0, 1]", n.rate)
	}
	return nil
}

// Matrix is the noise as probabilities p(label j | class i) for the classes of a set. The error tells a set that
// the noise does not fit.
func (n Noise) Matrix(set data.Labelled) (Matrix, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	c := len(set.Classes())
	var to []int
	var err error
	switch {
	case n.kind == "matrix" && len(n.matrix) != c:
		return nil, fmt.Errorf("a noise matrix of %d classes does not fit a set of %d", len(n.matrix), c)
	case n.kind == "matrix":
		return n.matrix, nil
	case n.kind == "symmetric-others" && c < 2:
		return nil, fmt.Errorf("a set of one class has no other label to take")
	case n.kind == "asymmetric":
		if to, err = flips(set); err != nil {
			return nil, err
		}
	}
	t := make(Matrix, c)
	for i := range t {
		t[i] = make([]float64, c)
		t[i][i] = 1 - n.rate
		switch n.kind {
		case "symmetric":
			for j := range t[i] {
				t[i][j] += n.rate / float64(c)
			}
		case "symmetric-others":
			for j := range t[i] {
				if j != i {
					t[i][j] = n.rate / float64(c-1)
				}
			}
		case "asymmetric":
			t[i][to[i]] += n.rate
		}
	}
	return t, nil
}

// corrupt changes labels in place, drawing what rGAN's datasets/cifar.py draws for symmetric and asymmetric noise, and
// what numpy.random.choice(C, p=t[i]) draws, item by item, for a matrix.
func (n Noise) corrupt(set data.Labelled, labels []int32, rng *numpyrandom.State) error {
	t, err := n.Matrix(set) // also checks that the noise fits the set
	if err != nil {
		return err
	}
	c := len(set.Classes())
	switch n.kind {
	case "symmetric", "symmetric-others":
		hit := make([]bool, len(labels))
		for i := range hit {
			hit[i] = rng.Float64() <= n.rate
		}
		for i, was := range labels {
			switch {
			case !hit[i]:
			case n.kind == "symmetric":
				labels[i] = int32(rng.IntN(c))
			default:
				if labels[i] = int32(rng.IntN(c - 1)); labels[i] >= was {
					labels[i]++
				}
			}
		}
	case "asymmetric":
		to, err := flips(set)
		if err != nil {
			return err
		}
		for i, was := range labels {
			if j := to[was]; j != int(was) && rng.Float64() <= n.rate {
				labels[i] = int32(j)
			}
		}
	case "matrix":
		for i, was := range labels {
			labels[i] = int32(rng.Choice(t[was]))
		}
	}
	return nil
}

// String is the noise in the text of options.
func (n Noise) String() string {
	if n.kind == "matrix" {
		text, err := json.Marshal(n.matrix)
		if err != nil {
			return fmt.Sprintf("matrix:%v", n.matrix) // holds what is no number, which check refuses
		}
		return "matrix:" + string(text)
	}
	return fmt.Sprintf("%s:%v", n.kind, n.rate)
}

// Matrix holds p(label j | class i) as [i][j]: each row sums to 1.
type Matrix [][]float64

func (t Matrix) check() error {
	if len(t) == 0 {
		return fmt.Errorf("the noise matrix is empty")
	}
	for i, row := range t {
		if len(row) != len(t) {
			return fmt.Errorf("row %d of the noise matrix has %d probabilities, not one for each of %d classes", i, len(row), len(t))
		}
		sum := 0.0
		for _, p := range row {
			if !(p >= 0 && p <= 1) {
				return fmt.Errorf("row %d of the noise matrix holds %v, which is no probability", i, p)
			}
			sum += p
		}
		if math.Abs(sum-1) > 1e-6 {
			return fmt.Errorf("row %d of the noise matrix sums to %v, not 1", i, sum)
		}
	}
	return nil
}

// Inverse holds p(class j | label i), for classes that are equally frequent: what rGAN's noise2clean draws clean labels
// from. The row of a label that no class has is 0.
func (t Matrix) Inverse() Matrix {
	out := make(Matrix, len(t))
	for i := range t {
		sum := 0.0
		for j := range t {
			sum += t[j][i]
		}
		out[i] = make([]float64, len(t))
		for j := range t {
			if sum > 0 {
				out[i][j] = t[j][i] / sum
			}
		}
	}
	return out
}
