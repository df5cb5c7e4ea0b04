package torch

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/forgergan/forger/torch/internal/capi"
)

// Args are arguments of Call by name.
type Args map[string]any

// Call calls any operator that LibTorch knows by the name of its schema, as torch.ops in Python: those that have no
// function here, and those of libraries that the program loads.
//
//	y := torch.Call("aten::special_bessel_j0", x)[0].(*torch.Tensor)
//	y := torch.Call("aten::sub.Tensor", x, z, torch.Args{"alpha": 2})[0].(*torch.Tensor)
//
// Arguments are given in the order of the schema; the last may be Args. They are *Tensor, []*Tensor, int, int64,
// []int, float32, float64, []float64, bool, []bool, string, DType, Device, MemoryFormat or *Generator; nil is None, or
// the default of an argument that cannot be None. Results are *Tensor (nil where there is none), int, float64, bool,
// string, Device, []*Tensor, []int, []float64 or nil. A tensor changed in place comes back as another handle of it.
//
// Gradients, autocast and errors are those of the generated functions. A name that does not exist and arguments that
// do not fit panic with an *Error that says what the operator wants. What LibTorch does not check itself, here nobody
// does: some of its internal operators crash on arguments that make no sense.
//
// The schema is looked up once a thread. A call then costs some 0.5 µs more than a generated function.
func Call(operator string, args ...any) []any {
	f := newFrame(operator, capi.CallBoxed)
	var named Args
	if n := len(args); n > 0 {
		if last, ok := args[n-1].(Args); ok {
			named, args = last, args[:n-1]
		}
	}
	f.string(operator)
	f.int(len(args))
	for _, a := range args {
		f.value(a)
	}
	for name, a := range named {
		f.string(name)
		f.value(a)
	}
	r := f.run()
	return results(r.Values(), r.Scoped())
}

// CallAs is Call for an operator with one result, of type T.
//
//	y := torch.CallAs[*torch.Tensor]("aten::special_bessel_j0", x)
func CallAs[T any](operator string, args ...any) T {
	all := Call(operator, args...)
	if len(all) == 1 {
		if v, ok := all[0].(T); ok {
			return v
		}
	}
	for _, v := range all {
		free(v)
	}
	panic(&Error{Op: operator, Code: TypeError, Msg: fmt.Sprintf("the results are %s, not one %T", types(all), *new(T))})
}

func types(all []any) string {
	var names []string
	for _, v := range all {
		names = append(names, fmt.Sprintf("%T", v))
	}
	return "(" + strings.Join(names, ", ") + ")"
}

// free frees a result that nobody will see.
func free(v any) {
	switch v := v.(type) {
	case *Tensor:
		if v != nil {
			v.Free()
		}
	case []*Tensor:
		for _, t := range v {
			free(t)
		}
	}
}

// value adds an argument by its Go type.
func (f *frame) value(v any) {
	switch v := v.(type) {
	case nil:
		f.none()
	case *Tensor:
		f.optTensor(v)
	case []*Tensor:
		f.optTensors(v)
	case []int:
		f.ints(v)
	case []float64:
		f.floats(v)
	case []bool:
		f.list(capi.Ints, len(f.ints_), len(v))
		for _, b := range v {
			var i int64
			if b {
				i = 1
			}
			f.ints_ = append(f.ints_, i)
		}
	case string:
		f.string(v)
	case DType:
		f.optDType(v)
	case Device:
		f.device(v)
	case MemoryFormat:
		f.optMemoryFormat(v)
	case Reduction:
		f.int(v.code())
	case *Generator:
		f.generator(v)
	default:
		f.scalar(v)
	}
}

// results reads what FORGER_CALL_BOXED writes.
func results(v []int64, scoped bool) (out []any) {
	next := func() int64 {
		x := v[0]
		v = v[1:]
		return x
	}
	tensor := func() *Tensor {
		if h := next(); h != 0 {
			return newTensor(uint64(h), scoped)
		}
		return nil
	}
	for len(v) > 0 {
		switch kind := capi.Kind(next()); kind {
		case capi.Tensor:
			out = append(out, tensor())
		case capi.Int:
			out = append(out, int(next()))
		case capi.Float:
			out = append(out, math.Float64frombits(uint64(next())))
		case capi.Bool:
			out = append(out, next() != 0)
		case capi.Device:
			out = append(out, Device{Type: DeviceType(next()), Index: int(max(next(), 0))})
		case capi.Tensors:
			out = append(out, sequence(next(), tensor))
		case capi.Ints:
			out = append(out, sequence(next(), func() int { return int(next()) }))
		case capi.Floats:
			out = append(out, sequence(next(), func() float64 { return math.Float64frombits(uint64(next())) }))
		case capi.String:
			size := next()
			var text []byte
			for len(text) < int(size) {
				text = binary.NativeEndian.AppendUint64(text, uint64(next()))
			}
			out = append(out, string(text[:size]))
		default:
			out = append(out, nil)
		}
	}
	return out
}

func sequence[T any](n int64, next func() T) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = next()
	}
	return out
}
