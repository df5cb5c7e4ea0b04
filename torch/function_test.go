package torch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

type tensors = []*torch.Tensor

// scaledExp is a·eˣ, its derivative made of the saved output, so that it can be differentiated again.
var scaledExp = torch.Function{
	Name: "ScaledExp",
	Forward: func(c *torch.Context, in tensors) tensors {
		y := in[0].Mul(in[1].Exp())
		c.SaveForBackward(y, in[1])
		return tensors{y}
	},
	Backward: func(c *torch.Context, g tensors) tensors {
		y, x := c.Saved()[0], c.Saved()[1]
		var ga, gx *torch.Tensor
		if c.NeedsInputGrad(0) {
			ga = g[0].Mul(x.Exp())
		}
		if c.NeedsInputGrad(1) {
			gx = g[0].Mul(y)
		}
		return tensors{ga, gx}
	},
}

func TestAFunctionsGradientsAreRightToTheSecondOrder(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		f := func(in tensors) *torch.Tensor { return scaledExp.Apply(in...)[0] }
		a, x := leaf(0.5, -1.5), leaf(0.3, 0.8)
		require.NoError(t, torchtest.GradCheck(f, a, x))
		require.NoError(t, torchtest.GradGradCheck(f, a, x))
		require.NoError(t, torchtest.GradGradCheck(f, a.Detach(), x), "with one input that needs no gradient")
		require.Equal(t, "tensor([0.6749], dtype=torch.float64, grad_fn=<ScaledExpBackward>)",
			scaledExp.Apply(leaf(0.5), leaf(0.3))[0].String())
	})
}

func TestAFunctionRecordsNothingWhereNothingNeedsGradients(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		before := torch.CurrentStats().Functions
		y := scaledExp.Apply(one(), one())[0]
		require.False(t, y.RequiresGrad())
		torch.NoGrad(func() { require.False(t, scaledExp.Apply(leaf(1), leaf(1))[0].RequiresGrad()) })
		require.Equal(t, before, torch.CurrentStats().Functions)
	})
}

func TestOutputsOfAFunctionMayBeUnusedCutOffOrIntegers(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		f := torch.Function{
			Forward: func(c *torch.Context, in tensors) tensors {
				sign := in[0].Sign()
				c.MarkNonDifferentiable(sign)
				return tensors{in[0].MulScalar(2), sign, in[0].ToDType(torch.Int64), in[0].MulScalar(3)}
			},
			Backward: func(c *torch.Context, g tensors) tensors {
				require.Len(t, g, 4)
				for _, x := range g {
					require.Equal(t, []int{2}, x.Shape(), "what nothing depends on is zeros, not nil")
				}
				require.Equal(t, 0.0, g[3].Sum().Item())
				return tensors{g[0].MulScalar(2)}
			},
		}
		x := leaf(1.5, -2.5)
		out := f.Apply(x)
		require.True(t, out[0].RequiresGrad())
		require.False(t, out[1].RequiresGrad())
		require.Equal(t, []int64{1, -2}, torch.Values[int64](out[2]))
		out[0].Sum().Backward()
		require.Equal(t, []float64{2, 2}, grads(t, x))
	})
}

func TestAFunctionMayReturnItsInputOrAView(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		reverse := torch.Function{ // a gradient reversal layer
			Forward:  func(c *torch.Context, in tensors) tensors { return in },
			Backward: func(c *torch.Context, g tensors) tensors { return tensors{g[0].Neg()} },
		}
		x := leaf(1, 2)
		y := reverse.Apply(x)[0]
		require.True(t, x.IsLeaf())
		require.False(t, y.IsLeaf())
		y.Square().Sum().Backward()
		require.Equal(t, []float64{-2, -4}, grads(t, x))
	})
}

func TestMisuseOfAFunctionIsExplained(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	with := func(back func(c *torch.Context, g tensors) tensors) torch.Function {
		return torch.Function{Name: "Twice", Backward: back, Forward: func(c *torch.Context, in tensors) tensors {
			y := in[0].MulScalar(2)
			c.SaveForBackward(in[0], y)
			return tensors{y}
		}}
	}
	torch.Scope(func() {
		x := leaf(1, 2)
		h := x.MulScalar(1)
		for _, c := range []struct {
			want string
			f    func()
		}{
			{"torch.Twice: Backward returned 2 gradients for 1 inputs", func() {
				with(func(c *torch.Context, g tensors) tensors { return tensors{g[0], nil} }).Apply(x)[0].Sum().Backward()
			}},
			{"Function TwiceBackward returned an invalid gradient at index 0 - got [3] but expected shape compatible with [2]", func() {
				with(func(c *torch.Context, g tensors) tensors { return tensors{torch.Ones([]int{3})} }).Apply(x)[0].Sum().Backward()
			}},
			{"has been modified by an inplace operation", func() {
				y := with(func(c *torch.Context, g tensors) tensors { return g }).Apply(h)[0]
				torch.NoGrad(func() { h.AddScalarInPlace(1) })
				y.Sum().Backward()
			}},
			{"backward through the graph a second time", func() {
				y := with(func(c *torch.Context, g tensors) tensors { return g }).Apply(x)[0].Sum()
				y.Backward()
				y.Backward()
			}},
			{"torch.GoFunction: tensor 0 of the list is nil", func() {
				torch.Function{Forward: func(*torch.Context, tensors) tensors { return tensors{nil} }}.Apply(x)
			}},
		} {
			require.ErrorContains(t, torch.Try(c.f), c.want)
		}
		require.PanicsWithValue(t, "in Forward", func() {
			torch.Function{Forward: func(*torch.Context, tensors) tensors { panic("in Forward") }}.Apply(x)
		})
		require.PanicsWithValue(t, "in Backward", func() {
			with(func(*torch.Context, tensors) tensors { panic("in Backward") }).Apply(x)[0].Sum().Backward()
		})
		require.True(t, torch.GradEnabled())
	})
}
