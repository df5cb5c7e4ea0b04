package initializer_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn/initializer"
	"github.com/forgergan/forger/torch/torchtest"
)

// That the numbers are PyTorch's bit for bit is tested in package torch (TestParity).

func TestGainsArePyTorchs(t *testing.T) {
	require.Equal(t, 1.0, initializer.Gain(initializer.Linear, 0))
	require.Equal(t, 1.0, initializer.Gain(initializer.Sigmoid, 0))
	require.Equal(t, 5.0/3, initializer.Gain(initializer.Tanh, 0))
	require.Equal(t, math.Sqrt2, initializer.Gain(initializer.ReLU, 0))
	require.Equal(t, 0.75, initializer.Gain(initializer.SELU, 0))
	require.InDelta(t, math.Sqrt(2/1.04), initializer.Gain(initializer.LeakyReLU, 0.2), 1e-15)
	require.EqualError(t, torch.Try(func() { initializer.Gain("gelu", 0) }),
		`torch.initializer.Gain: the nonlinearity "gelu" is unknown: linear, sigmoid, tanh, relu, leaky_relu or selu`)
}

func TestFansCountInputsAndOutputs(t *testing.T) {
	in, out := initializer.Fans([]int{8, 3, 4, 5})
	require.Equal(t, []int{60, 160}, []int{in, out})
	in, out = initializer.Fans([]int{2, 7})
	require.Equal(t, []int{7, 2}, []int{in, out})
	require.ErrorContains(t, torch.Try(func() { initializer.Fans([]int{3}) }), "at least two dimensions, not the shape [3]")
}

func TestInitialisersWorkOnParametersAndRecordNothing(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	for name, f := range map[string]func(x *torch.Tensor){
		"Uniform":        func(x *torch.Tensor) { initializer.Uniform(x, -1, 1) },
		"Normal":         func(x *torch.Tensor) { initializer.Normal(x, 0, 1) },
		"Constant":       func(x *torch.Tensor) { initializer.Constant(x, 2) },
		"KaimingUniform": func(x *torch.Tensor) { initializer.KaimingUniform(x, 0) },
		"KaimingNormal":  func(x *torch.Tensor) { initializer.KaimingNormal(x, 0, initializer.FanOut, initializer.ReLU) },
		"XavierUniform":  func(x *torch.Tensor) { initializer.XavierUniform(x, 1) },
		"XavierNormal":   func(x *torch.Tensor) { initializer.XavierNormal(x, 1) },
		"TruncNormal":    func(x *torch.Tensor) { initializer.TruncNormal(x, 0, 1, -2, 2) },
		"Orthogonal":     func(x *torch.Tensor) { initializer.Orthogonal(x, 1) },
		"Sparse":         func(x *torch.Tensor) { initializer.Sparse(x, 0.5, 1) },
		"LinearDefaults": func(x *torch.Tensor) { initializer.LinearDefaults(x, nil) },
	} {
		torch.Scope(func() {
			x := torch.Zeros([]int{4, 6}).SetRequiresGrad(true)
			live := torch.Live()
			f(x)
			require.Equal(t, live, torch.Live(), name)
			require.True(t, x.IsLeaf() && x.RequiresGrad(), name)
			require.NotZero(t, x.Abs().Sum().Item(), name)
			require.NoError(t, torch.Try(func() { f(torch.Zeros([]int{0, 3})) }), "%s of nothing", name)
		})
	}
}

func TestOrthogonalRowsAreOrthonormalTimesGain(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		for _, shape := range [][]int{{3, 5}, {4, 4}, {6, 2}, {3, 2, 2, 2}} {
			x := torch.Empty(shape, torch.EmptyOptions{TensorOptions: torch.TensorOptions{DType: torch.Float64}})
			initializer.Orthogonal(x, 2)
			m := x.View(shape[0], -1)
			if m.Size(0) > m.Size(1) {
				m = m.T()
			}
			diff, _ := torchtest.MaxDiff(t, m.MM(m.T()), torch.Eye(m.Size(0)).MulScalar(4))
			require.Less(t, diff, 1e-12, "%v", shape)
		}
		require.ErrorContains(t, torch.Try(func() { initializer.Orthogonal(torch.Zeros([]int{3}), 1) }), "at least two dimensions")
	})
}

func TestSparseZeroesTheSameNumberInEachColumn(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.Empty([]int{10, 7})
		initializer.Sparse(x, 0.33, 1)
		require.Equal(t, []int64{4, 4, 4, 4, 4, 4, 4}, torch.Values[int64](x.EqScalar(0).SumDim([]int{0})))
		require.ErrorContains(t, torch.Try(func() { initializer.Sparse(torch.Zeros([]int{3}), 0.5, 1) }), "a matrix is needed")
	})
}

func TestTruncNormalStaysWithinItsLimits(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.Empty([]int{10000})
		initializer.TruncNormal(x, 0.5, 1, -0.25, 1)
		require.True(t, x.Min().Item() >= -0.25 && x.Max().Item() <= 1)
		require.InDelta(t, 0.38, x.Mean().Item(), 0.02)
	})
}

func TestSkipInitLeavesWeightsAndTheRandomStreamAlone(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		fills := map[string]func(x *torch.Tensor){
			"Uniform":        func(x *torch.Tensor) { initializer.Uniform(x, -1, 1) },
			"Normal":         func(x *torch.Tensor) { initializer.Normal(x, 0, 1) },
			"Constant":       func(x *torch.Tensor) { initializer.Constant(x, 3) },
			"KaimingUniform": func(x *torch.Tensor) { initializer.KaimingUniform(x, 0) },
			"TruncNormal":    func(x *torch.Tensor) { initializer.TruncNormal(x, 0, 1, -2, 2) },
			"Orthogonal":     func(x *torch.Tensor) { initializer.Orthogonal(x, 1) },
			"Sparse":         func(x *torch.Tensor) { initializer.Sparse(x, 0.5, 1) },
		}
		for name, fill := range fills {
			torch.ManualSeed(3)
			next := torch.Rand([]int{2}).Bytes()
			torch.ManualSeed(3)
			x := torch.Full([]int{2, 3}, 7.0)
			torch.SkipInit(func() {
				torch.SkipInit(func() { fill(x) })
				require.True(t, torch.InitSkipped())
			})
			require.False(t, torch.InitSkipped())
			require.True(t, x.Equal(torch.Full([]int{2, 3}, 7.0)), name)
			require.Equal(t, next, torch.Rand([]int{2}).Bytes(), name)
			fill(x)
			require.False(t, x.Equal(torch.Full([]int{2, 3}, 7.0)), name)
		}
	})
}
