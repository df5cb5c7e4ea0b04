// Package capi is the boundary to the C++ shim over LibTorch.
//
// It links nothing: Load opens LibTorch and the shim with dlopen, so that a program that
// imports Forger compiles, starts and explains itself where neither is installed. After Load
// everything goes through one function, Call, which carries an operator number, a flat list of
// arguments and comes back with values or an error, in one cgo call.
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

// Result is what a call gives back.
type Result struct {
	Scoped bool // new handles belong to a scope of the calling thread
	Code   Code
	N      int                    // number of values
	Inline [C.FORGER_INLINE]int64 // the values where there are few
	More   []int64                // all of them otherwise
	Text   string                 // the message of a failed call
}

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
func Call(op Op, args []Arg, ints []int64, handles []uint64, text []byte, r *Result) {
	var c C.forger_result
	C.forger_dispatch(C.int32_t(op), C.int32_t(len(args)),
		(*C.forger_arg)(unsafe.Pointer(unsafe.SliceData(args))),
		(*C.int64_t)(unsafe.Pointer(unsafe.SliceData(ints))),
		(*C.uint64_t)(unsafe.Pointer(unsafe.SliceData(handles))),
		(*C.char)(unsafe.Pointer(unsafe.SliceData(text))), C.size_t(len(text)), &c)
	r.Code, r.N, r.Scoped = Code(c.code), int(c.n), c.scoped != 0
	for i := range min(r.N, len(r.Inline)) {
		r.Inline[i] = int64(c.values[i])
	}
	if c.more != nil {
		r.More = append([]int64(nil), unsafe.Slice((*int64)(unsafe.Pointer(c.more)), r.N)...)
		C.free(unsafe.Pointer(c.more))
	}
	if c.message != nil {
		r.Text = C.GoString(c.message)
		C.free(unsafe.Pointer(c.message))
	}
}
