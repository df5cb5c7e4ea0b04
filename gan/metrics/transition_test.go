package metrics

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data/labels"
	"github.com/forgergan/forger/torch/torchtest"
)

// classified is bars with the names of its classes.
type classified struct{ bars }

func (classified) Classes() []string {
	return []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}
}
func (classified) Label(i int) int { return i % 10 }
func noisyBars(t *testing.T, n, side int, noise string) *labels.Set {
	o, err := labels.Parse(noise)
	require.NoError(t, err)
	set, err := labels.Apply(classified{bars{n, side}}, o)
	require.NoError(t, err)
	return set
}

func TestAnchorsOfAPerfectClassifierGiveTheNoise(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	set := noisyBars(t, 200, 10, "symmetric:0.5")
	want, err := set.Options().Noise.Matrix(set)
	require.NoError(t, err)
	logits := func(x *torch.Tensor) *torch.Tensor { // of a picture's true class, which its brightest row is
		class := x.MeanDim([]int{1, 3}).ArgMax(torch.ArgMaxOptions{Dim: new(1)})
		var p []float64
		for _, row := range want {
			p = append(p, row...)
		}
		return torch.FromSlice(p, 10, 10).IndexSelect(0, class).Log()
	}
	for _, outliers := range []float64{0, 0.5} {
		got, err := Transition(t.Context(), set, 10, logits, outliers)
		require.NoError(t, err)
		for i := range want {
			require.InDeltaSlice(t, want[i], got[i], 1e-12)
		}
		_, err = labels.Apply(classified{bars{20, 10}}, labels.Options{Noise: labels.Given(got)})
		require.NoError(t, err, "it is a noise matrix")
	}
	_, err = Transition(t.Context(), set, 10, logits, 1)
	require.EqualError(t, err, "a share of 1 outliers is not in [0, 1)")
}

// The picture of which the classifier is the surest may be an odd one: the next ones are not.
func TestOutliersAreNoAnchors(t *testing.T) {
	torchtest.Native(t)
	logits := func(x *torch.Tensor) *torch.Tensor {
		l := torch.Zeros([]int{x.Size(0), 10})
		l.SetAt(torch.Of(float32(20)), 0, 3)
		return l
	}
	got, err := Transition(t.Context(), bars{100, 10}, 10, logits, 0)
	require.NoError(t, err)
	require.InDelta(t, 1, got[3][3], 1e-6)
	got, err = Transition(t.Context(), bars{100, 10}, 10, logits, 0.1)
	require.NoError(t, err)
	require.InDelta(t, 0.1, got[3][3], 1e-6)
}

func TestNoiseIsEstimatedFromNoisyLabelsAlone(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	o := TransitionOptions{AccuracyOptions: AccuracyOptions{Epochs: 3, Batch: 20, LR: 0.05, Seed: 1}, Outliers: 0.5}
	for name, set := range map[string]*labels.Set{
		"ResNet32": noisyBars(t, 600, 10, "symmetric:0.4"), "DigitCNN": noisyBars(t, 2560, digitSide, "symmetric:0.4"),
	} {
		var heard string
		o.Log = func(line string) { heard = line }
		got, err := EstimateTransition(t.Context(), set, 10, o)
		require.NoError(t, err)
		require.Equal(t, name == "ResNet32", strings.HasPrefix(heard, name), heard)
		diagonal := 0.0
		for i, row := range got {
			require.Equal(t, row[i], slices.Max(row), "%s, class %d: %v", name, i, row)
			diagonal += row[i] / 10
		}
		require.InDelta(t, 0.64, diagonal, 0.12, name)
	}
}
