package gan_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// slope is the linear critic w·x of pictures (N, 1, 2, 2), whose gradient is w everywhere, of length 3.
func slope() (w *torch.Tensor, d func(x *torch.Tensor) *torch.Tensor) {
	w = torch.FromSlice([]float32{1, -2, 0, 2}).SetRequiresGrad(true)
	return w, func(x *torch.Tensor) *torch.Tensor {
		return x.Flatten(torch.FlattenOptions{StartDim: 1}).MV(w)
	}
}

type critique = func(d func(*torch.Tensor) *torch.Tensor, real, fake *torch.Tensor) *torch.Tensor

func TestPenaltiesOfALinearCriticAreItsSlopes(t *testing.T) {
	torchtest.Native(t)
	gp := func(o gan.GradientPenaltyOptions) critique {
		return func(d func(*torch.Tensor) *torch.Tensor, real, fake *torch.Tensor) *torch.Tensor {
			return gan.GradientPenalty(d, real, fake, o)
		}
	}
	for name, test := range map[string]struct {
		penalty critique
		value   float64
		along   float64 // its gradient is this multiple of w
	}{
		"(3 − 1)²":             {gp(gan.GradientPenaltyOptions{}), 4, 2 * 2. / 3},
		"steeper than allowed": {gp(gan.GradientPenaltyOptions{OneSided: true}), 4, 2 * 2. / 3},
		"(3 − 5)²":             {gp(gan.GradientPenaltyOptions{Centre: new(5.)}), 4, -2 * 2. / 3},
		"flatter than allowed": {gp(gan.GradientPenaltyOptions{Centre: new(5.), OneSided: true}), 0, 0},
		"about 0, 3²":          {gp(gan.GradientPenaltyOptions{Centre: new(0.)}), 9, 2},
		"(√(9 + 7) − 1)²":      {gp(gan.GradientPenaltyOptions{Eps: 7}), 9, 2 * 3. / 4},
		"DRAGAN": {func(d func(*torch.Tensor) *torch.Tensor, real, _ *torch.Tensor) *torch.Tensor {
			return gan.DRAGAN(d, real)
		}, 4, 2 * 2. / 3},
		"R1 with γ 10, 5 · 9": {func(d func(*torch.Tensor) *torch.Tensor, real, _ *torch.Tensor) *torch.Tensor {
			return gan.R1(d, real, 10)
		}, 45, 10},
		"R2 with γ 1, half of 9": {func(d func(*torch.Tensor) *torch.Tensor, _, fake *torch.Tensor) *torch.Tensor {
			return gan.R2(d, fake, 1)
		}, 4.5, 1},
	} {
		t.Run(name, func(t *testing.T) {
			torch.Scope(func() {
				w, d := slope()
				penalty := test.penalty(d, torch.Rand([]int{3, 1, 2, 2}), torch.Rand([]int{3, 1, 2, 2}))
				require.Empty(t, penalty.Shape())
				require.InDelta(t, test.value, penalty.Item(), 1e-5)
				if test.value == 0 {
					require.Zero(t, penalty.Item())
				}
				penalty.Backward()
				diff, _ := torchtest.MaxDiff(t, w.Grad(), w.Detach().MulScalar(test.along))
				require.LessOrEqual(t, diff, 1e-5)
			})
		})
	}
}

func TestANormOfZeroHasNoGradientUnlessEpsStandsUnderTheRoot(t *testing.T) {
	torchtest.Native(t)
	for eps, value := range map[float64]float64{0: 1, 0.25: 0.25} {
		torch.Scope(func() {
			w := torch.Zeros([]int{4}).SetRequiresGrad(true)
			x := torch.Ones([]int{2, 4})
			penalty := gan.GradientPenalty(func(x *torch.Tensor) *torch.Tensor { return x.MV(w) }, x, x, gan.GradientPenaltyOptions{Eps: eps})
			require.InDelta(t, value, penalty.Item(), 1e-6)
			penalty.Backward()
			require.Equal(t, []float32{0, 0, 0, 0}, torch.Values[float32](w.Grad()))
		})
	}
}

func TestThePointsBetweenAreMixedSampleBySample(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		real, fake := torch.Full([]int{3, 1, 2, 2}, 10.), torch.Full([]int{3, 1, 2, 2}, 20.)
		var seen [][]float32
		d := func(x *torch.Tensor) *torch.Tensor {
			seen = append(seen, torch.Values[float32](x.Detach()))
			return x.Square()
		}
		gan.GradientPenalty(d, real, fake, gan.GradientPenaltyOptions{Alpha: torch.FromSlice([]float32{1, 0.5, 0})})
		require.Equal(t, []float32{10, 10, 10, 10, 15, 15, 15, 15, 20, 20, 20, 20}, seen[0])

		// The draw is PyTorch's torch.rand(3, 1, 1, 1), and a generator of one's own leaves the default one alone.
		own := torch.NewGenerator(torch.Device{}).ManualSeed(3)
		torch.ManualSeed(3)
		gan.GradientPenalty(d, real, fake)
		after := torch.Rand([]int{1}).Item()
		torch.ManualSeed(3)
		alpha := torch.Values[float32](torch.Rand([]int{3, 1, 1, 1}))
		require.Equal(t, after, torch.Rand([]int{1}).Item())
		for i, a := range alpha {
			require.InDelta(t, 20-10*a, seen[1][4*i], 1e-5)
		}
		torch.ManualSeed(3)
		gan.GradientPenalty(d, real, fake, gan.GradientPenaltyOptions{Generator: own})
		require.Equal(t, seen[1], seen[2])
		require.InDelta(t, alpha[0], torch.Rand([]int{1}).Item(), 1e-7)
	})
}

func TestDRAGANStepsHalfADeviationFromTheRealSamples(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		real := torch.FromSlice([]float32{0, 4, 4, 0}, 2, 2) // deviation 2, or 2.31 with Bessel's correction
		var seen []float32
		gan.DRAGAN(func(x *torch.Tensor) *torch.Tensor {
			seen = torch.Values[float32](x.Detach())
			return x.Square()
		}, real, gan.DRAGANOptions{
			Noise: torch.FromSlice([]float32{0, 1, 0.5, 1}, 2, 2), Alpha: torch.FromSlice([]float32{1, 0.5})})
		require.Equal(t, []float32{0, 5, 4.25, 0.5}, seen)
	})
}

func TestAPenaltyTakesNoGradientThatNobodyReads(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		w, d := slope()
		real := torch.Rand([]int{3, 1, 2, 2}).SetRequiresGrad(true)
		calls := 0
		w.RegisterHook(func(g *torch.Tensor) *torch.Tensor {
			calls++
			return g
		})
		penalty := gan.GradientPenalty(d, real, real.MulScalar(2)).Add(gan.R1(d, real, 1))
		require.Zero(t, calls, "a gradient by a parameter before the loss is differentiated")
		penalty.Backward()
		require.NotZero(t, calls)
		require.Nil(t, real.Grad(), "samples are constants")
	})
}

func TestPenaltiesLeaveOnlyTheirResultAlive(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		_, d := slope()
		real, fake := torch.Rand([]int{3, 1, 2, 2}), torch.Rand([]int{3, 1, 2, 2})
		for name, f := range map[string]func(){
			"GradientPenalty": func() { gan.GradientPenalty(d, real, fake) },
			"DRAGAN":          func() { gan.DRAGAN(d, real) },
			"R1":              func() { gan.R1(d, real, 1) },
			"Hinge":           func() { gan.Hinge.Times(2).Discriminator(real, fake) },
			"SumOver":         func() { gan.SumOver(gan.LeastSquares(0, 1, 1).Real, []*torch.Tensor{real, fake}) },
		} {
			before := torch.Live()
			f()
			require.Equal(t, before+1, torch.Live(), name)
		}
	})
}

func TestPicturesMayLieChannelsLast(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.Rand([]int{2, 3, 4, 4})
		kernel := torch.Rand([]int{5, 3, 3, 3}).SetRequiresGrad(true)
		d := func(x *torch.Tensor) *torch.Tensor { return torch.Conv2d(x, kernel).Tanh() }
		last := x.Contiguous(torch.ContiguousOptions{MemoryFormat: torch.ChannelsLast})
		require.InDelta(t, gan.R1(d, x, 1).Item(), gan.R1(d, last, 1).Item(), 1e-4)
		alpha := torch.FromSlice([]float32{0.25, 0.5})
		o := gan.GradientPenaltyOptions{Alpha: alpha}
		require.InDelta(t, gan.GradientPenalty(d, x, x, o).Item(), gan.GradientPenalty(d, last, last, o).Item(), 1e-4)
	})
}

func TestDriftAndConsistencyFollowTheirFormulas(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		d := torch.FromSlice([]float32{1, -3}, 2, 1)
		require.InDelta(t, 0.001*5, gan.Drift(d, 0.001).Item(), 1e-8)

		d2 := torch.FromSlice([]float32{1.5, -1}, 2, 1)
		f, f2 := torch.FromSlice([]float32{0, 0, 1, 1}, 2, 2), torch.FromSlice([]float32{1, 3, 1, 1}, 2, 2)
		// 2·(0.25 + 0.1·(1 + 9)/2) = 1.5 and 2·4 = 8.
		require.InDelta(t, (1.5+8)/2, gan.Consistency(d, d2, f, f2, 2, 0).Item(), 1e-6)
		require.InDelta(t, (0+6.)/2, gan.Consistency(d, d2, f, f2, 2, 2).Item(), 1e-6)
		require.ErrorContains(t, torch.Try(func() { gan.Consistency(f, f, f, f, 2, 0) }), "one score belongs to a sample")
	})
}

func TestPathLengthsOfALinearGenerator(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		// A picture of 2 by 2 pixels shows its two latents, one of them tripled: Jᵀy = (y₀, 3·y₁), with y = noise/2.
		w := torch.FromSlice([]float32{1, 2, 3, 4}, 2, 2).SetRequiresGrad(true)
		a := torch.FromSlice([]float32{1, 0, 0, 0, 0, 3, 0, 0}, 2, 4)
		pictures := w.MM(a).View(2, 1, 2, 2)
		noise := torch.FromSlice([]float32{8, 2, 9, 9, 6, 0, 9, 9}, 2, 1, 2, 2) // y = (4, 1) and (3, 0)
		require.InDeltaSlice(t, []float32{5, 3}, torch.Values[float32](gan.PathLengths(pictures, w, noise).Detach()), 1e-6)

		penalty, mean := gan.PathLength(pictures, w, torch.FromSlice([]float32{2}, 1).View(), noise)
		require.InDelta(t, 2.02, mean.Item(), 1e-6)
		require.False(t, mean.RequiresGrad())
		require.InDelta(t, (2.98*2.98+0.98*0.98)/2, penalty.Item(), 1e-5)

		// With a latent for each of two layers, the root of the mean over layers.
		layers := torch.FromSlice([]float32{1, 2, 3, 4}, 1, 2, 2).SetRequiresGrad(true)
		one := layers.SumDim([]int{1}).MM(a).View(1, 1, 2, 2)
		require.InDelta(t, 5, gan.PathLengths(one, layers, noise.Narrow(0, 0, 1)).Item(), 1e-5)
	})
}

// The penalties are themselves gradients, so these are third derivatives.
func TestPenaltiesCanBeDifferentiatedTwice(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		g := torch.NewGenerator(torch.Device{}).ManualSeed(5)
		random := func(shape ...int) *torch.Tensor {
			return torch.Randn(shape, torch.RandnOptions{Generator: g, TensorOptions: torch.TensorOptions{DType: torch.Float64}})
		}
		real, fake, noise, alpha := random(2, 3), random(2, 3), random(2, 3), random(2)
		pixels := random(2, 1, 1, 2)
		hidden, out := random(3, 2).SetRequiresGrad(true), random(2, 2).SetRequiresGrad(true)
		critic := func(in []*torch.Tensor) func(x *torch.Tensor) *torch.Tensor {
			return func(x *torch.Tensor) *torch.Tensor { return x.MM(in[0]).Tanh().MM(in[1]) }
		}
		generate := func(in []*torch.Tensor) (pictures, w *torch.Tensor) {
			w = noise.Detach().SetRequiresGrad(true)
			return critic(in)(w).View(2, 1, 1, 2), w
		}
		for name, f := range map[string]func(in []*torch.Tensor) *torch.Tensor{
			"gradient penalty": func(in []*torch.Tensor) *torch.Tensor {
				return gan.GradientPenalty(critic(in), real, fake, gan.GradientPenaltyOptions{Alpha: alpha})
			},
			"one-sided, about 0.1, with eps": func(in []*torch.Tensor) *torch.Tensor {
				return gan.GradientPenalty(critic(in), real, fake, gan.GradientPenaltyOptions{
					Alpha: alpha, OneSided: true, Centre: new(0.1), Eps: 1e-2})
			},
			"DRAGAN": func(in []*torch.Tensor) *torch.Tensor {
				return gan.DRAGAN(critic(in), real, gan.DRAGANOptions{Noise: noise, Alpha: alpha})
			},
			"R1":    func(in []*torch.Tensor) *torch.Tensor { return gan.R1(critic(in), real, 10) },
			"drift": func(in []*torch.Tensor) *torch.Tensor { return gan.Drift(critic(in)(real), 0.5) },
			"consistency": func(in []*torch.Tensor) *torch.Tensor {
				a, b := critic(in)(real), critic(in)(fake)
				return gan.Consistency(a.Narrow(1, 0, 1), b.Narrow(1, 0, 1), a, b, 2, 0.01)
			},
			"path lengths": func(in []*torch.Tensor) *torch.Tensor {
				pictures, w := generate(in)
				return gan.PathLengths(pictures, w, pixels)
			},
			"path length": func(in []*torch.Tensor) *torch.Tensor {
				pictures, w := generate(in)
				penalty, _ := gan.PathLength(pictures, w, torch.Full(nil, 0.3, torch.TensorOptions{DType: torch.Float64}), pixels)
				return penalty
			},
		} {
			require.NoError(t, torchtest.GradCheck(f, hidden, out), name)
			require.NoError(t, torchtest.GradGradCheck(f, hidden, out), name)
		}
	})
}

func ExampleGradientPenalty() {
	torch.Scope(func() {
		w := torch.FromSlice([]float32{3, 4}, 2, 1).SetRequiresGrad(true)
		critic := func(x *torch.Tensor) *torch.Tensor { return x.MM(w) } // of slope 5
		real, fake := torch.Rand([]int{8, 2}), torch.Rand([]int{8, 2})
		penalty := gan.GradientPenalty(critic, real, fake).MulScalar(10)
		penalty.Backward()
		fmt.Printf("%.0f %.0f\n", penalty.Item(), math.Sqrt(w.Grad().Square().Sum().Item()))
	})
	// Output: 160 80
}
