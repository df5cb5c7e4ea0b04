package torch

import (
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/forgergan/forger/torch/internal/capi"
)

// Code classifies an Error.
type Code int

// The codes.
const (
	Failed         Code = iota // anything that has no code of its own
	Unavailable                // LibTorch or the shim is not there
	StaleTensor                // the tensor was freed, or its scope has ended
	IndexError                 // an index or dimension out of range
	ValueError                 // an argument that the operator refuses
	TypeError                  // an element type that the operator refuses
	NotImplemented             // no kernel for this device or element type
	LinAlgError                // a matrix that cannot be decomposed
	DeviceError                // the GPU reported an error
)

var codes = map[capi.Code]Code{
	capi.Stale: StaleTensor, capi.Index: IndexError, capi.Value: ValueError, capi.Type: TypeError,
	capi.NotImplemented: NotImplemented, capi.LinAlg: LinAlgError, capi.DeviceError: DeviceError,
}

// Error is what an operation panics with when it is misused: shapes, types or devices that do
// not fit, an index out of range, a tensor that is gone. Try turns it into a returned error.
type Error struct {
	Op     string  // the Go name of the operation
	Code   Code    // its class
	Msg    string  // LibTorch's message, one line
	Shapes [][]int // of the operands, where they are known
}

// Error is one line: operation, message, shapes.
func (e *Error) Error() string {
	if e.Code == Unavailable {
		return e.Msg
	}
	var b strings.Builder
	fmt.Fprintf(&b, "torch.%s: %s", e.Op, e.Msg)
	if len(e.Shapes) > 0 {
		b.WriteString(" [shapes")
		for _, s := range e.Shapes {
			b.WriteString(" " + shapeString(s))
		}
		b.WriteString("]")
	}
	return b.String()
}

// OutOfMemory is what an operation panics with when its device has no room left, after
// unreachable tensors were freed and the operation was tried again.
type OutOfMemory struct {
	Op   string
	Msg  string
	Live int // tensors alive at that moment
}

// Error is one line with what LibTorch asked for.
func (e *OutOfMemory) Error() string {
	return fmt.Sprintf("torch.%s: out of memory with %d tensors alive: %s; a smaller batch or model needs less", e.Op, e.Live, e.Msg)
}

// Try runs f and returns the *Error or *OutOfMemory that it panics with. Other panics go on.
//
//	err := torch.Try(func() { y = a.Add(b) })
func Try(f func()) (err error) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *Error:
			err = e
		case *OutOfMemory:
			err = e
		default:
			panic(e)
		}
	}()
	f()
	return nil
}

var debug atomic.Bool

// SetDebug keeps LibTorch's whole messages, with their C++ stack, in the errors to come.
func SetDebug(on bool) {
	debug.Store(on)
	if loaded.Load() {
		setFlag(capi.FullMessages, on)
	}
}

// oneLine is the part of a message that says what is wrong.
func oneLine(s string) string {
	if debug.Load() {
		return s
	}
	if strings.HasPrefix(s, "The following operation failed in the TorchScript interpreter.") { // its traceback, then what is wrong
		s = strings.TrimSpace(s)
		s = s[strings.LastIndex(s, "\n")+1:]
	}
	s, _, _ = strings.Cut(s, "\n")
	if strings.HasPrefix(s, "[enforce fail at ") { // a place in LibTorch's sources and a condition
		if i := strings.Index(s, "DefaultCPUAllocator: "); i >= 0 {
			s = s[i:]
		}
	}
	return strings.TrimSuffix(strings.TrimSpace(s), ".")
}

// shapeString writes a shape as Python does: (2, 3), (4,), ().
func shapeString(s []int) string {
	var parts []string
	for _, n := range s {
		parts = append(parts, fmt.Sprint(n))
	}
	if len(s) == 1 {
		return "(" + parts[0] + ",)"
	}
	return "(" + strings.Join(parts, ", ") + ")"
}
