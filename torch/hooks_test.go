package torch_test

import (
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestHooksSeeAndReplaceTheGradientInOrder(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	for name, leafs := range map[string]bool{"of a leaf": true, "of an intermediate": false} {
		t.Run(name, func(t *testing.T) {
			torch.Scope(func() {
				x := leaf(1, 2)
				h := x
				if !leafs {
					h = x.MulScalar(1)
				}
				var first, second []float64
				h.RegisterHook(func(g *torch.Tensor) *torch.Tensor {
					first = torch.Values[float64](g)
					return g.MulScalar(10)
				})
				h.RegisterHook(func(g *torch.Tensor) *torch.Tensor {
					second = torch.Values[float64](g)
					return nil
				})
				h.Square().Sum().Backward()
				require.Equal(t, []float64{2, 4}, first)
				require.Equal(t, []float64{20, 40}, second)
				require.Equal(t, []float64{20, 40}, grads(t, x))
				if !leafs {
					require.Nil(t, h.Grad())
				}
			})
		})
	}
}

func TestARemovedHookIsNotCalled(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x := leaf(1)
		var calls []string
		note := func(name string) func(*torch.Tensor) *torch.Tensor {
			return func(*torch.Tensor) *torch.Tensor { calls = append(calls, name); return nil }
		}
		a, b := x.RegisterHook(note("a")), x.RegisterHook(note("b"))
		var self *torch.Hook
		self = x.RegisterPostAccumulateGradHook(func(*torch.Tensor) { calls = append(calls, "once"); self.Remove() })
		b.Remove()
		x.RegisterHook(note("c"))
		b.Remove() // must not hit c, which took b's place
		x.Sum().Backward()
		a.Remove()
		x.Sum().Backward()
		require.Equal(t, []string{"a", "c", "once", "c"}, calls)
	})
}

func TestAHookOfATensorThatWasChangedInPlaceSeesTheGradientBefore(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x := leaf(3)
		h := x.MulScalar(1)
		var before, after float64
		first := h.RegisterHook(func(g *torch.Tensor) *torch.Tensor { before = g.Item(); return nil })
		h.MulInPlace(x)
		second := h.RegisterHook(func(g *torch.Tensor) *torch.Tensor { after = g.Item(); return nil })
		y := h.Sum()
		y.Backward(torch.BackwardOptions{RetainGraph: true})
		require.Equal(t, []float64{3, 1}, []float64{before, after})
		before, after = 0, 0
		first.Remove() // h's list of hooks is another one by now
		y.Backward(torch.BackwardOptions{RetainGraph: true})
		require.Equal(t, []float64{0, 1}, []float64{before, after})
		after = 0
		second.Remove()
		y.Backward()
		require.Zero(t, after)
	})
}

func TestAHookRemovedAfterItsTensorsEndIsSilent(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x := leaf(1)
		called := false
		var hook *torch.Hook
		y := torch.Tidy(func() *torch.Tensor {
			h := x.MulScalar(1)
			hook = h.RegisterHook(func(*torch.Tensor) *torch.Tensor { called = true; return nil })
			return h.Sum()
		})
		hook.Remove()
		y.Backward()
		require.False(t, called)
	})
}

func TestPostAccumulateHooksRunWhenTheGradientIsThere(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		w := leaf(1, 2)
		w.RegisterPostAccumulateGradHook(func(w *torch.Tensor) { // plain gradient descent
			torch.NoGrad(func() { w.SubInPlace(w.Grad().MulScalar(0.5)) })
			w.SetGrad(nil)
		})
		w.Square().Sum().Backward()
		require.Equal(t, []float64{0, 0}, torch.Values[float64](w.Detach()))
		require.Nil(t, w.Grad())
	})
}

func TestRetainGradKeepsTheGradientOfAnIntermediate(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := leaf(1, 2)
		h := x.MulScalar(3)
		h.RetainGrad()
		h.Square().Sum().Backward()
		require.Equal(t, []float64{6, 12}, grads(t, h))
	})
}

func TestMisuseOfHooksIsExplained(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	nothing := func(*torch.Tensor) *torch.Tensor { return nil }
	torch.Scope(func() {
		x := leaf(1, 2)
		gone := torch.FromSlice([]float64{1, 1})
		gone.Free()
		for _, c := range []struct {
			want string
			f    func()
		}{
			{"torch.RegisterHook: the tensor does not require gradients", func() { one().RegisterHook(nothing) }},
			{"argument 1 is a nil tensor", func() { (*torch.Tensor)(nil).RegisterHook(nothing) }},
			{"torch.RegisterPostAccumulateGradHook: gradients are accumulated in leaves only", func() {
				x.MulScalar(1).RegisterPostAccumulateGradHook(func(*torch.Tensor) {})
			}},
			{"can't retain_grad on Tensor that has requires_grad=False", func() { one().RetainGrad() }},
			{"has changed the size of value", func() {
				h := x.MulScalar(1)
				h.RegisterHook(func(g *torch.Tensor) *torch.Tensor { return g.Sum() })
				h.Sum().Backward()
			}},
			{"has changed the type of value", func() {
				h := x.MulScalar(1)
				h.RegisterHook(func(g *torch.Tensor) *torch.Tensor { return g.ToDType(torch.Float32) })
				h.Sum().Backward()
			}},
			{"already freed", func() {
				h := x.MulScalar(1)
				h.RegisterHook(func(*torch.Tensor) *torch.Tensor { return gone })
				h.Sum().Backward()
			}},
		} {
			err := torch.Try(c.f)
			require.ErrorContains(t, err, c.want)
			require.IsType(t, &torch.Error{}, err)
		}
	})
}

func TestAPanicInAHookComesOutOfBackwardUnchanged(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	cause := errors.New("the cause")
	torch.Scope(func() {
		x := leaf(1, 2)
		before := torch.CurrentStats()
		for range 50 {
			require.PanicsWithValue(t, cause, func() {
				torch.Scope(func() {
					h := x.Exp()
					h.RegisterHook(func(g *torch.Tensor) *torch.Tensor {
						torch.Scope(func() { // scopes in the middle, and a backward pass inside the hook
							torch.EnableGrad(func() {
								y := x.Square()
								y.RegisterHook(func(g *torch.Tensor) *torch.Tensor {
									g.Add(g)
									panic(cause)
								})
								y.Sum().Backward()
							})
						})
						return nil
					})
					h.Sum().Backward()
				})
			})
		}
		after := torch.CurrentStats()
		require.Equal(t, before.Live, after.Live)
		require.Equal(t, before.Depth, after.Depth)
		require.Equal(t, before.Functions, after.Functions)
		require.True(t, torch.GradEnabled())
		x.Square().Sum().Backward()
		require.Equal(t, []float64{2, 4}, grads(t, x), "the engine works on")
	})
}

// t.FailNow in a hook is a Goexit: it must end the goroutine, deferred calls included, but not cut through C++.
func TestAHookMayEndItsGoroutine(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	var order []string
	var wait sync.WaitGroup
	wait.Add(1)
	go func() {
		defer wait.Done()
		torch.Scope(func() {
			defer func() { order = append(order, "outer") }()
			x := leaf(1)
			h := x.MulScalar(2)
			h.RegisterHook(func(g *torch.Tensor) *torch.Tensor {
				defer func() { order = append(order, "hook") }()
				g.Add(g)
				runtime.Goexit()
				return nil
			})
			h.Sum().Backward()
			order = append(order, "not reached")
		})
	}()
	wait.Wait()
	require.Equal(t, []string{"hook", "outer"}, order)
	torch.Scope(func() {
		x := leaf(3)
		x.Square().Sum().Backward()
		require.Equal(t, []float64{6}, grads(t, x), "the engine works on")
	})
}

func TestAHookRecordsOnlyInARecordedPass(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := leaf(3)
		h := x.MulScalar(1)
		var recorded []bool
		h.RegisterHook(func(g *torch.Tensor) *torch.Tensor {
			recorded = append(recorded, torch.GradEnabled())
			return g.Mul(x)
		})
		y := h.Square().Sum() // y' = 2h, the hook makes it 2h·x
		torch.Grad([]*torch.Tensor{y}, []*torch.Tensor{x}, torch.GradOptions{RetainGraph: true})
		g := torch.Grad([]*torch.Tensor{y}, []*torch.Tensor{x}, torch.GradOptions{CreateGraph: true})[0]
		require.Equal(t, 18.0, g.Item())
		// The way through x gives 2h = 6; that through h gives 2x = 6, which the hook makes 18.
		require.Equal(t, 24.0, torch.Grad([]*torch.Tensor{g}, []*torch.Tensor{x})[0].Item())
		require.Equal(t, []bool{false, true, false}, recorded)
	})
}

func TestHooksOfSeveralGoroutinesDoNotMeet(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	var wait sync.WaitGroup
	for i := range 4 {
		wait.Go(func() {
			for range 50 {
				torch.Scope(func() {
					x := leaf(float64(i))
					h := x.MulScalar(1)
					h.RegisterHook(func(g *torch.Tensor) *torch.Tensor { return g.AddScalar(i) })
					h.Square().Sum().Backward()
					if got := x.Grad().Item(); got != float64(3*i) {
						t.Errorf("goroutine %d: %g", i, got)
					}
				})
			}
		})
	}
	wait.Wait()
}

// The functions of hooks and derivatives are given up when their graphs die, which happens inside calls that must not
// call Go.
func TestFunctionsAreGivenUpOver100000Steps(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		w := leaf(2)
		square := torch.Function{
			Forward: func(c *torch.Context, in []*torch.Tensor) []*torch.Tensor {
				c.SaveForBackward(in...)
				return []*torch.Tensor{in[0].Square()}
			},
			Backward: func(c *torch.Context, g []*torch.Tensor) []*torch.Tensor {
				return []*torch.Tensor{g[0].Mul(c.Saved()[0]).MulScalar(2)}
			},
		}
		before, most := torch.CurrentStats(), 0
		for i := range 100_000 {
			torch.Scope(func() {
				hook := w.RegisterHook(func(g *torch.Tensor) *torch.Tensor { return g.MulScalar(i) })
				y := square.Apply(w)[0]
				y.Backward()
				hook.Remove()
			})
			if i%1000 == 0 {
				require.Equal(t, 4*float64(i), w.Grad().Item())
			}
			w.SetGrad(nil)
			most = max(most, torch.CurrentStats().Functions)
		}
		after := torch.CurrentStats()
		require.Equal(t, before.Functions, after.Functions)
		require.LessOrEqual(t, most, before.Functions+2)
	})
}
