package pth

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/forgergan/forger/torch"
)

// Dict is a Python dictionary. It keeps its order.
type Dict struct {
	Class    string // "dict", "OrderedDict" or "Counter"; Save takes "" for "dict"
	Items    []Item
	Metadata any // what torch.nn.Module.state_dict hangs on its OrderedDict as _metadata: a *Dict, or nil
}

// Item is a key of a Dict, a string or number mostly, and its value.
type Item struct{ Key, Value any }

// Get is the value of a key. A key is compared by Go's ==, so integers are int64.
func (d *Dict) Get(key any) (value any, ok bool) {
	for _, item := range d.Items {
		if _, tuple := item.Key.(Tuple); !tuple && item.Key == key { // Go cannot compare slices
			return item.Value, true
		}
	}
	return nil, false
}

// List is a Python list, which several places may share.
type List struct{ Items []any }

// Set is a Python set, in the order of the file.
type Set struct{ Items []any }

// Tuple is a Python tuple.
type Tuple []any

// Size is a torch.Size, a shape.
type Size []int

// Bytes is Python's bytes.
type Bytes []byte

// ByteArray is Python's bytearray.
type ByteArray []byte

// Device is a torch.device, such as "cpu" or "cuda:0". Forger knows fewer kinds of devices than files may name.
type Device string

// At follows keys and numbers down a tree: At(v, "optimizer", "param_groups", 0, "lr"). A string or an int is a key
// where it meets a *Dict, and an int is an index in a *List or Tuple. The error names the step that is not there.
func At(v any, path ...any) (any, error) {
	for i, step := range path {
		next, ok := child(v, step)
		if !ok {
			if i == 0 {
				return nil, fmt.Errorf("the file has no %v", step)
			}
			return nil, fmt.Errorf("the file has no %v in %s", step, pathText(path[:i]))
		}
		v = next
	}
	return v, nil
}

func child(v, step any) (any, bool) {
	n, isInt := step.(int)
	switch v := v.(type) {
	case *Dict:
		if isInt {
			return v.Get(int64(n))
		}
		return v.Get(step)
	case *List:
		return child(Tuple(v.Items), step)
	case Tuple:
		if isInt && n >= 0 && n < len(v) {
			return v[n], true
		}
	}
	return nil, false
}

func pathText(path []any) string {
	text := ""
	for _, step := range path {
		text = join(text, fmt.Sprint(step))
	}
	return text
}

func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

// each calls visit for everything in a container, in order, with the name of its place; a leaf has nothing in it.
func each(v any, visit func(name string, v any) error) error {
	switch v := v.(type) {
	case *Dict:
		for _, item := range v.Items {
			if err := visit(fmt.Sprint(item.Key), item.Value); err != nil {
				return err
			}
		}
	case *List:
		return each(Tuple(v.Items), visit)
	case Tuple:
		for i, x := range v {
			if err := visit(fmt.Sprint(i), x); err != nil {
				return err
			}
		}
	}
	return nil
}

// Walk calls visit for every tensor and plain value below v, in order, with its dotted name: "netG.conv.weight",
// "optimizer.state.0.step". A list or tuple of plain values only is visited as one. An error of visit
// ends the walk and is returned.
func Walk(v any, visit func(name string, v any) error) error { return walk("", v, visit) }

func walk(prefix string, v any, visit func(name string, v any) error) error {
	if isLeaf(v) {
		return visit(prefix, v)
	}
	return each(v, func(name string, v any) error { return walk(join(prefix, name), v, visit) })
}

func isLeaf(v any) bool {
	switch v := v.(type) {
	case *Dict:
		return false
	case *List:
		return isLeaf(Tuple(v.Items))
	case Tuple:
		return !slices.ContainsFunc(v, func(x any) bool {
			switch x.(type) {
			case *Dict, *List, Tuple, *Tensor:
				return true
			}
			return false
		})
	}
	return true
}

// Text shows a value that Walk visits in a short line, much as Python would.
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case float64:
		text := strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(v, 'g', -1, 64), "+"))
		if strings.Trim(text, "-0123456789") == "" {
			text += ".0"
		}
		return text
	case *Tensor:
		return fmt.Sprintf("tensor%v %s", v.Shape, v.DType)
	case torch.DType:
		return "torch." + v.String()
	case Bytes:
		return fmt.Sprintf("%d bytes", len(v))
	case ByteArray:
		return fmt.Sprintf("%d bytes", len(v))
	case *List:
		return "[" + itemsText(v.Items) + "]"
	case Tuple:
		return "(" + itemsText(v) + ")"
	case *Set:
		return "{" + itemsText(v.Items) + "}"
	}
	return fmt.Sprint(v)
}

// itemsText shows the first few of plain values.
func itemsText(items []any) string {
	const most = 8
	var texts []string
	for _, x := range items[:min(len(items), most)] {
		if s, ok := x.(string); ok {
			x = strconv.Quote(s)
		}
		texts = append(texts, Text(x))
	}
	if more := len(items) - most; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, ", ")
}
