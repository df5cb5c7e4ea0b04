package torch

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/forgergan/forger/torch/internal/capi"
)

// TensorOptions say what a created tensor is like. The zero value is float32 on the CPU.
type TensorOptions struct {
	DType  DType  // float32 by default (int64 for RandInt and RandPerm)
	Device Device // the CPU by default
	Pinned bool   // in page-locked memory, for fast uploads
}

// Element is a Go type that a tensor's elements can be read as.
type Element interface {
	uint8 | uint16 | uint32 | uint64 | int8 | int16 | int32 | int64 | float32 | float64 | bool | complex64 | complex128
}

// dtypeFor is the element type of a Go type.
func dtypeFor[T Element]() DType {
	switch any(*new(T)).(type) {
	case uint8:
		return Uint8
	case uint16:
		return Uint16
	case uint32:
		return Uint32
	case uint64:
		return Uint64
	case int8:
		return Int8
	case int16:
		return Int16
	case int32:
		return Int32
	case int64:
		return Int64
	case float32:
		return Float32
	case float64:
		return Float64
	case bool:
		return Bool
	case complex64:
		return Complex64
	default:
		return Complex128
	}
}

// FromSlice copies data into a CPU tensor of the given shape; without a shape it is a vector.
// It panics with an *Error if the shape does not hold len(data) elements.
func FromSlice[T Element](data []T, shape ...int) *Tensor {
	if len(shape) == 0 {
		shape = []int{len(data)}
	}
	return FromBytes(dtypeFor[T](), bytesOf(data), shape...)
}

// Of is a scalar tensor (no dimensions) with the value v.
func Of[T Element](v T) *Tensor { return FromBytes(dtypeFor[T](), bytesOf([]T{v})) }

// FromBytes copies data, elements of type d in the machine's byte order, into a CPU tensor of the
// given shape; no shape makes a scalar. It panics with an *Error if the sizes differ.
func FromBytes(d DType, data []byte, shape ...int) *Tensor {
	f := newFrame("FromBytes", capi.FromBytes)
	f.dtype(d)
	f.ints(shape)
	// Before anything is allocated: a wrong shape may be a huge one.
	if need, ok := bytesFor(d, shape); !ok || need != len(data) {
		f.refuse("%d bytes do not fill %s elements of %s", len(data), shapeString(shape), d)
	}
	f.text = data
	return f.one()
}

// bytesFor is the size of a tensor; false if no tensor has that shape.
func bytesFor(d DType, shape []int) (int, bool) {
	size := d.Size()
	for _, n := range shape {
		if n < 0 || n > 0 && size > math.MaxInt/n {
			return 0, false
		}
		size *= n
	}
	return size, true
}

// Values copies the elements of t, in the order of its dimensions, to a new slice. It waits for
// the device. T must be the Go type of t's elements; convert with ToDType before.
func Values[T Element](t *Tensor) []T {
	m := t.mustInfo()
	if want := dtypeFor[T](); m.dtype != want {
		panic(&Error{Op: "Values", Code: TypeError, Msg: fmt.Sprintf("the tensor is %s, not %s: convert it with ToDType", m.dtype, want)})
	}
	out := make([]T, m.numel)
	t.read(bytesOf(out))
	return out
}

// Bytes copies the elements of t, in the order of its dimensions and the machine's byte order.
func (t *Tensor) Bytes() []byte {
	m := t.mustInfo()
	out := make([]byte, m.numel*m.dtype.Size())
	t.read(out)
	return out
}

func (t *Tensor) read(to []byte) {
	f := newFrame("Values", capi.ToBytes)
	f.tensor(t)
	f.text = to
	f.run()
}

func bytesOf[T Element](s []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(*new(T))))
}
