package main

import (
	"bytes"
	"fmt"
	"go/format"
	"strings"
)

func emitGo(g *group) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(ccHeader + "\npackage torch\n")
	for _, o := range g.ops {
		o.emit(&b)
	}
	text, err := format.Source(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("group %s: %w\n%s", g.name, err, b.String())
	}
	return text, nil
}

// tensorOptions are the four arguments that TensorOptions stands for.
var tensorOptions = map[string]bool{"dtype": true, "layout": true, "device": true, "pin_memory": true}

// creates reports whether o makes a tensor from nothing, so that it takes TensorOptions.
func (o *op) creates() bool {
	for _, a := range o.args {
		if strings.HasPrefix(a.typ, "Tensor") {
			return false
		}
	}
	return o.hasArg("layout")
}

func (o *op) hasArg(name string) bool {
	for _, a := range o.args {
		if a.name == name {
			return true
		}
	}
	return false
}

// method reports whether o is a method of Tensor.
func (o *op) method() bool {
	return len(o.args) > 0 && o.args[0].name == "self" && o.args[0].typ == "Tensor"
}

// options returns the fields of the options struct and the struct's name, "" where o has none.
func (o *op) options() (name string, fields []string) {
	for _, a := range o.args {
		if !a.isOption() || a.typ == "Layout?" || o.creates() && tensorOptions[a.name] {
			continue
		}
		fields = append(fields, fmt.Sprintf("%s %s // %s", camel(a.name, true), a.goType(), a.note()))
	}
	switch {
	case o.creates() && len(fields) == 0:
		return "TensorOptions", nil
	case o.creates():
		fields = append([]string{"TensorOptions"}, fields...)
	case len(fields) == 0:
		return "", nil
	}
	return o.goName + "Options", fields
}

// note says in an option's comment what leaving it out means.
func (a arg) note() string {
	switch d := a.deflt; {
	case a.typ == "Generator?":
		return "nil: the device's default generator"
	case a.name == "reduction":
		return "Mean by default"
	case d == "None" || d == "":
		return "none by default"
	default:
		return d + " by default"
	}
}

func (o *op) emit(b *bytes.Buffer) {
	optionsName, fields := o.options()
	if fields != nil {
		fmt.Fprintf(b, "\n// %s are the optional arguments of %s.\ntype %s struct {\n%s\n}\n",
			optionsName, o.goName, optionsName, strings.Join(fields, "\n"))
	}

	method := o.method()
	var params, writes []string
	last := len(o.args) - 1
	for i, a := range o.args {
		name := camel(a.name, false)
		switch {
		case i == 0 && method:
			writes = append(writes, a.write("t"))
			continue
		case o.creates() && tensorOptions[a.name]:
			writes = append(writes, o.writeTensorOption(a))
			continue
		case a.isOption():
			writes = append(writes, a.write("opt."+camel(a.name, true)))
			continue
		case i == last && a.goType() == "[]int" && optionsName == "":
			params = append(params, name+" ...int")
		default:
			params = append(params, name+" "+a.goType())
		}
		writes = append(writes, a.write(name))
	}
	if optionsName != "" {
		params = append(params, "o ..."+optionsName)
	}

	fmt.Fprintf(b, "\n// %s %s\n//\n//\t%s\nfunc ", o.goName, o.doc, o.schema)
	if method {
		b.WriteString("(t *Tensor) ")
	}
	fmt.Fprintf(b, "%s(%s)", o.goName, strings.Join(params, ", "))
	results, call := o.result(method)
	fmt.Fprintf(b, " %s {\n", results)
	if optionsName != "" {
		b.WriteString("opt := option(o)\n")
	}
	fmt.Fprintf(b, "f := newFrame(%q, firstOp+%d)\n", o.goName, o.id)
	if o.guarded {
		fmt.Fprintf(b, "guard%s(f, %s)\n", o.goName, strings.Join(o.variables(method, optionsName), ", "))
	}
	for _, w := range writes {
		fmt.Fprintln(b, w)
	}
	fmt.Fprintf(b, "%s\n}\n", call)
}

// variables are what the generated function calls its arguments.
func (o *op) variables(method bool, optionsName string) (names []string) {
	for i, a := range o.args {
		switch {
		case i == 0 && method:
			names = append(names, "t")
		case !a.isOption() && !(o.creates() && tensorOptions[a.name]):
			names = append(names, camel(a.name, false))
		}
	}
	if optionsName != "" {
		names = append(names, "opt")
	}
	return names
}

// writeTensorOption writes one of the four arguments of TensorOptions.
func (o *op) writeTensorOption(a arg) string {
	switch a.name {
	case "dtype":
		return a.write("opt.DType")
	case "device":
		return "f.device(opt.Device)"
	case "pin_memory":
		return "f.bool(opt.Pinned)"
	}
	return "f.none()"
}

// result is the Go result list and the statements that make the call.
func (o *op) result(method bool) (results, call string) {
	switch r := o.returns; {
	case o.inPlace() && method:
		return "*Tensor", "f.run()\nreturn t"
	case r == "()":
		return "", "f.run()"
	case r == "bool":
		return "bool", "return f.yes()"
	case strings.HasSuffix(r, "[]"):
		return "[]*Tensor", "return f.many()"
	case strings.HasPrefix(r, "("):
		names := o.results
		if names == nil {
			for _, part := range strings.Split(strings.Trim(r, "()"), ",") {
				names = append(names, camel(strings.ToLower(strings.Fields(part)[1]), false))
			}
		}
		return "(" + strings.Join(names, ", ") + " *Tensor)", fmt.Sprintf("all := f.many()\nreturn %s", indexed(len(names)))
	default:
		return "*Tensor", "return f.one()"
	}
}

func indexed(n int) string {
	var parts []string
	for i := range n {
		parts = append(parts, fmt.Sprintf("all[%d]", i))
	}
	return strings.Join(parts, ", ")
}
