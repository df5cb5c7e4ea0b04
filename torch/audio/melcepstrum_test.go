package audio_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/audio"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// TestAMelCepstrumIsACosineSeriesOnTheWarpedAxis compares with log |X(ω)|² = 2·Σ_d c_d·cos(d·β(ω)), where
// β(ω) = ω + 2·atan(α·sin ω / (1 − α·cos ω)).
func TestAMelCepstrumIsACosineSeriesOnTheWarpedAxis(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		mc := []float64{-0.5, 0.3, 0.2, -0.1}
		const fft = 512
		for _, alpha := range []float64{0, 0.41, -0.2} {
			want := make([]float64, fft/2+1)
			for k := range want {
				w := 2 * math.Pi * float64(k) / fft
				warped := w + 2*math.Atan(alpha*math.Sin(w)/(1-alpha*math.Cos(w)))
				for d, c := range mc {
					want[k] += 2 * c * math.Cos(float64(d)*warped)
				}
				want[k] = math.Exp(want[k])
			}
			power := audio.MC2SP(torch.FromSlice(mc, 1, 4), alpha, fft)
			diff, _ := torchtest.MaxDiff(t, power, torch.FromSlice(want, 1, fft/2+1))
			require.Less(t, diff, 1e-10, "alpha %g", alpha)

			// The series is finite, so that nothing is lost on the way back.
			back := audio.SP2MC(power, 5, alpha)
			diff, _ = torchtest.MaxDiff(t, back, torch.FromSlice(append(append([]float64{}, mc...), 0, 0), 1, 6))
			require.Less(t, diff, 1e-10, "alpha %g", alpha)
		}
	})
}

func TestGradientsFlowThroughAMelCepstrum(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		// The first coefficient without warping is the mean of log |X|² over the circle, halved.
		power := torch.Full([]int{1, 5}, 2.0).SetRequiresGrad(true)
		audio.SP2MC(power, 0, 0).Sum().Backward()
		diff, _ := torchtest.MaxDiff(t, power.Grad(), torch.FromSlice([]float32{1, 2, 2, 2, 1}, 1, 5).DivScalar(2*2*8))
		require.Less(t, diff, 1e-7)
	})
}

func TestWrongShapesOfSpectraAreRefused(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		require.EqualError(t, torch.Try(func() { audio.SP2MC(torch.Ones([]int{5}), 3, 0) }),
			"torch.SP2MC: frames are rows of a matrix (T, K) with K at least 2 [shapes (5,)]")
		require.EqualError(t, torch.Try(func() { audio.MC2SP(torch.Ones([]int{1, 5}), 0, 7) }),
			"torch.MC2SP: a Fourier transform of 7 values has no half")
	})
}

func ExampleSP2MC() {
	torch.Scope(func() {
		power := torch.Full([]int{2, 257}, math.E) // two frames of white noise
		mc := audio.SP2MC(power, 24, 0.41)
		fmt.Println(mc.Shape())
		fmt.Printf("%.3f %.3f\n", mc.At(0, 0).Item(), mc.At(0, torch.Range{Start: 1}).Abs().Max().Item())
	})
	// Output:
	// [2 25]
	// 0.500 0.000
}
