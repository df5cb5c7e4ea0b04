package optim_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestDecaysFollowTheirFormulas(t *testing.T) {
	require.Equal(t, 0.9, optim.Constant(0.9)(7))
	warm := optim.Warmup(0.99)
	require.Equal(t, []float64{0.1, 0.5, 0.99}, []float64{warm(0), warm(8), warm(10000)})

	plain := optim.HalfLife(1000, 100, 0)
	require.InDelta(t, 0.5, math.Pow(plain(0), 10), 1e-15, "ten updates of 100 images halve")
	ramp := optim.HalfLife(1000, 100, 0.5)
	require.Zero(t, ramp(0), "the random start is forgotten at once")
	require.Equal(t, math.Pow(0.5, 100/500.0), ramp(10))
	require.Equal(t, plain(20), ramp(20))
	require.Equal(t, plain(21), ramp(21))
}

func TestAnAverageMovesTowardsTheWeights(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		params := twoParameters()
		count := torch.Of(int64(0))
		mean := torch.Of(float32(0))
		o := optim.EMAOptions{Buffers: []*torch.Tensor{count, mean}}
		latest := optim.NewEMA(params, optim.Warmup(0.75), o)
		o.AverageBuffers = true
		averaged := optim.NewEMA(params, optim.Warmup(0.75), o)

		want := values(params)
		var wantMean float64
		for n := range 30 {
			decay := min(0.75, float64(1+n)/float64(10+n))
			torch.Scope(func() {
				torch.NoGrad(func() {
					for _, p := range params {
						p.MulScalarInPlace(-0.9).AddScalarInPlace(0.25)
					}
					count.FillInPlace(n + 1)
					mean.FillInPlace(float64(n))
				})
				latest.Update()
				averaged.Update()
			})
			for i, x := range values(params) {
				want[i] += (1 - decay) * (x - want[i])
			}
			wantMean += (1 - decay) * (float64(n) - wantMean)
		}
		require.InDeltaSlice(t, want, values(latest.Tensors()[:2]), 1e-6)
		require.Equal(t, 30, latest.Updates())
		require.Equal(t, 30, latest.Tensors()[2].Int())
		require.Equal(t, 29.0, latest.Tensors()[3].Item(), "buffers are copied")
		require.Equal(t, 30, averaged.Tensors()[2].Int())
		require.InDelta(t, wantMean, averaged.Tensors()[3].Item(), 1e-5)
	})
}

// values are all elements, one tensor after the other.
func values(ts []*torch.Tensor) (out []float64) {
	for _, x := range ts {
		out = append(out, torch.Values[float64](x.Detach().ToDType(torch.Float64))...)
	}
	return out
}

func TestTheAverageIsInUseForTheTimeOfACall(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		params := twoParameters()
		own := values(params)
		e := optim.NewEMA(params, optim.Constant(0.5))
		torch.NoGrad(func() { params[0].ZeroInPlace() })
		zeroed := values(params)
		e.Use(func() { require.Equal(t, own, values(params)) })
		require.Equal(t, zeroed, values(params))
		require.Panics(t, func() { e.Use(func() { panic("in use") }) })
		require.Equal(t, zeroed, values(params), "also after a panic")
		require.True(t, params[0].RequiresGrad())
	})
}

func TestAnAverageLivesInASecondNetwork(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		params, second := twoParameters(), twoParameters()
		torch.NoGrad(func() { params[0].FillInPlace(2) })
		e := optim.NewEMA(params, optim.Constant(0.5), optim.EMAOptions{Into: second})
		require.Equal(t, values(params), values(second), "it begins as a copy")
		torch.NoGrad(func() { params[0].FillInPlace(4) })
		e.Update()
		require.Equal(t, []float32{3, 3, 3, 3, 3, 3}, torch.Values[float32](second[0].Detach()))
		err := torch.Try(func() { optim.NewEMA(params, optim.Constant(0.5), optim.EMAOptions{Into: second[:1]}) })
		require.ErrorContains(t, err, "Into has 1 tensors for 2")
	})
}

// In bfloat16 itself a step of a thousandth from 1 towards 2 would round to nothing.
func TestWeightsInHalfPrecisionAreAveragedInFloat32(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		p := torch.Of(float32(1)).ToDType(torch.BFloat16)
		e := optim.NewEMA([]*torch.Tensor{p}, optim.Constant(0.999))
		p.FillInPlace(2)
		for range 100 {
			e.Update()
		}
		require.InDelta(t, 2-math.Pow(0.999, 100), e.Tensors()[0].Item(), 1e-5)
		e.Use(func() { require.InDelta(t, 2-math.Pow(0.999, 100), p.Item(), 0.004) })
	})
}

func TestARestoredAverageGoesOnBitForBit(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		params := twoParameters()
		first := optim.NewEMA(params, optim.Warmup(0.999))
		torch.NoGrad(func() { params[0].FillInPlace(2) })
		first.Update()
		second := optim.NewEMA(params, optim.Warmup(0.999))
		require.NoError(t, second.Restore(first.Updates(), first.Tensors()))
		first.Update()
		second.Update()
		requireEqual(t, first.Tensors(), second.Tensors())

		before := values(second.Tensors())
		for message, err := range map[string]error{
			"an average of -1 updates is impossible":           second.Restore(-1, first.Tensors()),
			"an average of 1 tensors is not of these 2":        second.Restore(1, first.Tensors()[:1]),
			"tensor 0 of the average has shape [2], not [2 3]": second.Restore(1, []*torch.Tensor{params[1], params[0]}),
		} {
			require.EqualError(t, err, message)
		}
		require.Equal(t, before, values(second.Tensors()))
		require.Equal(t, 2, second.Updates())
	})
}
