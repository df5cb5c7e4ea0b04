package torch_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// sqrtOf is where the anomaly of the tests is; it says on which line.
func sqrtOf(x *torch.Tensor) (y *torch.Tensor, line int) {
	_, _, line, _ = runtime.Caller(0)
	return x.Sqrt(), line + 1
}

func TestAnAnomalyNamesTheForwardOperationAndItsPlace(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x := leaf(0, 1)
		loss := func() (*torch.Tensor, int) {
			y, line := sqrtOf(x)
			return y.MulScalar(0).Sum(), line // 0 · ∞
		}
		y, _ := loss()
		require.NoError(t, torch.Try(func() { y.Backward() }), "NaNs are let through outside DetectAnomaly")
		torch.DetectAnomaly(func() {
			y, line := loss()
			err := torch.Try(func() { y.Backward() })
			require.ErrorContains(t, err, "torch.Backward: Function 'SqrtBackward0' returned nan values in its 0th output")
			require.ErrorContains(t, err, fmt.Sprintf("torch.Sqrt at anomaly_test.go:%d < anomaly_test.go:", line))

			undefined := torch.Function{
				Name:     "Undefined",
				Forward:  func(_ *torch.Context, in tensors) tensors { return tensors{in[0].MulScalar(1)} },
				Backward: func(_ *torch.Context, g tensors) tensors { return tensors{g[0].Log().MulScalar(0)} },
			}
			err = torch.Try(func() { undefined.Apply(x)[0].MulScalar(0).Sum().Backward() })
			require.ErrorContains(t, err, "Function 'UndefinedBackward' returned nan values in its 0th output. (torch.Undefined at anomaly_test.go:")

			h := x.Sigmoid()
			y = h.Sum()
			h.AddScalarInPlace(1)
			err = torch.Try(func() { y.Backward() })
			require.ErrorContains(t, err, "modified by an inplace operation")
			require.ErrorContains(t, err, "torch.Sigmoid at anomaly_test.go:")
		})
		y, _ = loss()
		require.NoError(t, torch.Try(func() { y.Backward() }), "the search has ended")
	})
}

func TestAnAnomalyOfASecondDerivativeNamesTheFirst(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x := leaf(0)
		torch.DetectAnomaly(func() {
			y := x.Pow(1.5) // its second derivative is infinite at 0
			g := torch.Grad(tensors{y}, tensors{x}, torch.GradOptions{CreateGraph: true})[0]
			err := torch.Try(func() { g.Mul(x).MulScalar(0).Sum().Backward() })
			require.ErrorContains(t, err, "returned nan values")
			require.ErrorContains(t, err, "torch.Grad at anomaly_test.go:")
			require.ErrorContains(t, err, ", for the derivative of torch.Pow at anomaly_test.go:")
			require.PanicsWithValue(t, "through it", func() { torch.DetectAnomaly(func() { panic("through it") }) })
		})
	})
}

func TestAHooksPanicIsItsOwnInAnAnomalySearchToo(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := leaf(1)
		x.RegisterHook(func(*torch.Tensor) *torch.Tensor { panic("own") })
		torch.DetectAnomaly(func() {
			require.PanicsWithValue(t, "own", func() { x.Exp().Sum().Backward() })
		})
	})
}

func TestInferenceMakesTensorsThatStayOutOfGraphs(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x := leaf(1, 2)
		var y *torch.Tensor
		torch.Inference(func() {
			y = x.MulScalar(2)
			require.False(t, torch.GradEnabled())
			torch.Inference(func() { require.True(t, one().IsInference()) })
			require.True(t, one().IsInference(), "the inner one restores what it found")
			require.Panics(t, func() { torch.Inference(func() { panic("in Inference") }) })
		})
		require.True(t, y.IsInference())
		require.False(t, x.IsInference())
		require.False(t, y.RequiresGrad())
		require.False(t, one().IsInference())
		require.True(t, torch.GradEnabled())
		require.ErrorContains(t, torch.Try(func() { x.Mul(y) }), "Inference tensors cannot be saved for backward")
	})
}
