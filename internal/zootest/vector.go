package zootest

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
)

// EqualsVector compares the mean, the first elements and the last of a float64 tensor, in the order of memory, with numbers
// that were recorded with ten decimals.
func EqualsVector(t *testing.T, x *torch.Tensor, mean float64, first []float64, last float64) {
	t.Helper()
	require.Equal(t, torch.Float64, x.DType())
	flat := x.Detach().Contiguous().View(-1)
	equal := func(want float64, got *torch.Tensor, what string) {
		require.InDelta(t, want, got.Item(), 1e-9*(1+math.Abs(want)), what)
	}
	equal(mean, flat.Mean(), "mean")
	for i, want := range first {
		equal(want, flat.At(i), fmt.Sprint("element ", i))
	}
	equal(last, flat.At(-1), "last element")
}
