package torch_test

import (
	"fmt"
	"math"
	"reflect"

	"github.com/forgergan/forger/torch"
)

var nan, inf = math.NaN(), math.Inf(1)

var fuzzWords = []string{"", "none", "tanh", "constant", "reflect", "replicate", "circular", "linear", "midpoint", "nearest",
	"mean", "sum", "prod", "amax", "amin", "ij", "xy", "fro", "nuc", "left", "right", "ortho", "forward", "backward", "L", "U",
	"complete", "r", "reduced", "gelsd", "gelsy", "gels", "gelss", "gesvd", "ij,jk->ik", "...i->i", "ii", "ij,jk,kl", "\x00é"}

// value is a random argument of a type.
func (f *fuzzer) value(typ reflect.Type) reflect.Value {
	v := reflect.New(typ).Elem()
	if x := f.known(v.Interface()); x != nil {
		if f.log != "" {
			fmt.Fprintf(&f.text, "%v ", describe(x))
		}
		v.Set(reflect.ValueOf(x))
		return v
	}
	switch typ.Kind() {
	case reflect.Pointer: // to a number or word that may be left out
		if f.r.IntN(2) == 0 {
			v.Set(f.value(typ.Elem()).Addr())
		}
	case reflect.Interface: // a Scalar
		if x := f.scalar(); x != nil {
			fmt.Fprintf(&f.text, "%v ", x)
			v.Set(reflect.ValueOf(x))
		}
	case reflect.Struct:
		for i := range typ.NumField() {
			if f.r.IntN(5) < 2 {
				fmt.Fprintf(&f.text, "%s: ", typ.Field(i).Name)
				v.Field(i).Set(f.value(typ.Field(i).Type))
			}
		}
	case reflect.Slice: // of options
		if f.r.IntN(4) > 0 {
			v = reflect.Append(v, f.value(typ.Elem()))
		}
	default:
		panic("no values for " + typ.String())
	}
	return v
}

// known is a random value of x's type; nil for the types that value takes apart.
func (f *fuzzer) known(x any) any {
	switch x.(type) {
	case *torch.Tensor:
		return f.tensor()
	case []*torch.Tensor:
		list := make([]*torch.Tensor, f.r.IntN(4))
		for i := range list {
			list[i] = f.tensor()
		}
		return list
	case torch.Reduction:
		return torch.Reduction(f.r.IntN(4))
	case torch.DType:
		if f.rarely() {
			return torch.DType(99)
		}
		return torch.DType(f.r.IntN(int(torch.Bool) + 1))
	case torch.MemoryFormat:
		return torch.MemoryFormat(f.r.IntN(6))
	case torch.Device:
		if f.rarely() {
			return torch.Device{Type: torch.CUDA, Index: 63}
		}
		return torch.Device{}
	case *torch.Generator:
		return torch.DefaultGenerator(torch.Device{})
	case int:
		return f.integer()
	case []int:
		return f.integers()
	case float64:
		return f.real()
	case []float64:
		return []float64{f.real(), f.real()}[:f.r.IntN(3)]
	case bool:
		return f.r.IntN(2) == 0
	case string:
		return pick(f.r, fuzzWords...)
	}
	return nil
}

func (f *fuzzer) scalar() torch.Scalar {
	switch f.r.IntN(8) {
	case 0:
		if f.rarely() {
			return nil
		}
		return f.r.IntN(2) == 0
	case 1, 2, 3:
		return f.integer()
	default:
		return f.real()
	}
}

// tensor is nil, freed, the one before, or one whose shape and type are often those of its neighbours.
func (f *fuzzer) tensor() *torch.Tensor {
	if f.rarely() {
		return nil
	}
	if f.last != nil && f.r.IntN(8) == 0 {
		return f.last
	}
	shape, dtype := f.shape, f.dtype
	switch f.r.IntN(6) {
	case 0:
		shape = f.shapeOf(f.r.IntN(6))
	case 1: // one that broadcasts
		shape = append([]int{}, shape...)
		if len(shape) > 0 {
			shape[f.r.IntN(len(shape))] = 1
		}
	}
	if f.r.IntN(6) == 0 {
		dtype = torch.Uint8 + torch.DType(f.r.IntN(int(torch.Bool)))
	}
	size := 1
	for _, n := range shape {
		size *= n
	}
	var t *torch.Tensor
	if dtype == torch.Int64 {
		values := make([]int64, size)
		for i := range values {
			values[i] = int64(f.r.IntN(7) - 1)
		}
		t = reshaped(values, shape)
	} else {
		values := make([]float64, size)
		for i := range values {
			values[i] = f.real()
			if !dtype.IsFloat() && !(math.Abs(values[i]) < 10) {
				values[i] = 5
			}
		}
		t = reshaped(values, shape).ToDType(dtype)
	}
	if len(shape) > 1 && f.r.IntN(4) == 0 {
		t = t.Transpose(0, len(shape)-1)
	}
	if dtype.IsFloat() && f.r.IntN(4) == 0 {
		t = t.Detach().SetRequiresGrad(true)
	}
	if f.rarely() {
		t.Free()
	}
	f.last = t
	return t
}

func reshaped[T torch.Element](values []T, shape []int) *torch.Tensor {
	if len(shape) == 0 {
		return torch.Of(values[0])
	}
	return torch.FromSlice(values, shape...)
}

// describe is a value as the log shows it.
func describe(x any) any {
	switch x := x.(type) {
	case *torch.Tensor:
		var text string
		if x == nil {
			return "nil"
		}
		if torch.Try(func() { text = fmt.Sprint(x.DType(), x.Shape(), x.Stride()) }) != nil {
			return "freed"
		}
		return text
	case []*torch.Tensor:
		var all []any
		for _, t := range x {
			all = append(all, describe(t))
		}
		return all
	}
	return fmt.Sprintf("%#v", x)
}
