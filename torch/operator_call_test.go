package torch_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/forgergan/forger/torch"
)

// An operatorCall is a generated function with its arguments, made by reflection from their names in the schema.
type operatorCall struct {
	function reflect.Value
	in       []reflect.Value
	given    map[string]any
}

// newOperatorCall fills the options with the arguments that they have a field for, and the parameters with the others
// in their order.
func newOperatorCall(function any, args []operatorArg) (*operatorCall, error) {
	c := &operatorCall{function: reflect.ValueOf(function), given: map[string]any{}}
	typ := c.function.Type()
	var options reflect.Value
	if o := optionsOf(typ); o != nil {
		options = reflect.New(o).Elem()
	}
	for _, a := range args {
		name := a[0].(string)
		var to reflect.Value
		if options.IsValid() {
			to = options.FieldByName(camel(name))
		}
		isOption := to.IsValid()
		if !isOption {
			if len(c.in) == typ.NumIn() {
				return nil, fmt.Errorf("there is no place for %s in %s", name, typ)
			}
			to = reflect.New(typ.In(len(c.in))).Elem()
		}
		if err := setOperatorArg(to, a[1]); err != nil {
			return nil, fmt.Errorf("%s of %s: %w", name, typ, err)
		}
		if !isOption {
			c.in = append(c.in, to)
		}
		c.given[name] = to.Interface()
	}
	if options.IsValid() {
		s := reflect.New(typ.In(typ.NumIn() - 1)).Elem()
		c.in = append(c.in, reflect.Append(s, options))
	}
	if len(c.in) != typ.NumIn() {
		return nil, fmt.Errorf("%d arguments for %s", len(c.in), typ)
	}
	return c, nil
}

// optionsOf is the type of a function's options struct, nil if it has none.
func optionsOf(function reflect.Type) reflect.Type {
	if !function.IsVariadic() {
		return nil
	}
	if last := function.In(function.NumIn() - 1).Elem(); last.Kind() == reflect.Struct {
		return last
	}
	return nil
}

// do makes the call. A slice of tensors as the only result counts as several results.
func (c *operatorCall) do() (results []any) {
	call := c.function.Call
	if c.function.Type().IsVariadic() {
		call = c.function.CallSlice
	}
	for _, v := range call(c.in) {
		if list, ok := v.Interface().([]*torch.Tensor); ok {
			for _, t := range list {
				results = append(results, t)
			}
			continue
		}
		results = append(results, v.Interface())
	}
	return results
}

// camel is the Go name of an option.
func camel(name string) string {
	switch name {
	case "dtype":
		return "DType"
	case "UPLO":
		return "Uplo"
	}
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// setOperatorArg stores a decoded value in a parameter or field.
func setOperatorArg(to reflect.Value, v any) error {
	if v == nil {
		return nil
	}
	var x any
	switch to.Interface().(type) {
	case *torch.Tensor:
		x = tensorOf(v)
	case []*torch.Tensor:
		list := []*torch.Tensor{}
		for _, e := range v.([]any) {
			list = append(list, tensorOf(e))
		}
		x = list
	case []int:
		x = intsOf(v)
	case torch.Reduction:
		x = map[float64]torch.Reduction{0: torch.NoReduction, 1: torch.Mean, 2: torch.Sum}[realOf(v)]
	case torch.DType:
		x = dtypeOf(v.(string))
	case torch.MemoryFormat:
		x = map[string]torch.MemoryFormat{"channels_last": torch.ChannelsLast, "contiguous_format": torch.ContiguousFormat}[v.(string)]
	case torch.Device:
		x = torch.Device{}
	case *torch.Device:
		x = &torch.Device{}
	case *torch.Generator:
		x = torch.NewGenerator(torch.Device{}).ManualSeed(int64(realOf(v.(map[string]any)["seed"])))
	default:
		return setPlain(to, v)
	}
	to.Set(reflect.ValueOf(x))
	return nil
}

// setPlain stores a number, a truth value, a string or a Scalar.
func setPlain(to reflect.Value, v any) error {
	if to.Kind() == reflect.Pointer {
		to.Set(reflect.New(to.Type().Elem()))
		to = to.Elem()
	}
	switch to.Kind() {
	case reflect.Int:
		to.SetInt(int64(realOf(v)))
	case reflect.Float64:
		to.SetFloat(realOf(v))
	case reflect.Bool:
		to.SetBool(v.(bool))
	case reflect.String:
		to.SetString(v.(string))
	case reflect.Interface:
		to.Set(reflect.ValueOf(scalarOf(v)))
	default:
		return fmt.Errorf("no way from %v to %s", v, to.Type())
	}
	return nil
}

func scalarOf(v any) torch.Scalar {
	if n, ok := v.(json.Number); ok && !strings.ContainsAny(n.String(), ".e") {
		return int(realOf(v))
	}
	if b, ok := v.(bool); ok {
		return b
	}
	return realOf(v)
}

func realOf(v any) float64 {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			panic(err)
		}
		return f
	case bool:
		if v {
			return 1
		}
		return 0
	case string:
		return map[string]float64{"inf": math.Inf(1), "-inf": math.Inf(-1), "nan": math.NaN()}[v]
	}
	panic(fmt.Sprintf("%v is no number", v))
}

func intsOf(v any) []int {
	out := []int{}
	for _, n := range v.([]any) {
		out = append(out, int(realOf(n)))
	}
	return out
}

func dtypeOf(name string) torch.DType {
	for d := torch.Uint8; d <= torch.Bool; d++ {
		if d.String() == name {
			return d
		}
	}
	panic("no element type is called " + name)
}

func tensorOf(v any) *torch.Tensor {
	if v == nil {
		return nil
	}
	m := v.(map[string]any)
	var values []float64
	for _, n := range m["values"].([]any) {
		values = append(values, realOf(n))
	}
	shape, dtype := intsOf(m["shape"]), dtypeOf(m["tensor"].(string))
	if dtype == torch.Complex64 || dtype == torch.Complex128 {
		return torch.FromSlice(values, append(shape, 2)...).ViewAsComplex().ToDType(dtype)
	}
	if len(shape) == 0 {
		return torch.Of(values[0]).ToDType(dtype)
	}
	return torch.FromSlice(values, shape...).ToDType(dtype)
}
