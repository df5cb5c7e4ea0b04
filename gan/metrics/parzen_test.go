package metrics

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestParzenIsTheMeanLogDensityOfGaussianWindows(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		samples := torch.FromSlice([]float64{0, 0, 1, 2}, 2, 2)
		test := torch.FromSlice([]float64{0.5, 0.5, 1, 1, -1, 0}, 3, 2)
		got, err := Parzen(samples, test, test)
		require.NoError(t, err)
		best := math.Inf(-1)
		var at, stdError float64
		for i := -20; i <= 10; i++ { // by hand
			s := math.Pow(10, float64(i)/10)
			density := func(squares ...float64) float64 {
				sum := 0.0
				for _, d := range squares {
					sum += math.Exp(-d/(2*s*s)) / (2 * math.Pi * s * s)
				}
				return math.Log(sum / 2)
			}
			all := []float64{density(0.5, 2.5), density(2, 1), density(1, 8)}
			mean := (all[0] + all[1] + all[2]) / 3
			if mean > best {
				variance := 0.0
				for _, v := range all {
					variance += (v - mean) * (v - mean) / 2
				}
				best, at, stdError = mean, s, math.Sqrt(variance/3)
			}
		}
		require.InDelta(t, best, got.Mean, 1e-12)
		require.InDelta(t, stdError, got.StdError, 1e-12)
		require.InDelta(t, at, got.Sigmas[0], 1e-12)
	})
}

func TestParzenOfManySamplesIsNearTheEntropyOfTheirDistribution(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		torch.ManualSeed(1)
		double := torch.RandnOptions{TensorOptions: torch.TensorOptions{DType: torch.Float64}}
		draw := func(n int) *torch.Tensor { return torch.Randn([]int{n, 2}, double) }
		good, err := Parzen(draw(1000), draw(200), draw(500))
		require.NoError(t, err)
		require.InDelta(t, -1-math.Log(2*math.Pi), good.Mean, 0.2)
		require.InDelta(t, 1/math.Sqrt(500), good.StdError, 0.01)
		far, err := Parzen(draw(1000).AddScalar(3), draw(200), draw(500))
		require.NoError(t, err)
		require.Less(t, far.Mean, good.Mean-2)
	})
}

// A picture is two numbers, a coarse one and a finer one near it. Its density is that of the sum and of the difference.
func TestParzenByScalesAddsLogDensities(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		torch.ManualSeed(1)
		double := torch.RandnOptions{TensorOptions: torch.TensorOptions{DType: torch.Float64}}
		draw := func(n, d int) *torch.Tensor { return torch.Randn([]int{n, d}, double) }
		pictures := func(n int) *torch.Tensor {
			coarse := draw(n, 1)
			return torch.Cat([]*torch.Tensor{coarse, coarse.Add(draw(n, 1).MulScalar(0.5))}, torch.CatOptions{Dim: 1}).View(n, 1, 1, 2)
		}
		g := Scales{
			Split: func(x *torch.Tensor) ([]*torch.Tensor, float64) {
				x = x.View(-1, 2)
				return []*torch.Tensor{x.Narrow(1, 0, 1).MulScalar(2), x.Narrow(1, 1, 1)}, math.Log(2)
			},
			Sample: func(scale, n int, x *torch.Tensor) *torch.Tensor {
				if scale == 0 {
					return draw(n, 1).MulScalar(2)
				}
				return draw(n, 1).MulScalar(0.5).Add(x.View(-1).At(0))
			},
		}
		got, err := ParzenScales(t.Context(), g, 1000, 500, pictures(50), pictures(200))
		require.NoError(t, err)
		require.InDelta(t, -1-math.Log(2*math.Pi)-math.Log(0.5), got.Mean, 0.2)
		require.Len(t, got.Sigmas, 2)
		require.Greater(t, got.Sigmas[0], got.Sigmas[1])

		g.Sample = func(scale, n int, x *torch.Tensor) *torch.Tensor { return torch.Full([]int{n, 1}, math.NaN()) }
		_, err = ParzenScales(t.Context(), g, 10, 10, pictures(2), pictures(2))
		require.ErrorContains(t, err, "not finite")
	})
}

func TestParzenRefusesVectorsThatDoNotFit(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.Ones([]int{2, 3})
		_, err := Parzen(x, x, torch.Ones([]int{2, 4}))
		require.ErrorContains(t, err, "not vectors of length 3 and 4")
		_, err = Parzen(torch.Ones([]int{0, 3}), x, x)
		require.EqualError(t, err, "Parzen windows: there are 0 samples and 2 vectors")
	})
}

func ExampleParzen() {
	torch.Scope(func() {
		generated := torch.FromSlice([]float64{-1, 1}, 2, 1)
		validation, test := torch.FromSlice([]float64{-1.1, 1.1}, 2, 1), torch.FromSlice([]float64{-0.9, 0.9}, 2, 1)
		score, err := Parzen(generated, validation, test)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%.3f nats, sigma %.1f\n", score.Mean, score.Sigmas[0])
	})
	// Output: 0.190 nats, sigma 0.1
}
