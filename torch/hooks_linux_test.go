package torch_test

import (
	"runtime"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// nest runs last in a hook of a backward pass in a hook … depth passes deep.
func nest(depth int, last func()) {
	torch.Scope(func() {
		x := leaf(1)
		h := x.MulScalar(2)
		h.RegisterHook(func(g *torch.Tensor) *torch.Tensor {
			if depth == 0 {
				last()
			} else {
				torch.EnableGrad(func() { nest(depth-1, last) })
			}
			return g.MulScalar(3)
		})
		h.Sum().Backward()
		if x.Grad().Item() != 6 {
			panic("a wrong gradient")
		}
	})
}

// Beyond 60 passes inside one another LibTorch goes on in a thread of its own, as it does on a GPU from the first on.
func TestHooksRunOnThreadsThatGoDidNotStart(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	const depth = 70
	var wait sync.WaitGroup
	outcomes := map[string]func(){"return": func() {}, "panic": func() { panic("deep down") }, "exit": runtime.Goexit}
	got := map[string]any{}
	for name, end := range outcomes {
		wait.Add(1)
		go func() {
			runtime.LockOSThread()
			var outer, inner int
			got[name] = "exit"
			defer func() {
				if v := recover(); v != nil {
					got[name] = v
				}
				if outer == inner || inner == 0 {
					got[name] = "the innermost hook ran on the goroutine's own thread"
				}
				wait.Done()
			}()
			outer = syscall.Gettid()
			nest(depth, func() {
				inner = syscall.Gettid()
				torch.Scope(func() { torch.Ones([]int{2}).Add(one()); end() })
			})
			got[name] = "return"
		}()
		wait.Wait()
	}
	require.Equal(t, map[string]any{"return": "return", "panic": "deep down", "exit": "exit"}, got)
}
