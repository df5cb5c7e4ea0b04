package torch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestGridSampleOfTheIdentityGridIsItsInput(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.Randn([]int{1, 2, 3, 4})
		identity := torch.FromSlice([]float32{1, 0, 0, 0, 1, 0}, 1, 2, 3)
		for _, align := range []bool{false, true} {
			y := torch.GridSample(x, torch.AffineGrid(identity, x.Shape(), align), torch.GridSampleOptions{AlignCorners: align})
			diff, _ := torchtest.MaxDiff(t, y, x)
			require.Less(t, diff, 1e-5)
		}
	})
}

func TestGridSampleRefusesModesThatItDoesNotKnow(t *testing.T) {
	require.EqualError(t, torch.Try(func() { torch.GridSample(nil, nil, torch.GridSampleOptions{Mode: "cubic"}) }),
		`torch.GridSample: mode "cubic" is not bilinear, nearest or bicubic`)
	require.EqualError(t, torch.Try(func() { torch.GridSample(nil, nil, torch.GridSampleOptions{PaddingMode: "zero"}) }),
		`torch.GridSample: padding mode "zero" is not zeros, border or reflection`)
}
