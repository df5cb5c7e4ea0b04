// Package capi is the boundary to the C++ shim over LibTorch.
//
// It links nothing: Load opens LibTorch and the shim with dlopen, so that a program that
// imports Forger compiles, starts and explains itself where neither is installed. After Load
// everything goes through one function, Call, which carries an operator number, a flat list of
// arguments and comes back with values or an error, in one cgo call. The other way, C++ calls Go functions that were
// given a number by Hold: hooks, derivatives written in Go, functions that are run again.
package capi

// #cgo LDFLAGS: -ldl
// #cgo noescape forger_dispatch
// #cgo nocallback forger_dispatch
// #include <stdlib.h>
// #include "loader.h"
import "C"

import (
	"math"
	"unsafe"
)

// Arg is one argument of a call; its layout is C's forger_arg.
type Arg struct {
	Kind Kind
	N    int32
	I    int64
	D    float64
}

// Kind says what an Arg holds; see forger.h.
type Kind int32

// The kinds of argument.
const (
	None      Kind = C.FORGER_NONE
	Tensor    Kind = C.FORGER_TENSOR
	Tensors   Kind = C.FORGER_TENSORS
	Int       Kind = C.FORGER_INT
	Ints      Kind = C.FORGER_INTS
	Float     Kind = C.FORGER_FLOAT
	Floats    Kind = C.FORGER_FLOATS
	Bool      Kind = C.FORGER_BOOL
	String    Kind = C.FORGER_STRING
	Device    Kind = C.FORGER_DEVICE
	Generator Kind = C.FORGER_GENERATOR
)

// Code classifies a failed call.
type Code int32

// The codes of failed calls.
const (
	OK             Code = C.FORGER_OK
	Failed         Code = C.FORGER_ERROR
	Stale          Code = C.FORGER_STALE
	Index          Code = C.FORGER_INDEX
	Value          Code = C.FORGER_VALUE
	Type           Code = C.FORGER_TYPE
	NotImplemented Code = C.FORGER_NOT_IMPLEMENTED
	LinAlg         Code = C.FORGER_LINALG
	OutOfMemory    Code = C.FORGER_OUT_OF_MEMORY
	DeviceError    Code = C.FORGER_DEVICE_ERROR
	goPanic        Code = C.FORGER_GO_PANIC
)

// Op is the number of a native call or an operator.
type Op int32

// The native calls; their arguments are listed in forger.h.
const (
	ScopeBegin        Op = C.FORGER_SCOPE_BEGIN
	ScopeEnd          Op = C.FORGER_SCOPE_END
	ScopeStats        Op = C.FORGER_SCOPE_STATS
	Free              Op = C.FORGER_FREE
	Keep              Op = C.FORGER_KEEP
	Own               Op = C.FORGER_OWN
	Info              Op = C.FORGER_INFO
	FromBytes         Op = C.FORGER_FROM_BYTES
	ToBytes           Op = C.FORGER_TO_BYTES
	Item              Op = C.FORGER_ITEM
	SetData           Op = C.FORGER_SET_DATA
	RequiresGrad      Op = C.FORGER_REQUIRES_GRAD
	GradGet           Op = C.FORGER_GRAD_GET
	GradSet           Op = C.FORGER_GRAD_SET
	GradFn            Op = C.FORGER_GRAD_FN
	GradClear         Op = C.FORGER_GRAD_CLEAR
	GradOf            Op = C.FORGER_GRAD_OF
	GradMode          Op = C.FORGER_GRAD_MODE
	Backward          Op = C.FORGER_BACKWARD
	Grad              Op = C.FORGER_GRAD
	released          Op = C.FORGER_RELEASED
	Return            Op = C.FORGER_RETURN
	Hook              Op = C.FORGER_HOOK
	Unhook            Op = C.FORGER_UNHOOK
	RetainGrad        Op = C.FORGER_RETAIN_GRAD
	Function          Op = C.FORGER_FUNCTION
	CheckpointBegin   Op = C.FORGER_CHECKPOINT_BEGIN
	CheckpointEnd     Op = C.FORGER_CHECKPOINT_END
	Anomaly           Op = C.FORGER_ANOMALY
	Caller            Op = C.FORGER_CALLER
	Inference         Op = C.FORGER_INFERENCE
	Seed              Op = C.FORGER_SEED
	GeneratorNew      Op = C.FORGER_GENERATOR_NEW
	GeneratorFree     Op = C.FORGER_GENERATOR_FREE
	GeneratorSeed     Op = C.FORGER_GENERATOR_SEED
	GeneratorSeedGet  Op = C.FORGER_GENERATOR_SEED_GET
	GeneratorState    Op = C.FORGER_GENERATOR_STATE
	GeneratorStateSet Op = C.FORGER_GENERATOR_STATE_SET
	Threads           Op = C.FORGER_THREADS
	System            Op = C.FORGER_SYSTEM
	DeviceCount       Op = C.FORGER_DEVICE_COUNT
	Synchronize       Op = C.FORGER_SYNCHRONIZE
	Memory            Op = C.FORGER_MEMORY
	ResetPeak         Op = C.FORGER_RESET_PEAK
	EmptyCache        Op = C.FORGER_EMPTY_CACHE
	Flag              Op = C.FORGER_FLAG
	Autocast          Op = C.FORGER_AUTOCAST
	CallBoxed         Op = C.FORGER_CALL_BOXED
	Alike             Op = C.FORGER_ALIKE
	SkipInit          Op = C.FORGER_SKIP_INIT
	FirstOperator     Op = C.FORGER_NATIVES
)

// The switches of Flag.
const (
	CuDNNBenchmark     = C.FORGER_CUDNN_BENCHMARK
	CuDNNDeterministic = C.FORGER_CUDNN_DETERMINISTIC
	CuDNNTF32          = C.FORGER_CUDNN_TF32
	CuBLASTF32         = C.FORGER_CUBLAS_TF32
	Deterministic      = C.FORGER_DETERMINISTIC
	FullMessages       = C.FORGER_FULL_MESSAGES
)

// Result is what a call gives back. It begins as C's forger_result does, so that C writes it in place.
type Result struct {
	Code     Code
	N        int32 // number of values
	scoped   int32
	released int32
	Inline   [C.FORGER_INLINE]int64 // the values where there are few
	more     uintptr
	text     uintptr

	More []int64 // all values where they do not fit Inline
	Text string  // the message of a failed call
}

// Scoped reports whether new handles belong to a scope of the calling thread.
func (r *Result) Scoped() bool { return r.scoped != 0 }

// Values are the handles, integers or bits of doubles that came back.
func (r *Result) Values() []int64 {
	if r.More != nil {
		return r.More
	}
	return r.Inline[:r.N]
}

// Real is value i, a double.
func (r *Result) Real(i int) float64 { return math.Float64frombits(uint64(r.Values()[i])) }

// Call makes one call. The slices belong to the caller and may be empty; text is both the bytes
// of string arguments and the memory that FromBytes reads and ToBytes and System write.
//
// Addresses cross as numbers, which spares cgo's check of each pointer, a tenth of a small operator. So all that they
// point to, r included, must lie on the heap, as what a pool gives does: a stack can move on the way into C, and while C
// calls Go back. The caller keeps it alive.
//
// Only Backward and Grad may call Go functions. The panic of one goes on from here with its value.
func Call(op Op, args []Arg, ints []int64, handles []uint64, text []byte, r *Result) {
	if op == Backward || op == Grad {
		C.forger_dispatch_engine(C.int32_t(op), C.int32_t(len(args)), address(args), address(ints), address(handles),
			address(text), C.size_t(len(text)), C.uintptr_t(uintptr(unsafe.Pointer(r))))
	} else {
		C.forger_dispatch(C.int32_t(op), C.int32_t(len(args)), address(args), address(ints), address(handles),
			address(text), C.size_t(len(text)), C.uintptr_t(uintptr(unsafe.Pointer(r))))
	}
	if r.more != 0 || r.text != 0 {
		r.fetch()
	}
	if r.released != 0 {
		drain()
	}
	if r.Code == goPanic {
		repanic(r.Inline[0])
	}
}

func address[T any](s []T) C.uintptr_t {
	return C.uintptr_t(uintptr(unsafe.Pointer(unsafe.SliceData(s))))
}

// fetch copies what C allocated.
func (r *Result) fetch() {
	var c C.forger_result
	C.forger_take(C.uintptr_t(uintptr(unsafe.Pointer(r))), &c)
	if c.more != nil {
		r.More = append([]int64(nil), unsafe.Slice((*int64)(unsafe.Pointer(c.more)), r.N)...)
		C.free(unsafe.Pointer(c.more))
	}
	if c.message != nil {
		r.Text = C.GoString(c.message)
		C.free(unsafe.Pointer(c.message))
	}
}
