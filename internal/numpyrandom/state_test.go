package numpyrandom

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// The expected numbers are NumPy's, drawn in the order of the calls.

func TestPermutationsAreThoseOfNumPy(t *testing.T) {
	require.Equal(t, []int64{2, 4, 9, 1, 5, 7, 6, 3, 8, 0}, New(2020).Permutation(10))
	require.Equal(t, []int64{7, 10, 2, 5, 0, 1, 11, 8, 3, 6, 9, 4}, New(7).Permutation(12))
	require.Equal(t, []int64{4, 1, 0, 2, 3}, New(math.MaxUint32).Permutation(5))
	require.Equal(t, []int64{36082, 31787, 33964, 26097, 41101}, New(2020).Permutation(100000)[:5])
	require.Empty(t, New(0).Permutation(0))
}

func TestOneStreamOfMixedDrawsIsThatOfNumPy(t *testing.T) {
	s := New(12345)
	for _, want := range []float64{0.9296160928171479, 0.3163755545817859, 0.18391881167709445, 0.2045602785530397} {
		require.Equal(t, want, s.Float64())
	}
	for _, want := range []int{5, 2, 1} {
		require.Equal(t, want, s.IntN(10))
	}
	for _, want := range []int{59, 14, 91, 80, 73, 11, 77, 10} {
		require.Equal(t, want, s.IntN(100))
	}
	for _, want := range []int{1, 1, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2} {
		require.Equal(t, want, s.Choice([]float64{0.1, 0.2, 0.3, 0.4}))
	}
	require.Equal(t, []int64{2, 0, 4, 5, 1, 7, 6, 3}, s.Permutation(8))
	require.Zero(t, s.IntN(1), "a choice of one draws nothing")
	require.Equal(t, 0.596769639632957, s.Float64())
}

func TestAClassOfNoProbabilityIsNeverDrawn(t *testing.T) {
	s := New(7)
	for _, want := range []int{0, 2, 0, 2, 2, 2, 2, 0, 0, 0, 2, 2} {
		require.Equal(t, want, s.Choice([]float64{0.5, 0, 0.5}))
	}
}
