package gan_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data/labels"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestRotate4TurnsAgainstTheClockAndCountsTheTurns(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x := torch.FromSlice([]float32{1, 2, 3, 4, 5, 6, 7, 8}, 2, 1, 2, 2)
		rotated, turns := gan.Rotate4(x)
		require.Equal(t, []int{8, 1, 2, 2}, rotated.Shape())
		require.Equal(t, []float32{
			1, 2, 3, 4, 5, 6, 7, 8,
			2, 4, 1, 3, 6, 8, 5, 7, // compare_gan: 90 is flip_up_down(transpose)
			4, 3, 2, 1, 8, 7, 6, 5,
			3, 1, 4, 2, 7, 5, 8, 6,
		}, torch.Values[float32](rotated))
		require.Equal(t, []int64{0, 0, 1, 1, 2, 2, 3, 3}, torch.Values[int64](turns))
	})
	err := torch.Try(func() { torch.Scope(func() { gan.Rotate4(torch.Zeros([]int{2, 1, 2, 3})) }) })
	require.ErrorContains(t, err, "is not one of square images (N, C, S, S)")
}

func TestAMissingLabelIsARowOfZeros(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x := gan.OneHot(torch.FromSlice([]int64{2, -1, 0}), 3)
		require.Equal(t, []int{3, 3}, x.Shape())
		require.Equal(t, []float32{0, 0, 1, 0, 0, 0, 1, 0, 0}, torch.Values[float32](x))
	})
}

func TestLabelsAreDrawnAsPyTorchsCategoricalDraws(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		p := gan.NoiseMatrix(labels.Matrix{{0.5, 0.25, 0.25}, {0, 1, 0}, {0.1, 0.2, 0.7}}, torch.Device{})
		torch.ManualSeed(3)
		drawn := gan.DrawLabels(torch.FromSlice([]int64{0, 0, 0, 2, 2, 2, 1, 0, 2, 0}), p)
		require.Equal(t, []int64{0, 0, 0, 1, 1, 1, 1, 1, 1, 0}, torch.Values[int64](drawn))
	})
}

func TestAMixtureWeighsItsLabelsEvenly(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x := gan.Mixtures([][]int{{0}, {2, 0}, {0, 1, 2, 3}}, 4)
		require.Equal(t, []int{3, 4}, x.Shape())
		require.Equal(t, []float32{1, 0, 0, 0, 0.5, 0, 0.5, 0, 0.25, 0.25, 0.25, 0.25}, torch.Values[float32](x))
	})
	for message, set := range map[string][]int{"mixture 0 is of no label": {}, "label 4 is not in [0, 4)": {1, 4}, "label -1 is not in [0, 4)": {-1}} {
		require.ErrorContains(t, torch.Try(func() { gan.Mixtures([][]int{set}, 4) }), message)
	}
}
