package torch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

type tensor = *torch.Tensor

func TestCallReachesOperatorsThatHaveNoFunction(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x := torch.FromSlice([]float64{0, 1, 2}).SetRequiresGrad(true)
		require.NotContains(t, torch.Operators, "special_i0e")
		y := torch.CallAs[tensor]("aten::special_i0e", x)
		require.InDeltaSlice(t, []float64{1, 0.46575960759364043, 0.308508322553671}, torch.Values[float64](y.Detach()), 1e-14)
		y.Sum().Backward()
		// i0e' = i1e − sign(x)·i0e
		want := torch.CallAs[tensor]("aten::special_i1e", x).Sub(x.Sign().Mul(torch.CallAs[tensor]("aten::special_i0e", x)))
		require.InDeltaSlice(t, torch.Values[float64](want.Detach()), torch.Values[float64](x.Grad()), 1e-14)
	})
}

func TestCallTakesAndGivesEveryKindOfValue(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x := torch.FromSlice([]float32{3, 1, 2, 6, 5, 4}, 2, 3)
		for _, c := range []struct {
			operator string
			args     []any
			want     []any
		}{
			{"aten::size.int", []any{x, 1}, []any{3}},
			{"aten::item", []any{torch.Of(2.5)}, []any{2.5}},
			{"aten::item", []any{torch.Of(int64(7))}, []any{7}},
			{"aten::is_floating_point", []any{x}, []any{true}},
			{"aten::equal", []any{x, torch.Args{"other": x}}, []any{true}},
			{"aten::promote_types", []any{torch.Int32, torch.Float16}, []any{5}},
			{"aten::_choose_qparams_per_tensor", []any{torch.FromSlice([]float32{0, 255})}, []any{1.0, 0}},
		} {
			require.Equal(t, c.want, torch.Call(c.operator, c.args...), c.operator)
		}
		sorted := torch.Call("aten::sort", x, torch.Args{"descending": true, "dim": int64(1)})
		require.Len(t, sorted, 2)
		require.Equal(t, []float32{3, 2, 1, 6, 5, 4}, torch.Values[float32](sorted[0].(tensor)))
		parts := torch.CallAs[[]*torch.Tensor]("aten::split.sizes", x, []int{1, 2}, 1)
		require.Equal(t, []int{2, 2}, parts[1].Shape())
		require.Equal(t, parts[1].Shape(), torch.CallAs[tensor]("aten::cat", parts[1:], nil).Shape(), "nil is the default 0")
		require.Equal(t, torch.Float64, torch.CallAs[tensor]("aten::sum", x, torch.Float64).DType())
		require.True(t, torch.CallAs[tensor]("aten::index.Tensor", x, []*torch.Tensor{nil, longs(0)}).Equal(x.At(torch.All, torch.Range{End: new(1)})))
		g := torch.NewGenerator(torch.Device{}).ManualSeed(3)
		drawn := torch.CallAs[tensor]("aten::rand.generator", []int{2}, g, torch.Args{"device": torch.Device{}, "dtype": torch.Float64})
		require.True(t, drawn.Equal(torch.Rand([]int{2}, torch.RandOptions{TensorOptions: of(torch.Float64), Generator: g.ManualSeed(3)})))
		scaled := torch.CallAs[tensor]("aten::_upsample_nearest_exact2d.vec", x.View(1, 1, 2, 3), nil, []float64{2, 2})
		require.Equal(t, []int{1, 1, 4, 6}, scaled.Shape())
		grads := torch.Call("aten::convolution_backward", torch.Ones([]int{1, 1, 1, 2}), x.View(1, 1, 2, 3), torch.Ones([]int{1, 1, 2, 2}), nil,
			[]int{1, 1}, []int{0, 0}, []int{1, 1}, false, []int{0, 0}, 1, []bool{false, true, false})
		require.Nil(t, grads[0], "not asked for")
		require.Equal(t, []int{1, 1, 2, 2}, grads[1].(tensor).Shape())
		torch.Call("aten::mul_.Scalar", x, 2)
		require.Equal(t, 12.0, x.Max().Item(), "in place")
		require.Equal(t, 12.0, torch.CallAs[tensor]("aten::clone", x, torch.Args{"memory_format": torch.ContiguousFormat}).Max().Item())
	})
}

func TestCallSaysWhatDoesNotFit(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x := torch.Ones([]int{2})
		stale := torch.Ones([]int{2})
		stale.Free()
		for _, c := range []struct {
			operator string
			args     []any
			code     torch.Code
			says     string
		}{
			{"aten::nothing_of_that_name", nil, torch.ValueError, "LibTorch has no operator aten::nothing_of_that_name"},
			{"sin", []any{x}, torch.ValueError, "an operator's name has a namespace: aten::sin"},
			{"", nil, torch.ValueError, "namespace"},
			{"aten::add", []any{x, x}, torch.ValueError, "aten::add.Tensor"},
			{"aten::sin", nil, torch.TypeError, "argument self (Tensor) is missing"},
			{"aten::sin", []any{x, x}, torch.TypeError, "2 arguments for aten::sin(Tensor self) -> Tensor"},
			{"aten::sin", []any{2}, torch.TypeError, "argument self is an integer, the operator wants Tensor"},
			{"aten::sin", []any{nil}, torch.TypeError, "argument self (Tensor) is missing"},
			{"aten::sin", []any{(*torch.Tensor)(nil)}, torch.TypeError, "argument self (Tensor) is missing"},
			{"aten::sin", []any{x, torch.Args{"self": x}}, torch.TypeError, "argument self is given twice"},
			{"aten::sin", []any{x, torch.Args{"other": x}}, torch.TypeError, "no argument is called other in aten::sin(Tensor self) -> Tensor"},
			{"aten::sin", []any{stale}, torch.StaleTensor, "already freed"},
			{"aten::sin", []any{[]string{"a"}}, torch.ValueError, "[a] ([]string) is not a number"},
			{"aten::permute", []any{x, []float64{0}}, torch.TypeError, "argument dims is floats, the operator wants int[]"},
			{"aten::permute", []any{x, []int{5}}, torch.IndexError, ""},
			{"aten::dict", nil, torch.ValueError, "aten::dict"},
		} {
			var e *torch.Error
			require.ErrorAs(t, torch.Try(func() { torch.Call(c.operator, c.args...) }), &e, c.operator)
			require.Equal(t, c.code, e.Code, "%s: %s", c.operator, e)
			require.ErrorContains(t, e, c.says)
		}
		var e *torch.Error
		require.ErrorAs(t, torch.Try(func() { torch.CallAs[int]("aten::sin", x) }), &e)
		require.EqualError(t, e, "torch.aten::sin: the results are (*torch.Tensor), not one int")
	})
}

// BenchmarkCall times a small operator; the results die with a scope of a hundred calls, as in a training step.
func BenchmarkCall(b *testing.B) {
	torchtest.Native(b)
	x := torch.Ones([]int{4})
	defer x.Free()
	run := func(name string, call func()) {
		b.Run(name, func(b *testing.B) {
			for i := 0; i < b.N; i += 100 {
				torch.Scope(func() {
					for range 100 {
						call()
					}
				})
			}
		})
	}
	run("generated", func() { x.Add(x) })
	run("boxed", func() { torch.Call("aten::add.Tensor", x, x) })
}
