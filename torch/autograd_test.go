package torch_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// leaf is a float64 vector that gradients are taken of.
func leaf(v ...float64) *torch.Tensor { return torch.FromSlice(v).SetRequiresGrad(true) }

func grads(t *testing.T, x *torch.Tensor) []float64 {
	t.Helper()
	g := x.Grad()
	require.NotNil(t, g)
	return torch.Values[float64](g)
}

func TestBackwardAddsToTheGradients(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x := leaf(1, 2, 3)
		require.Nil(t, x.Grad())
		x.Square().Sum().Backward()
		require.Equal(t, []float64{2, 4, 6}, grads(t, x))
		x.Sum().Backward()
		require.Equal(t, []float64{3, 5, 7}, grads(t, x))
		torch.ClearGrads([]*torch.Tensor{x})
		require.Nil(t, x.Grad())
		x.Backward(torch.BackwardOptions{Gradient: torch.FromSlice([]float64{1, 0, -1})})
		require.Equal(t, []float64{1, 0, -1}, grads(t, x), "the weights of the elements of a vector")
	})
}

func TestBackwardMayBeLimitedToSomeInputs(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x, y := leaf(2), leaf(3)
		x.Mul(y).Backward(torch.BackwardOptions{Inputs: []*torch.Tensor{y}})
		require.Nil(t, x.Grad())
		require.Equal(t, []float64{2}, grads(t, y))
	})
}

func TestAGraphIsUsedOnceUnlessRetained(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := leaf(3)
		y := x.Square().Sum()
		y.Backward(torch.BackwardOptions{RetainGraph: true})
		y.Backward()
		require.Equal(t, []float64{12}, grads(t, x))
		require.ErrorContains(t, torch.Try(func() { y.Backward() }), "Trying to backward through the graph a second time")
	})
}

func TestMisuseOfBackwardIsExplained(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		require.ErrorContains(t, torch.Try(func() { leaf(1, 2).Square().Backward() }), "grad can be implicitly created only for scalar outputs")
		require.ErrorContains(t, torch.Try(func() { one().Sum().Backward() }), "does not require grad")
		require.ErrorContains(t, torch.Try(func() { torch.FromSlice([]int64{1}).SetRequiresGrad(true) }), "loating point")
		x := leaf(1)
		y := x.Sigmoid()
		z := y.Sum()
		y.AddScalarInPlace(1)
		require.ErrorContains(t, torch.Try(func() { z.Backward(); y.Backward() }), "modified by an inplace operation")
	})
}

func TestGradGivesGradientsAndAccumulatesNothing(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x, y := leaf(1, 2), leaf(3, 4)
		g := torch.Grad([]*torch.Tensor{x.Mul(y).Sum()}, []*torch.Tensor{x, y})
		require.Equal(t, []float64{3, 4}, torch.Values[float64](g[0]))
		require.Equal(t, []float64{1, 2}, torch.Values[float64](g[1]))
		require.False(t, g[0].RequiresGrad())
		require.Nil(t, x.Grad())

		g = torch.Grad([]*torch.Tensor{x.Mul(x), y.Sum()}, []*torch.Tensor{x, y}, torch.GradOptions{
			GradOutputs: []*torch.Tensor{torch.FromSlice([]float64{1, 10}), nil}})
		require.Equal(t, []float64{2, 40}, torch.Values[float64](g[0]))
		require.Equal(t, []float64{1, 1}, torch.Values[float64](g[1]), "a nil weight of a scalar is 1")
		require.Error(t, torch.Try(func() {
			torch.Grad([]*torch.Tensor{x.Sum(), y.Sum()}, []*torch.Tensor{x, y}, torch.GradOptions{GradOutputs: []*torch.Tensor{nil}})
		}), "a weight for each output")
	})
}

func TestAnUnusedInputIsNilWhereAllowed(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x, y := leaf(1), leaf(1)
		out := []*torch.Tensor{x.Sum()}
		require.ErrorContains(t, torch.Try(func() { torch.Grad(out, []*torch.Tensor{x, y}) }), "appears to not have been used in the graph")
		out = []*torch.Tensor{x.Sum()}
		g := torch.Grad(out, []*torch.Tensor{x, y}, torch.GradOptions{AllowUnused: true})
		require.NotNil(t, g[0])
		require.Nil(t, g[1])
		kept := torch.TidyAll(func() []*torch.Tensor {
			return torch.Grad([]*torch.Tensor{x.Sum()}, []*torch.Tensor{x, y}, torch.GradOptions{AllowUnused: true})
		})
		require.Nil(t, kept[1])
	})
}

func TestGradientsOfGradientsEqualTheAnalyticOnes(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		// y = x³·sin(x): y' = 3x²·sin x + x³·cos x, y'' = 6x·sin x + 6x²·cos x − x³·sin x
		points := []float64{-1.5, 0, 0.3, 2}
		x := leaf(points...)
		again := torch.GradOptions{CreateGraph: true}
		first := torch.Grad([]*torch.Tensor{x.Pow(3).Mul(x.Sin()).Sum()}, []*torch.Tensor{x}, again)[0]
		require.True(t, first.RequiresGrad())
		second := torch.Grad([]*torch.Tensor{first.Sum()}, []*torch.Tensor{x}, again)[0]
		for i, p := range points {
			s, c := math.Sincos(p)
			require.InDelta(t, 3*p*p*s+p*p*p*c, torch.Values[float64](first.Detach())[i], 1e-12)
			require.InDelta(t, 6*p*s+6*p*p*c-p*p*p*s, torch.Values[float64](second.Detach())[i], 1e-12)
		}

		// A gradient penalty: d/dw of (‖∂(w·x)/∂x‖ − 1)² is 2(‖w‖−1)·w/‖w‖.
		w, in := leaf(3, 4), leaf(1, 1)
		g := torch.Grad([]*torch.Tensor{w.Dot(in)}, []*torch.Tensor{in}, again)[0]
		g.VectorNorm().SubScalar(1).Square().Backward()
		require.InDeltaSlice(t, []float64{4.8, 6.4}, grads(t, w), 1e-12)
	})
}

func TestNoGradAndEnableGradNestAndComeBack(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := leaf(1)
		require.True(t, torch.GradEnabled())
		torch.NoGrad(func() {
			require.False(t, x.Sum().RequiresGrad())
			torch.NoGrad(func() {})
			require.False(t, torch.GradEnabled(), "an inner NoGrad restores what it found")
			torch.EnableGrad(func() {
				require.True(t, x.Sum().RequiresGrad())
				require.Panics(t, func() { torch.NoGrad(func() { panic("in NoGrad") }) })
				require.True(t, torch.GradEnabled())
			})
			require.False(t, torch.GradEnabled())
			elsewhere := make(chan bool)
			go func() { elsewhere <- torch.GradEnabled() }()
			require.True(t, <-elsewhere, "other goroutines go on recording")
		})
		require.True(t, torch.GradEnabled())
	})
}

func TestDetachSharesMemoryWithoutHistory(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := leaf(1, 2)
		d := x.MulScalar(1).Detach()
		require.False(t, d.RequiresGrad())
		require.True(t, d.IsLeaf())
		x.Detach().FillInPlace(7)
		require.Equal(t, []float64{7, 7}, torch.Values[float64](x))
		require.True(t, x.IsLeaf())
		require.False(t, x.MulScalar(1).IsLeaf())
	})
}

func TestGradientsCanBeReplacedAndReadTogether(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x, y := leaf(1), leaf(2)
		x.SetGrad(torch.FromSlice([]float64{5}))
		all := torch.Grads([]*torch.Tensor{x, y})
		require.Equal(t, 5.0, all[0].Item())
		require.Nil(t, all[1])
		all[0].MulScalarInPlace(2)
		require.Equal(t, []float64{10}, grads(t, x), "the handle shares memory with the gradient")
		x.SetGrad(nil)
		require.Nil(t, x.Grad())
		require.Empty(t, torch.Grads(nil))
		torch.ClearGrads(nil)
	})
}

func TestWhatBackwardNeedsOutlivesTheScopeOfItsHandles(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x := leaf(0.5)
		loss := torch.Tidy(func() *torch.Tensor { return x.Exp().Square().Sum() }) // Exp's result is gone, its memory not
		loss.Backward()
		require.InDelta(t, 2*math.Exp(1), grads(t, x)[0], 1e-12)
	})
}
