package metrics

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/flow"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// pan is a view (T, 3, 48, 64) that moves over a scene by whole pixels.
func pan(frames, dx, dy int) *torch.Tensor {
	large := torch.Zeros([]int{1, 3, 80, 96})
	torch.ManualSeed(1)
	for _, side := range []int{5, 10, 20, 40} {
		noise := torch.Randn([]int{1, 3, side, side * 6 / 5}).MulScalar(1 / math.Sqrt(float64(side)))
		large = large.Add(noise.UpsampleBicubic2d([]int{80, 96}, false))
	}
	var all []*torch.Tensor
	for t := range frames {
		all = append(all, large.Tanh().Narrow(2, 8+t*dy, 48).Narrow(3, 8+t*dx, 64))
	}
	return torch.Cat(all)
}

// moving is an estimator that knows the motion.
type moving struct{ dx, dy float64 }

func (moving) Name() string { return "known" }

func (m moving) Flow(im1, im2 *torch.Tensor) *torch.Tensor {
	f := torch.FromSlice([]float32{float32(m.dx), float32(m.dy)}, 1, 2, 1, 1)
	return f.Expand([]int{1, 2, im1.Size(2), im1.Size(3)}).Contiguous()
}

func TestAVideoThatMovesAsItsReferenceHasNoWarpingError(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		defer torch.SetThreads(torch.Threads())
		torch.SetThreads(1) // small operations
		real := pan(3, 2, 1)
		e := flow.NewLucasKanade()
		own := WarpingError(real, real, e)
		require.Equal(t, []int{2}, own.Shape())
		require.Less(t, own.Max().Item(), 1e-4)
		dark := WarpingError(real.MulScalar(0.5).SubScalar(0.3), real, e)
		require.Less(t, dark.Max().Item(), 1e-4, "it may look different, but not change")

		still := real.Narrow(0, 0, 1).Expand([]int{3, 3, 48, 64})
		require.Greater(t, WarpingError(still, real, e).Min().Item(), 100*own.Max().Item())
		torch.ManualSeed(2)
		flicker := real.Add(torch.Randn([]int{3, 1, 1, 1}).MulScalar(0.1))
		require.Greater(t, WarpingError(flicker, real, e).Mean().Item(), 10*own.Mean().Item())
	})
}

func TestTheWarpingErrorIsTheMeanSquareOverVisiblePixels(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		// nothing moves, the second frame is 51/255 lighter in one channel: 0.2²/3
		made := torch.Full([]int{2, 3, 8, 8}, -1.0)
		made.At(1, 0).FillInPlace(-1 + 2*51.0/255)
		require.InDelta(t, 0.04/3, WarpingError(made, made, moving{}).Item(), 1e-7)

		// what comes back elsewhere is hidden: both ways lead to the right, so that nothing returns, and all count
		require.InDelta(t, 0.04/3, WarpingError(made, made, moving{3, 0}).Item(), 1e-7)
		seen := flow.Visible(moving{3, 0}.Flow(made, made).Narrow(0, 0, 1), moving{-3, 0}.Flow(made, made).Narrow(0, 0, 1))
		require.Equal(t, 40.0, seen.Sum().Item(), "three columns of eight lead out of the picture")
	})
}

func TestOnlyWhatMovesCountsInTheErrorOfMovingPixels(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		// the left half moves by two pixels and stays as it is; the right half rests and flickers by 51/255
		made := torch.Full([]int{2, 3, 8, 16}, -1.0)
		made.At(1).Narrow(2, 8, 8).FillInPlace(-1 + 2*51.0/255)
		w := &Warping{Estimator: new(halves)}
		require.NoError(t, w.Add(made, made))
		s := w.Scores("clip")
		require.Len(t, s, 2)
		require.InDelta(t, 0, s[1].Value, 1e-7)
		require.Equal(t, "E-warp[halves; rgb; u8; /255; forward-backward; motion>0.5; pairs=1; ref=clip]", s[1].Protocol)
		require.InDelta(t, 0.04*64/(64+48), s[0].Value, 1e-4, "two rows of the left half lead out of the picture")

		made.At(1).Narrow(2, 0, 8).FillInPlace(-1 + 2*51.0/255)
		w = &Warping{Estimator: new(halves)}
		require.NoError(t, w.Add(made, made))
		require.InDelta(t, 0.04, w.Scores("clip")[1].Value, 1e-7)
	})
}

// halves knows that the left half goes down by two pixels, and back. It is asked for both in turn.
type halves struct{ back bool }

func (*halves) Name() string { return "halves" }

func (h *halves) Flow(im1, _ *torch.Tensor) *torch.Tensor {
	f := torch.Zeros([]int{1, 2, im1.Size(2), im1.Size(3)})
	down := 2.0
	if h.back {
		down = -2
	}
	f.Select(1, 1).Narrow(2, 0, 8).FillInPlace(down)
	h.back = !h.back
	return f
}

func TestWarpingErrorsAreAveragedOverPairs(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		a := torch.Full([]int{3, 3, 8, 8}, -1.0)
		a.At(1).FillInPlace(-1 + 2*51.0/255)
		a.At(2).FillInPlace(-1 + 2*51.0/255)
		w := &Warping{Estimator: moving{}}
		require.Nil(t, w.Scores("x"))
		require.NoError(t, w.Add(a, a))
		require.NoError(t, w.Add(a.Narrow(0, 0, 2), a.Narrow(0, 0, 2)))
		s := w.Scores("clips")
		require.Len(t, s, 1)
		require.InDelta(t, 0.08/3, s[0].Value, 1e-7)
		require.Equal(t, "E-warp[known; rgb; u8; /255; forward-backward; pairs=3; ref=clips]", s[0].Protocol)

		require.ErrorContains(t, w.Add(a.Narrow(0, 0, 1), a.Narrow(0, 0, 1)), "two at least")
		require.ErrorContains(t, w.Add(a.DivScalar(0), a), "not finite")
	})
}
