package metrics

import (
	"fmt"

	"github.com/forgergan/forger/torch"
)

// Frechet is the squared Fréchet distance between the Gaussians of two sets of feature vectors,
//
//	|μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2·(Σ₁Σ₂)^½)
//
// of Dowson and Landau 1982, the FID of Heusel et al. 2017 (equation 6) where the features are Inception's. It is at
// least 0, and 0 for equal moments up to rounding. The order of the sets does not matter.
//
// The trace of the root is the sum of the square roots of the eigenvalues of Σ₁^½ Σ₂ Σ₁^½, a symmetric matrix with
// the eigenvalues of Σ₁Σ₂. So covariances without full rank, of fewer vectors than features, need no correction.
//
// The error tells a set of fewer than two vectors, and vectors of different lengths.
func Frechet(a, b *Moments) (float64, error) {
	var distance float64
	err := scoped(func() error {
		cov1, err := a.Covariance()
		if err != nil {
			return err
		}
		cov2, err := b.Covariance()
		if err != nil {
			return err
		}
		if a.width() != b.width() {
			return fmt.Errorf("the Fréchet distance compares features of one network, not vectors of length %d and %d", a.width(), b.width())
		}
		between := a.mean.Sub(b.mean).Square().Sum().Item()
		within := cov1.Trace().Item() + cov2.Trace().Item() - 2*traceOfRoot(cov1, cov2)
		distance = max(0, between+within) // rounding leaves about −1e-13 of equal sets
		return nil
	})
	return distance, err
}

// traceOfRoot is tr((ΣaΣb)^½) of two covariances. With Σa = V·diag(λ)·Vᵀ the matrix V·diag(√λ) serves as Σa^½: it
// differs by a rotation, which keeps eigenvalues.
func traceOfRoot(a, b *torch.Tensor) float64 {
	values, vectors := a.Eigh()
	root := vectors.Mul(rootOfEigenvalues(values))
	return rootOfEigenvalues(root.T().MM(b).MM(root).Eigvalsh()).Sum().Item()
}

// rootOfEigenvalues takes for 0 what rounding has made negative: no eigenvalue of a covariance is.
func rootOfEigenvalues(values *torch.Tensor) *torch.Tensor {
	return values.Clamp(torch.ClampOptions{Min: 0}).Sqrt()
}
