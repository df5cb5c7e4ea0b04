package metrics

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMomentsDoNotDependOnTheBatches(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.ManualSeed(1)
	torch.Scope(func() {
		x := torch.Randn([]int{101, 6}, torch.RandnOptions{TensorOptions: torch.TensorOptions{DType: torch.Float64}}).AddScalar(1e6)
		whole, left, right := new(Moments), new(Moments), new(Moments)
		require.NoError(t, whole.Add(x))
		require.NoError(t, left.Add(x.Narrow(0, 0, 1)))
		require.NoError(t, left.Add(x.Narrow(0, 1, 39)))
		require.NoError(t, right.Add(x.Narrow(0, 40, 61)))
		require.NoError(t, left.Merge(right))
		require.NoError(t, left.Merge(new(Moments)))
		require.Equal(t, 101, left.N())

		want, err := whole.Covariance()
		require.NoError(t, err)
		got, err := left.Covariance()
		require.NoError(t, err)
		diff, _ := torchtest.MaxDiff(t, got, want)
		require.Less(t, diff, 1e-8, "covariance about a mean of a million")
		diff, _ = torchtest.MaxDiff(t, left.Mean(), x.MeanDim([]int{0}))
		require.Less(t, diff, 1e-8)

		empty := new(Moments)
		require.NoError(t, empty.Merge(left))
		require.NoError(t, left.Add(x))
		require.Equal(t, 101, empty.N(), "a merged set does not change with its origin")
		diff, _ = torchtest.MaxDiff(t, empty.Mean(), whole.Mean())
		require.Less(t, diff, 1e-8)
	})
}

func TestTheDistanceOfGaussiansOnAnAxisIsTheClosedForm(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		// One feature: (μ₁−μ₂)² + (σ₁−σ₂)². The second feature is constant.
		a, b := new(Moments), new(Moments)
		require.NoError(t, a.Add(torch.FromSlice([]float32{-1, 5, 1, 5}, 2, 2)))
		require.NoError(t, b.Add(torch.FromSlice([]float32{0, 5, 6, 5}, 2, 2)))
		d, err := Frechet(a, b)
		require.NoError(t, err)
		require.InDelta(t, 9+math.Pow(math.Sqrt(18)-math.Sqrt(2), 2), d, 1e-12)
		back, err := Frechet(b, a)
		require.NoError(t, err)
		require.InDelta(t, d, back, 1e-12)
		same, err := Frechet(a, a)
		require.NoError(t, err)
		require.InDelta(t, 0, same, 1e-12)
		require.GreaterOrEqual(t, same, 0.0)
	})
}

func TestBadFeaturesAreRefusedInOneSentence(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m := new(Moments)
		require.NoError(t, m.Add(torch.Ones([]int{1, 3})))
		for _, test := range []struct {
			features *torch.Tensor
			want     string
		}{
			{torch.FromSlice([]float32{1, 2, float32(math.NaN())}, 1, 3), "moments: the features hold numbers that are not finite"},
			{torch.FromSlice([]float32{1, 2, float32(math.Inf(1))}, 1, 3), "moments: the features hold numbers that are not finite"},
			{torch.Ones([]int{3}), "moments: features of shape [3] are not vectors (N, D)"},
			{torch.Ones([]int{4, 2}), "moments: vectors of length 2 do not join vectors of length 3"},
		} {
			require.ErrorContains(t, m.Add(test.features), test.want)
			require.Equal(t, 1, m.N())
		}
		require.NoError(t, m.Add(torch.Ones([]int{0, 3})))

		_, err := Frechet(m, m)
		require.EqualError(t, err, "moments: a covariance needs at least 2 feature vectors, not 1")
		_, err = Frechet(new(Moments), m)
		require.EqualError(t, err, "moments: a covariance needs at least 2 feature vectors, not 0")
		require.NoError(t, m.Add(torch.Ones([]int{1, 3})))
		other := new(Moments)
		require.NoError(t, other.Add(torch.Ones([]int{2, 4})))
		_, err = Frechet(m, other)
		require.EqualError(t, err, "the Fréchet distance compares features of one network, not vectors of length 3 and 4")
	})
}
