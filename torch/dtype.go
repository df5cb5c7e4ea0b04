package torch

import "fmt"

// DType is the type of a tensor's elements.
//
// The zero value, DefaultDType, leaves the choice to the operator: float32 where a tensor is
// created, the operand's own type elsewhere.
type DType int8

// The element types.
const (
	DefaultDType DType = iota
	Uint8
	Int8
	Int16
	Int32
	Int64
	Float16
	Float32
	Float64
	BFloat16
	Complex64
	Complex128
	Bool
	Uint16
	Uint32
	Uint64
	Complex32
	Float8E5M2
	Float8E4M3FN
	Float8E5M2FNUZ
	Float8E4M3FNUZ
	Float8E8M0FNU
)

// dtypes lists name, size in bytes and LibTorch's number (c10::ScalarType), by DType.
var dtypes = [...]struct {
	name string
	size int
	code int64
}{
	DefaultDType: {"default", 0, -1},
	Uint8:        {"uint8", 1, 0},
	Int8:         {"int8", 1, 1},
	Int16:        {"int16", 2, 2},
	Int32:        {"int32", 4, 3},
	Int64:        {"int64", 8, 4},
	Float16:      {"float16", 2, 5},
	Float32:      {"float32", 4, 6},
	Float64:      {"float64", 8, 7},
	BFloat16:     {"bfloat16", 2, 15},
	Complex64:    {"complex64", 8, 9},
	Complex128:   {"complex128", 16, 10},
	Bool:         {"bool", 1, 11},

	// LibTorch stores and converts these; few operators compute with them.
	Uint16:         {"uint16", 2, 27},
	Uint32:         {"uint32", 4, 28},
	Uint64:         {"uint64", 8, 29},
	Complex32:      {"complex32", 4, 8},
	Float8E5M2:     {"float8_e5m2", 1, 23},
	Float8E4M3FN:   {"float8_e4m3fn", 1, 24},
	Float8E5M2FNUZ: {"float8_e5m2fnuz", 1, 25},
	Float8E4M3FNUZ: {"float8_e4m3fnuz", 1, 26},
	Float8E8M0FNU:  {"float8_e8m0fnu", 1, 44},
}

func (d DType) known() bool { return d >= 0 && int(d) < len(dtypes) }

// String is PyTorch's name without the module: "float32".
func (d DType) String() string {
	if !d.known() {
		return fmt.Sprintf("dtype(%d)", int8(d))
	}
	return dtypes[d].name
}

// Size is the number of bytes of one element, 0 for a type that does not exist.
func (d DType) Size() int {
	if !d.known() {
		return 0
	}
	return dtypes[d].size
}

// IsFloat reports whether d is a real floating-point type.
func (d DType) IsFloat() bool {
	switch d {
	case Float16, Float32, Float64, BFloat16, Float8E5M2, Float8E4M3FN, Float8E5M2FNUZ, Float8E4M3FNUZ, Float8E8M0FNU:
		return true
	}
	return false
}

// or is d, or other where d is DefaultDType.
func (d DType) or(other DType) DType {
	if d == DefaultDType {
		return other
	}
	return d
}

func dtypeOf(code int64) DType {
	for d, t := range dtypes {
		if t.code == code {
			return DType(d)
		}
	}
	panic(&Error{Op: "DType", Code: TypeError, Msg: fmt.Sprintf("LibTorch's element type %d is not supported", code)})
}
