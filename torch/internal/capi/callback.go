package capi

// #include "loader.h"
import "C"

import (
	"iter"
	"runtime"
	"sync"
	"unsafe"
)

// A Callback is a Go function that C++ may call with tensors, 0 for none, in a scope of its own. It hands its results
// over by the call Return.
type Callback func(tensors []uint64)

// held are the Go values that C++ knows by number: callbacks, and the values of panics on their way through C++.
var held = struct {
	sync.Mutex
	last   int64
	values map[int64]any
}{values: map[int64]any{}}

// Hold gives f the number by which C++ calls it. C++ gives the number back when nothing there needs f any more.
func Hold(f Callback) int64 { return hold(f) }

// Held counts the functions that C++ may still call.
func Held() int {
	drain()
	held.Lock()
	defer held.Unlock()
	return len(held.values)
}

// Forget drops a function before C++ does; a call of it does nothing from then on.
func Forget(number int64) { take(number) }

func hold(v any) int64 {
	held.Lock()
	defer held.Unlock()
	held.last++
	held.values[held.last] = v
	return held.last
}

func take(number int64) any {
	held.Lock()
	defer held.Unlock()
	v := held.values[number]
	delete(held.values, number)
	return v
}

// drain drops what C++ has given back. It may do so only here, not when C++ drops its end: that happens inside calls
// that must not call Go back.
func drain() {
	r := results.Get().(*Result)
	defer results.Put(r)
	Call(released, nil, nil, nil, nil, r)
	held.Lock()
	defer held.Unlock()
	for _, number := range r.Values() {
		delete(held.values, number)
	}
	r.More = nil
}

var results = sync.Pool{New: func() any { return new(Result) }}

// ended is the value of a function that ended its goroutine instead of returning or panicking.
type ended struct{}

// forgerCallback is what C++ calls. No panic and no runtime.Goexit may run through C++ frames, which would not be
// unwound: their value is kept, C++ throws an exception in their place, and repanic lets them go on.
//
//export forgerCallback
func forgerCallback(function C.int64_t, handles *C.uint64_t, n C.int32_t) C.int64_t {
	held.Lock()
	f, ok := held.values[int64(function)].(Callback)
	held.Unlock()
	if !ok {
		return 0
	}
	if why := attempt(func() { f(unsafe.Slice((*uint64)(unsafe.Pointer(handles)), n)) }); why != nil {
		return C.int64_t(hold(why))
	}
	return 0
}

// attempt runs f and returns what it panicked with, nil if it returned. A Goexit cannot be stopped, so f runs as a
// coroutine on this thread: one that ends is left suspended for good.
func attempt(f func()) (why any) {
	next, _ := iter.Pull(func(yield func(any) bool) {
		returned := false
		defer func() {
			if returned {
				return
			}
			if why = recover(); why == nil {
				yield(ended{})
			}
		}()
		f()
		returned = true
	})
	if v, exits := next(); exits {
		return v
	}
	return why
}

func repanic(number int64) {
	v := take(number)
	if _, ok := v.(ended); ok {
		runtime.Goexit()
	}
	panic(v)
}
