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

func TestMain(m *testing.M) { torchtest.Main(m) }

// requireLoss compares a loss of x and its gradient with numbers computed by hand, to relative 1e-6, a few units in
// the last place of float32.
func requireLoss(t *testing.T, loss func(*torch.Tensor) *torch.Tensor, x []float32, value float64, gradient []float64) {
	t.Helper()
	torch.Scope(func() {
		in := torch.FromSlice(x).SetRequiresGrad(true)
		out := loss(in)
		require.Empty(t, out.Shape(), "a loss is a scalar")
		require.InDelta(t, value, out.Item(), 1e-6*(1+math.Abs(value)))
		out.Backward()
		for i, g := range torch.Values[float32](in.Grad()) {
			require.InDelta(t, gradient[i], float64(g), 1e-6*(1+math.Abs(gradient[i])), "gradient %d", i)
		}
	})
}

func sigmoid(x float64) float64  { return 1 / (1 + math.Exp(-x)) }
func softplus(x float64) float64 { return math.Log1p(math.Exp(x)) }

func TestGamesOfProbabilities(t *testing.T) {
	torchtest.Native(t)
	p := []float32{0.25, 0.5}
	// −log p and −log(1−p), averaged over two samples.
	toOne, toOneGradient := (math.Log(4)+math.Log(2))/2, []float64{-2, -1}
	toZero, toZeroGradient := (math.Log(4./3)+math.Log(2))/2, []float64{2. / 3, 1}
	for _, game := range []gan.Loss{gan.NonSaturating, gan.Minimax} {
		requireLoss(t, game.Real, p, toOne, toOneGradient)
		requireLoss(t, game.Fake, p, toZero, toZeroGradient)
	}
	requireLoss(t, gan.NonSaturating.Generator, p, toOne, toOneGradient)
	requireLoss(t, gan.Minimax.Generator, p, -toZero, []float64{-2. / 3, -1})
}

func TestGamesOfLogits(t *testing.T) {
	torchtest.Native(t)
	x := []float32{-1, 2}
	toOne, toOneGradient := (softplus(1)+softplus(-2))/2, []float64{(sigmoid(-1) - 1) / 2, (sigmoid(2) - 1) / 2}
	toZero, toZeroGradient := (softplus(-1)+softplus(2))/2, []float64{sigmoid(-1) / 2, sigmoid(2) / 2}
	for _, game := range []gan.Loss{gan.NonSaturatingLogits, gan.MinimaxLogits} {
		requireLoss(t, game.Real, x, toOne, toOneGradient)
		requireLoss(t, game.Fake, x, toZero, toZeroGradient)
	}
	requireLoss(t, gan.NonSaturatingLogits.Generator, x, toOne, toOneGradient)
	requireLoss(t, gan.MinimaxLogits.Generator, x, -toZero, []float64{-toZeroGradient[0], -toZeroGradient[1]})
}

func TestASureDiscriminatorCostsAtMost100(t *testing.T) {
	torchtest.Native(t)
	bce := func(label float64) func(*torch.Tensor) *torch.Tensor {
		return func(p *torch.Tensor) *torch.Tensor { return gan.BCE(p, label) }
	}
	// LibTorch bounds the denominator p·(1−p) of the gradient by 1e-12.
	requireLoss(t, bce(1), []float32{0, 1}, 50, []float64{-1e12 / 2, 0})
	requireLoss(t, bce(0), []float32{0, 1}, 50, []float64{0, 1e12 / 2})
	requireLoss(t, bce(1), []float32{1}, 0, []float64{0})
}

func TestASmoothedLabelWeighsBothLogarithms(t *testing.T) {
	torchtest.Native(t)
	requireLoss(t, func(p *torch.Tensor) *torch.Tensor { return gan.BCE(p, 0.9) }, []float32{0.25},
		0.9*math.Log(4)+0.1*math.Log(4./3), []float64{-0.9/0.25 + 0.1/0.75})
}

func TestLogitsNeverOverflow(t *testing.T) {
	torchtest.Native(t)
	requireLoss(t, func(x *torch.Tensor) *torch.Tensor { return gan.BCEWithLogits(x, 1) }, []float32{-1000, 1000}, 500, []float64{-0.5, 0})
	requireLoss(t, func(x *torch.Tensor) *torch.Tensor { return gan.BCEWithLogits(x, 0) }, []float32{-1000, 1000}, 500, []float64{0, 0.5})
}

func TestHingeStopsAtTheMargin(t *testing.T) {
	torchtest.Native(t)
	x := []float32{-2, 0.5, 3}
	requireLoss(t, gan.Hinge.Real, x, (3+0.5)/3, []float64{-1. / 3, -1. / 3, 0})
	requireLoss(t, gan.Hinge.Fake, x, (1.5+4)/3, []float64{0, 1. / 3, 1. / 3})
	requireLoss(t, gan.Hinge.Generator, x, -0.5, []float64{-1. / 3, -1. / 3, -1. / 3})
}

func TestACriticsLossHasNoBound(t *testing.T) {
	torchtest.Native(t)
	x := []float32{-1000, 4000}
	requireLoss(t, gan.Wasserstein.Real, x, -1500, []float64{-0.5, -0.5})
	requireLoss(t, gan.Wasserstein.Fake, x, 1500, []float64{0.5, 0.5})
	requireLoss(t, gan.Wasserstein.Generator, x, -1500, []float64{-0.5, -0.5})
}

func TestLeastSquaresInTheConventionsInUse(t *testing.T) {
	torchtest.Native(t)
	x := []float32{-1, 2}
	for _, test := range []struct {
		game                  gan.Loss
		real, fake, generator float64
	}{
		{gan.LeastSquares(0, 1, 1), (4. + 1) / 2, (1. + 4) / 2, (4. + 1) / 2},
		{gan.LeastSquares(0, 1, 1).Times(0.5), (4. + 1) / 4, (1. + 4) / 4, (4. + 1) / 4},
		{gan.LeastSquares(-1, 1, 0).Times(0.5), (4. + 1) / 4, (0. + 9) / 4, (1. + 4) / 4},
		{gan.LeastSquares(0, 1, 1).Times(2. / 2), (4. + 1) / 2, (1. + 4) / 2, (4. + 1) / 2}, // the sum of two samples, halved
	} {
		torch.Scope(func() {
			d := torch.FromSlice(x)
			require.InDelta(t, test.real, test.game.Real(d).Item(), 1e-6)
			require.InDelta(t, test.fake, test.game.Fake(d).Item(), 1e-6)
			require.InDelta(t, test.generator, test.game.Generator(d).Item(), 1e-6)
			require.InDelta(t, test.real+test.fake, test.game.Discriminator(d, d).Item(), 1e-6)
		})
	}
	requireLoss(t, gan.LeastSquares(-1, 1, 0).Times(0.5).Fake, x, 9./4, []float64{0, 1.5})
}

func TestOnlyTheLabelOfRealSamplesIsSmoothed(t *testing.T) {
	torchtest.Native(t)
	game, x := gan.Smoothed(0.9), []float32{0}
	requireLoss(t, game.Real, x, math.Ln2, []float64{0.5 - 0.9})
	requireLoss(t, game.Fake, x, math.Ln2, []float64{0.5})
	requireLoss(t, game.Generator, x, math.Ln2, []float64{-0.5})
}

func TestARelativisticGameComparesWithTheMeanOfTheOtherKind(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		real := torch.FromSlice([]float32{1, 3}).SetRequiresGrad(true)
		fake := torch.FromSlice([]float32{0, 2}).SetRequiresGrad(true)
		mean := func(f func(float64) float64, x ...float64) float64 { return (f(x[0]) + f(x[1])) / 2 }
		up := func(x float64) float64 { return softplus(-x) }
		// Less the mean of the other kind, real samples have 0 and 2, fakes −2 and 0.
		ra := gan.NonSaturatingLogits
		require.InDelta(t, mean(up, 0, 2)+mean(softplus, -2, 0), ra.RelativisticDiscriminator(real, fake).Item(), 1e-6)
		g := ra.RelativisticGenerator(real, fake)
		require.InDelta(t, mean(up, -2, 0)+mean(softplus, 0, 2), g.Item(), 1e-6)
		g.Backward()
		require.NotZero(t, real.Grad().Abs().Sum().Item(), "through the mean")
		require.NotZero(t, fake.Grad().Abs().Sum().Item())

		squares := gan.LeastSquares(-1, 1, 1).RelativisticDiscriminator(real, fake)
		require.InDelta(t, (1.+1)/2+(1.+1)/2, squares.Item(), 1e-6)
		hinge := gan.Hinge.RelativisticDiscriminator(real, fake)
		require.InDelta(t, (1.+0)/2+(0.+1)/2, hinge.Item(), 1e-6)
	})
}

func TestScalesAreAveragedOnTheirOwn(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		outputs := []*torch.Tensor{torch.FromSlice([]float32{1, 2, 3, 4}, 1, 1, 2, 2), torch.FromSlice([]float32{10}, 1, 1, 1, 1)}
		require.Equal(t, 12.5, gan.SumOver(gan.Wasserstein.Fake, outputs).Item())
		require.Equal(t, 6.25, gan.MeanOver(gan.Wasserstein.Fake, outputs).Item())
		require.Error(t, torch.Try(func() { gan.SumOver(gan.Wasserstein.Fake, nil) }))
	})
}

func TestClippedWeightsStayLeaves(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		params := []*torch.Tensor{
			torch.FromSlice([]float32{-1, -0.005, 0.02}).SetRequiresGrad(true), torch.FromSlice([]float32{0.01, 5}).SetRequiresGrad(true)}
		gan.WeightClip(params, 0.01)
		require.Equal(t, []float32{-0.01, -0.005, 0.01}, torch.Values[float32](params[0].Detach()))
		require.Equal(t, []float32{0.01, 0.01}, torch.Values[float32](params[1].Detach()))
		for _, p := range params {
			require.True(t, p.IsLeaf() && p.RequiresGrad())
		}
		for _, c := range []float64{-1, math.NaN(), math.Inf(1)} {
			require.ErrorContains(t, torch.Try(func() { gan.WeightClip(params, c) }), "the bound is a number, at least 0")
		}
	})
}

func ExampleLoss() {
	torch.Scope(func() {
		real, fake := torch.FromSlice([]float32{2, 0.5}, 2, 1), torch.FromSlice([]float32{-3, 0}, 2, 1) // outputs of D
		for _, game := range []gan.Loss{gan.Hinge, gan.Wasserstein, gan.LeastSquares(0, 1, 1)} {
			fmt.Printf("D %6.3f  G %6.3f\n", game.Discriminator(real, fake).Item(), game.Generator(fake).Item())
		}
	})
	// Output:
	// D  0.750  G  1.500
	// D -2.750  G  1.500
	// D  5.125  G  8.500
}

// A translation system's loss of G: an adversarial term, the cycle there and back, and the identity.
func Example_cycle() {
	torch.Scope(func() {
		toB := func(a *torch.Tensor) *torch.Tensor { return a.MulScalar(2) } // a generator
		toA := func(b *torch.Tensor) *torch.Tensor { return b.MulScalar(0.5).AddScalar(0.1) }
		d := func(b *torch.Tensor) *torch.Tensor { return b.SubScalar(1) }
		a, b := torch.Full([]int{1, 3, 8, 8}, 0.5), torch.Full([]int{1, 3, 8, 8}, 0.8)

		fake := toB(a)
		adversarial := gan.LeastSquares(0, 1, 1).Generator(d(fake))
		cycle := toA(fake).L1Loss(a).MulScalar(10)
		identity := toB(b).L1Loss(b).MulScalar(5)
		fmt.Printf("%.2f %.2f %.2f\n", adversarial.Item(), cycle.Item(), identity.Item())
	})
	// Output: 1.00 1.00 4.00
}
