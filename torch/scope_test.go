package torch_test

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

func one() *torch.Tensor { return torch.Ones([]int{2}) }

func isStale(t *testing.T, x *torch.Tensor) {
	t.Helper()
	var e *torch.Error
	require.ErrorAs(t, torch.Try(func() { x.Add(x) }), &e)
	require.Equal(t, torch.StaleTensor, e.Code)
}

func isAlive(t *testing.T, x *torch.Tensor) {
	t.Helper()
	require.NoError(t, torch.Try(func() { x.Shape() }))
}

func TestAScopeFreesWhatWasMadeInIt(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	before := torch.Live()
	var x, y *torch.Tensor
	torch.Scope(func() {
		x = one()
		y = x.Add(x)
		require.Equal(t, before+2, torch.Live())
		require.Equal(t, 1, torch.CurrentStats().Depth)
		require.Equal(t, 2, torch.CurrentStats().Scope)
	})
	require.Equal(t, before, torch.Live())
	require.Zero(t, torch.CurrentStats().Depth)
	isStale(t, x)
	isStale(t, y)
}

func TestScopesNest(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		outer := one()
		var inner *torch.Tensor
		torch.Scope(func() {
			inner = outer.Add(outer)
			require.Equal(t, 2, torch.CurrentStats().Depth)
		})
		isStale(t, inner)
		isAlive(t, outer)
	})
}

func TestAScopeEndsWhenItsFunctionPanics(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	before, cause := torch.Live(), errors.New("cause")
	torch.Scope(func() {
		outer := one()
		require.PanicsWithValue(t, cause, func() {
			torch.Scope(func() {
				one()
				torch.Scope(func() { one(); panic(cause) })
			})
		})
		require.Equal(t, 1, torch.CurrentStats().Depth)
		require.Equal(t, before+1, torch.Live())
		isAlive(t, outer)
	})
	require.Equal(t, before, torch.Live())
}

func TestAScopeEndsWhenItsGoroutineEnds(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	before, done := torch.Live(), make(chan struct{})
	go func() {
		defer close(done)
		torch.Scope(func() {
			one()
			torch.Scope(func() { one(); runtime.Goexit() })
		})
	}()
	<-done
	require.Equal(t, before, torch.Live())
}

func TestKeepMovesATensorOneScopeOut(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		var kept *torch.Tensor
		torch.Scope(func() {
			torch.Scope(func() {
				kept = one().Keep()
				require.Same(t, kept, kept.Keep(), "a second Keep in the same scope changes nothing")
			})
			isAlive(t, kept)
		})
		isStale(t, kept)
	})
}

func TestAKeptTensorOfTheOutermostScopeIsCollected(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t) // collects, and fails if it is still alive
	var kept *torch.Tensor
	torch.Scope(func() { kept = one().Keep() })
	isAlive(t, kept)
}

func TestAnOwnedTensorOutlivesEveryScope(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	var owned *torch.Tensor
	torch.Scope(func() {
		torch.Scope(func() {
			owned = one()
			require.Same(t, owned, owned.Own())
			owned.Own()
		})
	})
	require.Equal(t, []float32{1, 1}, torch.Values[float32](owned))
	owned.Free()
	isStale(t, owned)
	owned.Free() // freeing twice is allowed
}

func TestTidyFreesAllButItsResult(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		before := torch.Live()
		y := torch.Tidy(func() *torch.Tensor { return one().Add(one()).Mul(one()) })
		require.Equal(t, before+1, torch.Live())
		require.Equal(t, []float32{2, 2}, torch.Values[float32](y))

		all := torch.TidyAll(func() []*torch.Tensor { x := one(); return []*torch.Tensor{x, nil, x.Neg(), x} })
		require.Equal(t, before+3, torch.Live())
		require.Nil(t, all[1])
		require.Same(t, all[0], all[3])
		require.Nil(t, torch.Tidy(func() *torch.Tensor { one(); return nil }))
	})
}

func TestTidyLeavesAResultOfAnOuterScopeWhereItIs(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	var x *torch.Tensor
	torch.Scope(func() {
		x = one()
		torch.Scope(func() {
			require.Same(t, x, torch.Tidy(func() *torch.Tensor { return x }))
		})
		isAlive(t, x)
	})
	isStale(t, x)
	owned := one()
	torch.Tidy(func() *torch.Tensor { return owned })
	isAlive(t, owned)
}

func TestTensorsOutsideScopesAreCollected(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	for range 100 {
		one().Add(one())
	}
}

func TestASmallNeighbourInMemoryDoesNotKeepATensor(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	before := torch.Live()
	var neighbours []*int64
	for i := range 200 {
		one()
		neighbours = append(neighbours, new(int64(i)))
	}
	require.Eventually(t, func() bool { runtime.GC(); return torch.Live() <= before }, time.Minute, time.Millisecond)
	runtime.KeepAlive(neighbours)
}

func TestScopesOfOtherGoroutinesAreSeparate(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		made := make(chan *torch.Tensor)
		ended := make(chan struct{})
		end := make(chan struct{})
		go func() {
			defer close(ended)
			torch.Scope(func() { made <- one(); <-end })
		}()
		other := <-made
		mine := other.Add(other) // a tensor of another goroutine's scope can be used while that lasts
		close(end)
		<-ended
		isStale(t, other)
		isAlive(t, mine)
	})
}

func TestTryRestoresScopesAndTheGradientMode(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	before := torch.Live()
	err := torch.Try(func() {
		torch.Scope(func() {
			torch.NoGrad(func() {
				x := one()
				x.Add(torch.Ones([]int{3}))
			})
		})
	})
	require.Error(t, err)
	require.Equal(t, before, torch.Live())
	require.True(t, torch.GradEnabled())
	require.Zero(t, torch.CurrentStats().Depth)
}

func TestTryLetsOtherPanicsThrough(t *testing.T) {
	require.PanicsWithValue(t, "other", func() { _ = torch.Try(func() { panic("other") }) })
	require.NoError(t, torch.Try(func() {}))
}
