package metrics

import (
	"fmt"

	"github.com/forgergan/forger/torch"
)

// Moments are the mean and covariance of feature vectors that come in batches, accumulated in float64 on the CPU.
// The zero value holds no vectors. Beside these numbers nothing of the vectors is kept, so that memory does not grow
// with their count.
//
// The sums are about the running mean (Chan, Golub, LeVeque 1979), which loses no digits where the mean is large
// against the spread.
type Moments struct {
	n       int
	mean    *torch.Tensor // (D) float64
	scatter *torch.Tensor // (D, D), the sum of (x − mean)(x − mean)ᵀ; the covariance of moments from a file
	fixed   bool          // from a file
}

// Add takes in features (N, D) of any floating-point type and device. The error tells another shape and features
// that are not finite; m is as before then.
func (m *Moments) Add(features *torch.Tensor) error {
	return scoped(func() error {
		x, err := vectors("moments", features.ToDevice(torch.Device{}))
		if err != nil {
			return err
		}
		n := x.Size(0)
		if n == 0 {
			return nil
		}
		mean := x.MeanDim([]int{0})
		centred := x.Sub(mean)
		return m.merge(&Moments{n: n, mean: mean, scatter: centred.T().MM(centred)})
	})
}

// Merge takes in everything that o has taken in, as if the batches had all been added to m. The error tells vectors
// of another length.
func (m *Moments) Merge(o *Moments) error {
	return scoped(func() error { return m.merge(o) })
}

func (m *Moments) merge(o *Moments) error {
	switch {
	case m.fixed || o.fixed:
		return fmt.Errorf("moments: those from a file take in no vectors and join no others")
	case o.n == 0:
		return nil
	case m.n == 0:
		m.n, m.mean, m.scatter = o.n, o.mean.Clone().Own(), o.scatter.Clone().Own()
		return nil
	case m.width() != o.width():
		return fmt.Errorf("moments: vectors of length %d do not join vectors of length %d", o.width(), m.width())
	}
	n := m.n + o.n
	delta := o.mean.Sub(m.mean)
	m.mean.AddInPlace(delta.MulScalar(float64(o.n) / float64(n)))
	m.scatter.AddInPlace(o.scatter)
	m.scatter.AddInPlace(delta.Outer(delta).MulScalar(float64(m.n) * float64(o.n) / float64(n)))
	m.n = n
	return nil
}

// N is the number of vectors taken in; 0 for a file that does not state it.
func (m *Moments) N() int { return m.n }

// Mean is the mean (D), float64, a copy; nil without vectors.
func (m *Moments) Mean() *torch.Tensor {
	if m.mean == nil {
		return nil
	}
	return m.mean.Clone()
}

// Covariance is the unbiased covariance (D, D), float64: the sum of products divided by N − 1, as in the official
// FID. The error tells fewer than two vectors, which have none.
func (m *Moments) Covariance() (*torch.Tensor, error) {
	if m.fixed {
		return m.scatter.Clone(), nil
	}
	if m.n < 2 {
		return nil, fmt.Errorf("moments: a covariance needs at least 2 feature vectors, not %d", m.n)
	}
	return m.scatter.DivScalar(float64(m.n - 1)), nil
}

func (m *Moments) width() int { return m.mean.Size(0) }

// scoped runs f without recording gradients, frees its tensors, and returns a refused operation as an error.
func scoped(f func() error) error {
	return try(func() (err error) {
		torch.Scope(func() { torch.NoGrad(func() { err = f() }) })
		return err
	})
}

// try runs f and returns its error, or the one that a tensor operation in it panicked with.
func try(f func() error) (err error) {
	if e := torch.Try(func() { err = f() }); e != nil {
		return e
	}
	return err
}
