package torch

import (
	"runtime/pprof"
	"sync"
	"sync/atomic"
)

// The profile "torch.tensor" holds the stack where each live tensor was made, while SetTensorProfile is on.
var (
	profile   = pprof.NewProfile("torch.tensor")
	profiling atomic.Bool
	profiled  = struct {
		sync.Mutex
		handles map[uint64]bool
	}{handles: map[uint64]bool{}}
)

// SetTensorProfile switches the profile "torch.tensor" of runtime/pprof on or off. While on, it has a stack for each
// tensor that was made since and is alive: what leaks, or what fills the memory.
//
//	torch.SetTensorProfile(true)
//	…
//	pprof.Lookup("torch.tensor").WriteTo(os.Stdout, 1)
//
// net/http/pprof serves it, and go tool pprof draws it. It is for looking for a fault: making a tensor then takes some
// microseconds more, and the end of a scope looks at every tensor alive. Switched off, it costs a comparison.
func SetTensorProfile(on bool) {
	profiled.Lock()
	defer profiled.Unlock()
	profiling.Store(on)
	if !on {
		for h := range profiled.handles {
			drop(h)
		}
	}
}

func recordTensor(handle uint64) {
	const operator = 3 // the stack begins with the operator, not with this function and its two callers
	profiled.Lock()
	defer profiled.Unlock()
	profiled.handles[handle] = true
	profile.Add(handle, operator)
}

func forgetTensor(handle uint64) {
	profiled.Lock()
	defer profiled.Unlock()
	drop(handle)
}

// forgetFreed drops the tensors that the end of a scope freed: which ones, the shim alone knows.
func forgetFreed() {
	profiled.Lock()
	defer profiled.Unlock()
	for h := range profiled.handles {
		if _, err := (&Tensor{handle: h}).info(); err != nil {
			drop(h)
		}
	}
}

func drop(handle uint64) {
	delete(profiled.handles, handle)
	profile.Remove(handle)
}
