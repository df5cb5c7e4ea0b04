package metrics

import (
	"fmt"
	"math"

	"github.com/forgergan/forger/internal/numpyrandom"
	"github.com/forgergan/forger/torch"
)

// referenceSeed is torch-fidelity's default for all that it draws.
const referenceSeed = 2020

// MeanStd is a score that was measured on several parts of the data: the mean and the population standard deviation
// over the parts. The deviation says how much the parts differ, not how exact the mean is.
type MeanStd struct{ Mean, Std float64 }

func meanStd(values []float64) MeanStd {
	var m MeanStd
	for _, v := range values {
		m.Mean += v / float64(len(values))
	}
	for _, v := range values {
		m.Std += (v - m.Mean) * (v - m.Mean) / float64(len(values))
	}
	m.Std = math.Sqrt(m.Std)
	return m
}

// KernelOptions are the subsets of a kernel distance. The zero value is torch-fidelity's default.
type KernelOptions struct {
	Subsets int     // 100 if 0
	Size    int     // feature vectors of each set in a subset, 1000 if 0
	Seed    *uint32 // of the draws, those of NumPy's RandomState; 2020 if nil
}

func (o KernelOptions) withDefaults() (subsets, size int, seed uint32) {
	subsets, size, seed = 100, 1000, referenceSeed
	if o.Subsets != 0 {
		subsets = o.Subsets
	}
	if o.Size != 0 {
		size = o.Size
	}
	if o.Seed != nil {
		seed = *o.Seed
	}
	return subsets, size, seed
}

// String is the part of the protocol: "poly3; subsets=100×1000; subset-seed=2020".
func (o KernelOptions) String() string {
	subsets, size, seed := o.withDefaults()
	return fmt.Sprintf("poly3; subsets=%d×%d; subset-seed=%d", subsets, size, seed)
}

// KernelDistance is the squared maximum mean discrepancy of two sets of feature vectors (N, D) and (M, D) under the
// kernel (x·y/D + 1)³, the KID of Bińkowski et al. 2018 (§4) where the features are Inception's: over random subsets,
// the unbiased estimate
//
//	Σ_{i≠j} k(aᵢ, aⱼ) / n(n−1) + Σ_{i≠j} k(bᵢ, bⱼ) / n(n−1) − 2·Σ_{i,j} k(aᵢ, bⱼ) / n²
//
// It is about 0 for sets of one distribution, and as often below it as above. The sets are taken in torch-fidelity's
// order, the generated one first, and the numbers are its numbers but for rounding: the kernel is computed in float64.
//
// The error tells features that are not vectors of one length, that are not finite, or fewer than a subset has.
func KernelDistance(generated, real *torch.Tensor, o KernelOptions) (d MeanStd, err error) {
	subsets, size, seed := o.withDefaults()
	err = scoped(func() error {
		if size < 2 || subsets < 1 {
			return fmt.Errorf("a kernel distance needs a subset of at least 2 vectors, not %d subsets of %d", subsets, size)
		}
		a, b, err := twoSets("kernel distance", generated, real)
		if err != nil {
			return err
		}
		if n := min(a.Size(0), b.Size(0)); n < size {
			return fmt.Errorf("kernel distance: subsets of %d vectors do not fit a set of %d: ask for a smaller Size", size, n)
		}
		rng := numpyrandom.New(seed)
		values := make([]float64, subsets)
		for i := range values {
			torch.Scope(func() { values[i] = discrepancy(pick(rng, a, size), pick(rng, b, size)) })
		}
		d = meanStd(values)
		return nil
	})
	return d, err
}

// pick is k rows of x, drawn without repetition as NumPy draws them.
func pick(rng *numpyrandom.State, x *torch.Tensor, k int) *torch.Tensor {
	rows := torch.FromSlice(rng.Permutation(x.Size(0))[:k])
	return x.IndexSelect(0, rows.ToDevice(x.Device()))
}

// discrepancy is the unbiased estimate from two sets of equally many vectors.
func discrepancy(a, b *torch.Tensor) float64 {
	n := float64(a.Size(0))
	kernel := func(x, y *torch.Tensor) *torch.Tensor {
		return x.MM(y.T()).DivScalar(float64(x.Size(1))).AddScalar(1).Pow(3)
	}
	within := func(x *torch.Tensor) float64 {
		k := kernel(x, x)
		return k.Sum().Sub(k.Trace()).Item() / (n * (n - 1))
	}
	return within(a) + within(b) - 2*kernel(a, b).Mean().Item()
}
