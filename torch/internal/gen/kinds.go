package main

import (
	"fmt"
	"strings"
)

// A kind says how one argument type crosses from Go to C++.
type kind struct {
	cc      string // method of Frame that reads it
	goParam string // Go type of a parameter
	put     string // method of frame that writes it
}

// kinds are the argument types that the generator knows.
var kinds = map[string]kind{
	"Tensor":        {"tensor", "*Tensor", "tensor"},
	"Tensor?":       {"maybe_tensor", "*Tensor", "optTensor"},
	"Tensor[]":      {"tensors", "[]*Tensor", "tensors"},
	"Tensor?[]":     {"maybe_tensors", "[]*Tensor", "optTensors"},
	"int":           {"integer", "int", "int"},
	"SymInt":        {"integer", "int", "int"},
	"int?":          {"maybe_integer", "*int", "optInt"},
	"SymInt?":       {"maybe_symint", "*int", "optInt"},
	"int[]":         {"ints", "[]int", "ints"},
	"SymInt[]":      {"symints", "[]int", "ints"},
	"int[]?":        {"maybe_ints", "[]int", "optInts"},
	"SymInt[]?":     {"maybe_symints", "[]int", "optInts"},
	"float":         {"real", "float64", "float"},
	"float?":        {"maybe_real", "*float64", "optFloat"},
	"float[]?":      {"maybe_reals", "[]float64", "optFloats"},
	"Scalar":        {"scalar", "Scalar", "scalar"},
	"Scalar?":       {"maybe_scalar", "Scalar", "optScalar"},
	"bool":          {"boolean", "bool", "bool"},
	"bool?":         {"maybe_boolean", "*bool", "optBool"},
	"ScalarType":    {"dtype", "DType", "dtype"},
	"ScalarType?":   {"maybe_dtype", "DType", "optDType"},
	"Layout?":       {"maybe_layout", "", "none"},
	"Device":        {"device", "Device", "device"},
	"Device?":       {"maybe_device", "*Device", "optDevice"},
	"MemoryFormat":  {"memory_format", "MemoryFormat", "memoryFormat"},
	"MemoryFormat?": {"maybe_memory_format", "MemoryFormat", "optMemoryFormat"},
	"str":           {"string", "string", "string"},
	"str?":          {"maybe_string", "*string", "optString"},
	"Generator?":    {"maybe_generator", "*Generator", "generator"},
}

// camel turns a schema name into a Go name.
func camel(s string, exported bool) string {
	switch s {
	case "dtype":
		if exported {
			return "DType"
		}
	case "A":
		s = "a"
	case "UPLO":
		s = "uplo"
	}
	var b strings.Builder
	up := exported
	for _, r := range s {
		if r == '_' {
			up = true
			continue
		}
		if up {
			b.WriteString(strings.ToUpper(string(r)))
		} else {
			b.WriteRune(r)
		}
		up = false
	}
	return b.String()
}

// isOption reports whether a is set in the options struct: it has a default, or may be left out by type.
func (a arg) isOption() bool { return a.has || a.typ == "Generator?" }

// zeroDefault reports whether Go's zero value of the option means the default.
func (a arg) zeroDefault() bool {
	if a.deflt == "0" && (a.typ == "Scalar" || kinds[a.typ].goParam == "[]int") {
		return false
	}
	switch a.deflt {
	case "", "None", "False", "0", "0.0", "contiguous_format":
		return true
	}
	return false
}

// goType is the type of a as a parameter or an option.
func (a arg) goType() string {
	if a.name == "reduction" {
		return "Reduction"
	}
	t := kinds[a.typ].goParam
	if a.isOption() && !a.zeroDefault() {
		switch t {
		case "int", "float64", "bool":
			return "*" + t
		}
	}
	return t
}

// write is the Go statement that writes value (a Go expression) to the frame.
func (a arg) write(value string) string {
	put := kinds[a.typ].put
	if a.name == "reduction" {
		return fmt.Sprintf("f.int(%s.code())", value)
	}
	if a.isOption() && (!a.zeroDefault() || a.typ == "Scalar") { // a Scalar that is not set is nil, not 0
		value = a.orDefault(value)
	}
	switch {
	case put == "none":
		return "f.none()"
	case a.size > 1 && put == "ints":
		return fmt.Sprintf("f.intsOf(%d, %s)", a.size, value)
	}
	return fmt.Sprintf("f.%s(%s)", put, value)
}

// orDefault is value, or the schema's default where value is not set.
func (a arg) orDefault(value string) string {
	d := strings.ReplaceAll(a.deflt, "'", `"`)
	switch kinds[a.typ].goParam {
	case "int", "float64", "bool":
		return fmt.Sprintf("or(%s, %s)", value, strings.ToLower(d))
	case "Scalar":
		return fmt.Sprintf("orScalar(%s, %s)", value, d)
	case "[]int":
		return fmt.Sprintf("orInts(%s, %s)", value, strings.Trim(d, "[]"))
	case "string":
		return fmt.Sprintf("orString(%s, %s)", value, d)
	case "DType":
		return fmt.Sprintf("%s.or(Int64)", value)
	}
	return value
}
