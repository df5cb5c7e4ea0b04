package torch

import (
	"runtime"

	"github.com/forgergan/forger/torch/internal/capi"
)

// Scope runs f and then frees every tensor that was made in it on this goroutine and not saved by
// Keep or Own, also when f panics or ends the goroutine. Scopes nest. The goroutine is locked to
// its thread meanwhile, so other goroutines' tensors do not enter the scope.
//
// What backward needs is held by the autograd graph, not by the scope: call Backward inside the
// scope that made the loss.
func Scope(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	mark := scopeBegin()
	defer scopeEnd(mark)
	f()
}

// Tidy is Scope for a function that makes one tensor: all but the result is freed. The result may be nil, or a tensor
// that the function did not make.
func Tidy(f func() *Tensor) *Tensor {
	return TidyAll(func() []*Tensor { return []*Tensor{f()} })[0]
}

// TidyAll is Tidy for a function that makes several tensors.
func TidyAll(f func() []*Tensor) (results []*Tensor) {
	Scope(func() {
		results = f()
		for _, t := range results {
			if t != nil {
				t.Keep()
			}
		}
	})
	return results
}

func scopeBegin() int {
	r := newFrame("Scope", capi.ScopeBegin).run()
	return int(r.Inline[0])
}

func scopeEnd(mark int) {
	f := newFrame("Scope", capi.ScopeEnd)
	f.int(mark)
	f.run()
	if profiling.Load() {
		forgetFreed()
	}
}

// Stats counts tensors.
type Stats struct {
	Live    int // tensors alive in the process
	Created int // made since the start
	Freed   int // freed since the start
	Depth   int // open scopes on this thread
	Scope   int // made so far in the innermost one

	Functions int // Go functions that hooks and graphs hold: hooks, derivatives, checkpointed functions
}

// CurrentStats counts the tensors of the process and of the scope around the call.
func CurrentStats() Stats {
	r := newFrame("CurrentStats", capi.ScopeStats).run()
	v := r.Inline
	return Stats{int(v[0]), int(v[1]), int(v[2]), int(v[3]), int(v[4]), capi.Held()}
}

// Live is the number of tensors alive in the process, those that the garbage collector has yet to
// find included.
func Live() int { return CurrentStats().Live }

// reclaim frees what the garbage collector can find, and the device's cached memory.
func reclaim() {
	runtime.GC()
	runtime.GC() // cleanups of the first collection run in their own goroutine
	newFrame("EmptyCache", capi.EmptyCache).run()
}
