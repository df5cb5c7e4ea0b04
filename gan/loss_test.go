package gan_test

import (
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
