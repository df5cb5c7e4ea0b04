package zootest

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Wave is a float64 tensor of the given shape, element j being height·sin(frequency·j + phase).
func Wave(height, frequency, phase float64, shape ...int) *torch.Tensor {
	n := 1
	for _, d := range shape {
		n *= d
	}
	x := make([]float64, n)
	for j := range x {
		x[j] = height * math.Sin(frequency*float64(j)+phase)
	}
	return torch.FromSlice(x, shape...)
}

// FillWaves brings module to float64 and gives it weights that follow from their place in the state alone, so that numbers
// of other implementations can be compared without their weights: entry n has s = sin(0.37·j + 1.3·n) at j, scaled by
// √(2·rows/elements) where it has two or more dimensions, as 1 + s²/2 where its name ends in var, and else as 0.5 + s/10.
// Integers stay.
func FillWaves(module any) {
	nn.To(module, nn.ToOptions{DType: torch.Float64})
	torch.NoGrad(func() {
		torch.Scope(func() {
			for n, e := range nn.StateDict(module) {
				t := e.Tensor
				if !t.DType().IsFloat() {
					continue
				}
				s := Wave(1, 0.37, 1.3*float64(n), t.Shape()...)
				switch {
				case strings.HasSuffix(e.Name, "var"):
					s = s.Square().MulScalar(0.5).AddScalar(1)
				case t.Dim() >= 2:
					s = s.MulScalar(math.Sqrt(2 * float64(t.Size(0)) / float64(t.Numel())))
				default:
					s = s.MulScalar(0.1).AddScalar(0.5)
				}
				t.CopyInPlace(s)
			}
		})
	})
}

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
