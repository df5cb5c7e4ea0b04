package metrics

import (
	"fmt"

	"github.com/forgergan/forger/torch"
)

// PRDCOptions say which neighbourhood of a feature vector counts. The zero value is that of Naeem et al. 2020;
// {K: 3, Closed: true} that of Kynkäänniemi et al. 2019 and torch-fidelity.
type PRDCOptions struct {
	K      int  // the ball of a vector reaches to its K-th neighbour in its own set, itself not counted; 5 if 0
	Closed bool // the surface belongs to the ball
}

func (o PRDCOptions) k() int {
	if o.K == 0 {
		return 5
	}
	return o.K
}

// String is the part of the protocol: "k=5; open".
func (o PRDCOptions) String() string {
	if o.Closed {
		return fmt.Sprintf("k=%d; closed", o.k())
	}
	return fmt.Sprintf("k=%d; open", o.k())
}

// PRDCScores say how two sets of feature vectors cover each other. Sets of one distribution do not give 1 but a
// value that depends on the sizes of the sets, on K and on the length of the vectors.
type PRDCScores struct {
	Precision float64 // share of generated vectors inside the ball of some real one, in [0, 1]
	Recall    float64 // share of real vectors inside the ball of some generated one, in [0, 1]
	Density   float64 // real balls around a generated vector, the mean, divided by K; at least 0, may exceed 1
	Coverage  float64 // share of real vectors with a generated one inside their ball, in [0, 1]
}

// FScore is the harmonic mean of precision and recall; 0 where both are.
func (s PRDCScores) FScore() float64 {
	return 2 * s.Precision * s.Recall / max(1e-5, s.Precision+s.Recall)
}

// PRDC compares generated (N, D) and real feature vectors (M, D): precision and recall of Kynkäänniemi et al. 2019
// (equations 1 and 2), density and coverage of Naeem et al. 2020 (equations 5 and 7). It computes in float64 on the
// device of the features, which must be one.
//
// Distances are made in blocks of rows, 128 MB each, so that two sets of 50,000 vectors of length 2048 take little more
// than their 1.6 GB in float64. Squares of distances are |x|² + |y|² − 2x·y, exact to about 1e-15 of |x|² + |y|².
//
// The error tells features that are not vectors of one length or not finite, and a set of K vectors or fewer.
func PRDC(generated, real *torch.Tensor, o PRDCOptions) (s PRDCScores, err error) {
	err = scoped(func() error {
		fake, truth, err := twoSets("precision and recall", generated, real)
		if err != nil {
			return err
		}
		k, n, m := o.k(), fake.Size(0), truth.Size(0)
		if k < 1 || min(n, m) <= k {
			return fmt.Errorf("precision and recall: a neighbour number %d does not exist among %d vectors", k, min(n, m))
		}
		aroundFake, aroundReal := squaredRadii(fake, k), squaredRadii(truth, k)
		// The number of real balls around each generated vector.
		balls := torch.Zeros([]int{n}, torch.TensorOptions{DType: torch.Float64, Device: fake.Device()})
		var recalled, covered float64
		eachBlock(truth, fake, func(from int, squares *torch.Tensor) {
			inReal := o.inside(squares, aroundReal.Narrow(0, from, squares.Size(0)).Unsqueeze(1))
			balls.AddInPlace(inReal.SumDim([]int{0}))
			covered += inReal.AnyDim(1).Sum().Item()
			recalled += o.inside(squares, aroundFake).AnyDim(1).Sum().Item()
		})
		s = PRDCScores{
			Precision: balls.GtScalar(0).Sum().Item() / float64(n), Recall: recalled / float64(m),
			Density: balls.Mean().Item() / float64(k), Coverage: covered / float64(m),
		}
		return nil
	})
	return s, err
}

// inside compares squares of distances with those of radii.
func (o PRDCOptions) inside(squares, radii *torch.Tensor) *torch.Tensor {
	if o.Closed {
		return squares.Le(radii)
	}
	return squares.Lt(radii)
}

// squaredRadii is the square of the distance of each row of x (N, D) to its k-th neighbour among the others.
func squaredRadii(x *torch.Tensor, k int) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		var parts []*torch.Tensor
		eachBlock(x, x, func(_ int, squares *torch.Tensor) {
			nearest, _ := squares.TopK(k+1, torch.TopKOptions{Largest: new(false)})
			parts = append(parts, nearest.Select(1, k).Clone().Keep()) // number 0 is the row itself
		})
		return torch.Cat(parts).Clamp(torch.ClampOptions{Min: 0})
	})
}

// eachBlock gives f the squares of the distances of some rows of x, from a number on, to all rows of y, for all rows
// in order, each time in a scope. Rounding may leave a distance of 0 slightly negative.
func eachBlock(x, y *torch.Tensor, f func(from int, squares *torch.Tensor)) {
	const elements = 1 << 24
	lengths := func(x *torch.Tensor) *torch.Tensor { return x.Square().SumDim([]int{1}) }
	yLengths, n := lengths(y), x.Size(0)
	rows := max(1, elements/y.Size(0))
	for from := 0; from < n; from += rows {
		torch.Scope(func() {
			part := x.Narrow(0, from, min(rows, n-from))
			squares := yLengths.AddMM(part, y.T(), torch.AddMMOptions{Alpha: -2})
			f(from, squares.AddInPlace(lengths(part).Unsqueeze(1)))
		})
	}
}
