package pth

import (
	"math/bits"
	"slices"
	"strings"
)

// Array is an array of NumPy.
type Array struct {
	DType string // NumPy's short name of the elements: "u1", "i8", "f4"
	Shape []int
	Data  []byte // little-endian, the last index fastest
}

// Unpickle reads what Python's pickle.dump wrote of plain values and arrays of NumPy, in any protocol: a value as
// [File.Value] describes it, without tensors but with *Array, and with Bytes for strings of Python 2 that are not text. As
// with Open nothing is run, and a class or function that such values do not need is refused by its name. The error is a
// clause without a path.
func Unpickle(data []byte) (any, error) {
	m := &machine{data: data}
	v, err := m.run()
	if err == nil {
		err = checkTree(v)
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// builder is a value that BUILD completes.
type builder interface{ build(m *machine, state any) }

// numpyType is a numpy.dtype, of which BUILD tells the order of bytes.
type numpyType struct{ name, order string }

// arrayGlobals are what pickles of arrays name.
var arrayGlobals = map[string]any{
	"numpy.ndarray": &global{name: "numpy.ndarray"}, // an argument of the next
	"numpy.dtype":   &global{name: "numpy.dtype", call: newNumpyType},
}

func init() {
	for _, core := range []string{"numpy.core.", "numpy._core."} { // before and since NumPy 2
		for name, call := range map[string]func(m *machine, args Tuple) any{
			"multiarray._reconstruct": newArray, "numeric._frombuffer": arrayFromBuffer,
		} {
			arrayGlobals[core+name] = &global{name: core + name, call: call}
		}
	}
}

// newArray has the arguments class, shape and type; all of the array comes with BUILD.
func newArray(_ *machine, args Tuple) any {
	const name = "numpy's _reconstruct"
	arguments(name, args, 3, 3)
	if g := argument[*global](name, args, 0); g.name != "numpy.ndarray" {
		refuse("the pickle makes an array of the class %s", g.name)
	}
	return &Array{}
}

// newNumpyType has the arguments name, align and copy.
func newNumpyType(_ *machine, args Tuple) any {
	const name = "numpy.dtype"
	arguments(name, args, 1, 3)
	t := argument[string](name, args, 0)
	if len(t) != 2 || !strings.Contains("biuf", t[:1]) || !strings.Contains("1248", t[1:]) {
		refuse("the pickle has an array of numpy's type %.20q: numbers of 1, 2, 4 or 8 bytes are read", t)
	}
	return &numpyType{name: t}
}

// build takes version, order of bytes and what only structured types have.
func (t *numpyType) build(_ *machine, state any) {
	args, ok := state.(Tuple)
	if !ok || len(args) < 2 {
		refuse("the pickle describes a numpy.dtype by %s", kind(state))
	}
	t.order = argument[string]("numpy.dtype", args, 1)
}

// build takes version, shape, type, whether the first index is fastest, and the elements.
func (a *Array) build(m *machine, state any) {
	const name = "numpy.ndarray"
	args, ok := state.(Tuple)
	if !ok || len(args) != 5 {
		refuse("the pickle describes a numpy.ndarray by %s", kind(state))
	}
	a.fill(argument[*numpyType](name, args, 2), integers(m, name, args, 1), argument[bool](name, args, 3), args[4])
}

// arrayFromBuffer has the arguments elements, type, shape and order, as protocol 5 writes an array.
func arrayFromBuffer(m *machine, args Tuple) any {
	const name = "numpy's _frombuffer"
	arguments(name, args, 4, 4)
	a := &Array{}
	a.fill(argument[*numpyType](name, args, 1), integers(m, name, args, 2), argument[string](name, args, 3) != "C", args[0])
	return a
}

// fill checks an array. Elements are Bytes, a ByteArray, or a string where Python 2's happen to be text.
func (a *Array) fill(t *numpyType, shape []int, fortran bool, elements any) {
	switch {
	case fortran:
		refuse("the pickle has an array in Fortran's order: save numpy.ascontiguousarray of it")
	case t.order == ">":
		refuse("the pickle has a big-endian array: save it in the machine's own order")
	}
	size := uint64(t.name[1] - '0')
	for _, d := range shape {
		high, low := bits.Mul64(size, uint64(d))
		if d < 0 || high != 0 {
			refuse("the pickle has an array of shape %v", shape)
		}
		size = low
	}
	var data []byte
	switch v := elements.(type) {
	case Bytes:
		data = v
	case ByteArray:
		data = v
	case string:
		data = []byte(v)
	default:
		refuse("the pickle has an array of %s", kind(elements))
	}
	if uint64(len(data)) != size {
		refuse("the pickle has an array %v of %s in %d bytes", shape, t.name, len(data))
	}
	a.DType, a.Shape, a.Data = t.name, slices.Clone(shape), data
}
