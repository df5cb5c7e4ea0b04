package zootest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
)

// EqualsVector compares the mean, the first elements and the last of x, in the order of memory, with recorded numbers.
func EqualsVector(t *testing.T, x *torch.Tensor, mean float64, first []float64, last float64) {
	t.Helper()
	require.Equal(t, torch.Float64, x.DType())
	flat := x.Detach().Contiguous().View(-1)
	require.InEpsilon(t, mean, flat.Mean().Item(), 1e-8, "mean")
	for i, want := range first {
		require.InEpsilon(t, want, flat.At(i).Item(), 1e-8, "element %d", i)
	}
	require.InEpsilon(t, last, flat.At(-1).Item(), 1e-8, "last element")
}
