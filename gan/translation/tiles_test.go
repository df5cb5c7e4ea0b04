package translation_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
	"github.com/forgergan/forger/torch/vision"
)

func TestTilesOfANetworkThatHalvesBeginAtMultiples(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		blocks := func(x *torch.Tensor) *torch.Tensor { // means of squares of 4, then of 9 neighbours
			x = x.AvgPool2d([]int{4, 4})
			x = x.AvgPool2d([]int{3, 3}, torch.AvgPool2dOptions{Stride: []int{1, 1}, Padding: []int{1, 1}})
			return x.UpsampleNearest2d([]int{8 * x.Size(2), 8 * x.Size(3)})
		}
		x := torch.Rand([]int{2, 3, 24, 40})
		o := translation.Tiles{Side: 6, Margin: 5, Multiple: 4, Scale: 2}
		require.LessOrEqual(t, translation.Tiled(blocks, x, o).Sub(blocks(x)).Abs().Max().Item(), 1e-6)
	})
}

func TestAPictureSmallerThanATileIsOneTile(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		calls := 0
		grey := func(x *torch.Tensor) *torch.Tensor {
			calls++
			return x.MeanDim([]int{1}, torch.MeanDimOptions{Keepdim: true})
		}
		x := torch.Rand([]int{1, 3, 5, 7})
		require.True(t, translation.Tiled(grey, x, translation.Tiles{}).Equal(grey(x)))
		require.Equal(t, 2, calls)
	})
}

func TestBicubicIsMATLABs(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.Rand([]int{2, 3, 6, 5}).MulScalar(255).Round()
		got := translation.Bicubic(x.DivScalar(127.5).SubScalar(1), 4)
		require.Equal(t, []int{2, 3, 24, 20}, got.Shape())
		second := vision.FromFloats(torch.Values[float32](x.Select(0, 1).Contiguous()), 3, 6, 5, 0, 255, vision.HalfUp).Imresize(24, 20)
		want := make([]float32, 3*24*20)
		second.Normalize(want, vision.Half, vision.Half)
		require.InDeltaSlice(t, want, torch.Values[float32](got.Select(0, 1).Contiguous()), 1e-6)
	})
}

func TestBlendedTilesPassIntoEachOther(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.Rand([]int{1, 3, 21, 34})
		o := translation.Tiles{Side: 8, Multiple: 4, Scale: 2, Blend: 3}
		double := func(x *torch.Tensor) *torch.Tensor { return x.UpsampleNearest2d([]int{2 * x.Size(2), 2 * x.Size(3)}) }
		require.LessOrEqual(t, translation.Tiled(double, x, o).Sub(double(x)).Abs().Max().Item(), 1e-6)
		calls := float64(0)
		counted := func(x *torch.Tensor) *torch.Tensor {
			calls++
			return torch.Full([]int{1, 1, x.Size(2), x.Size(3)}, calls)
		}
		o.Scale = 1
		y := translation.Tiled(counted, x, o)
		step := y.Narrow(3, 1, 33).Sub(y.Narrow(3, 0, 33)).Abs().Max().Item()
		require.Less(t, step, 1.0, "no seam is as hard as the difference of two tiles")
	})
}
