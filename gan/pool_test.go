package gan_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// numbered are n pictures of one pixel, whose value is their number.
func numbered(from, n int) *torch.Tensor {
	return torch.Arange(float64(from), float64(from+n)).ToDType(torch.Float32).View(n, 1, 1, 1)
}

func TestAPoolStoresUntilItIsFullAndThenTradesHalfOfThePictures(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		p := gan.NewImagePool(50, []int{1, 1, 1}, 1)
		require.Equal(t, torch.Values[float32](numbered(0, 50)), torch.Values[float32](p.Query(numbered(0, 50))))

		const rounds, batch = 100, 40
		traded := 0
		held := torch.Values[float32](p.Images)
		for i := range rounds {
			given := numbered(100+i*batch, batch)
			before := torch.Values[float32](given)
			got := torch.Values[float32](p.Query(given))
			require.Equal(t, before, torch.Values[float32](given), "pictures given are not changed")
			for j, v := range got {
				if v != before[j] {
					traded++
					at := slices.Index(held, v)
					require.GreaterOrEqual(t, at, 0, "%g was not in the pool", v)
					held[at] = before[j]
				}
			}
			require.Equal(t, held, torch.Values[float32](p.Images))
		}
		// Four standard deviations of 4,000 coins.
		require.InDelta(t, rounds*batch/2, traded, 4*31.7)
		require.Less(t, slices.Max(held)-slices.Min(held), float32(rounds*batch)) // the first pictures are gone by now
	})
}

func TestAPoolGoesOnWhereItsStateWasSaved(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		a, b := gan.NewImagePool(4, []int{1, 1, 1}, 7), gan.NewImagePool(4, []int{1, 1, 1}, 8)
		a.Query(numbered(0, 9))
		require.NoError(t, nn.LoadStateDict(b, nn.StateDict(a), true))
		for i := range 5 {
			given := numbered(100+10*i, 10)
			require.Equal(t, a.Query(given).Bytes(), b.Query(given).Bytes())
		}
		require.Equal(t, a.Images.Bytes(), b.Images.Bytes())
		other := gan.NewImagePool(4, []int{1, 1, 1}, 8)
		require.NotEqual(t, a.Stream.Bytes(), other.Stream.Bytes())
	})
}

func TestAPoolOfSizeZeroGivesBackWhatItIsGiven(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.Randn([]int{2, 3, 4, 4}).SetRequiresGrad(true)
		got := gan.NewImagePool(0, []int{3, 4, 4}, 1).Query(x)
		require.Equal(t, x.Bytes(), got.Bytes())
		require.False(t, got.RequiresGrad())
		require.EqualError(t, torch.Try(func() { gan.NewImagePool(2, []int{3, 8, 8}, 1).Query(x) }),
			"torch.ImagePool: the pool's pictures are [3 8 8] [shapes (2, 3, 4, 4)]")
	})
}
