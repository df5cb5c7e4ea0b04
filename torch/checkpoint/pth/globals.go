package pth

import (
	"fmt"
	"slices"
	"strings"

	"github.com/forgergan/forger/internal/mapfile"
	"github.com/forgergan/forger/torch"
)

// global is a Python class or function that a pickle may name.
type global struct {
	name string
	// call makes the value that Python would get by calling it; nil for what cannot be called here.
	call func(m *machine, args Tuple) any
	// element is the type of a typed storage's elements, or torch.Uint8 for an untyped one.
	element torch.DType
}

// globals are all that a pickle may name; torch.DType values stand for torch.float32 and the like.
var globals = map[string]any{}

// storageClasses are PyTorch's typed storages. The other types have none: their tensors view an UntypedStorage.
var storageClasses = map[torch.DType]string{
	torch.Float64: "DoubleStorage", torch.Float32: "FloatStorage", torch.Float16: "HalfStorage",
	torch.BFloat16: "BFloat16Storage", torch.Int64: "LongStorage", torch.Int32: "IntStorage", torch.Int16: "ShortStorage",
	torch.Int8: "CharStorage", torch.Uint8: "ByteStorage", torch.Bool: "BoolStorage",
	torch.Complex64: "ComplexFloatStorage", torch.Complex128: "ComplexDoubleStorage",
}

func init() {
	functions := map[string]func(m *machine, args Tuple) any{
		"collections.OrderedDict":             newDict("OrderedDict"),
		"collections.Counter":                 newDict("Counter"),
		"torch._utils._rebuild_tensor":        rebuildTensor,
		"torch._utils._rebuild_tensor_v2":     rebuildTensorV2,
		"torch._utils._rebuild_tensor_v3":     rebuildTensorV3,
		"torch._utils._rebuild_parameter":     rebuildParameter,
		"torch.nn.parameter.Parameter":        rebuildParameter,
		"torch._tensor._rebuild_from_type_v2": rebuildFromType,
		"torch.Tensor":                        nil, // an argument of the one before
		"torch.storage.UntypedStorage":        nil,
		"torch.Size":                          newSize,
		"torch.device":                        newDevice,
		"_codecs.encode":                      encodeLatin1,
		"builtins.bytes":                      newBytes,
		"builtins.bytearray":                  newByteArray,
		"builtins.set":                        newSet,
		"builtins.complex":                    newComplex,
	}
	for name, call := range functions {
		globals[name] = &global{name: name, call: call}
		if rest, ok := strings.CutPrefix(name, "builtins."); ok { // in Python 2, and so in protocol 2
			globals["__builtin__."+rest] = globals[name]
		}
	}
	globals["torch.storage.UntypedStorage"].(*global).element = torch.Uint8
	for d := torch.Uint8; d.Size() > 0; d++ {
		globals["torch."+d.String()] = d
		if class, ok := storageClasses[d]; ok {
			for _, module := range []string{"torch.", "torch.cuda."} {
				globals[module+class] = &global{name: module + class, element: d}
			}
		}
	}
}

// lookUp finds a global, and refuses the pickle where it is none of those known.
func (m *machine) lookUp(module, name string) any {
	g, ok := globals[module+"."+name]
	if m.storage == nil {
		if array, is := arrayGlobals[module+"."+name]; is {
			return array
		}
	}
	if !ok || strings.Contains(name, ".") { // a dotted name is a path through attributes
		full := mapfile.Quote(module + "." + name)
		refuse("the pickle asks for the global %s, which a tensor file does not need", full[1:len(full)-1])
	}
	return g
}

// call carries out REDUCE.
func (m *machine) call() {
	args, ok := m.pop().(Tuple)
	if !ok {
		refuse("the pickle calls something with arguments that are no tuple")
	}
	g, ok := m.pop().(*global)
	if !ok || g.call == nil {
		refuse("the pickle calls what is not a function")
	}
	m.spend(len(args))
	m.push(g.call(m, args))
}

// build carries out BUILD, which gives an object attributes. The one that a tensor file has is the _metadata of a state
// dictionary.
func (m *machine) build(object, state any) {
	if b, ok := object.(builder); ok {
		b.build(m, state)
		return
	}
	d, ok := object.(*Dict)
	attributes, ok2 := state.(*Dict)
	if !ok || !ok2 || d.Class != "OrderedDict" {
		refuse("the pickle sets attributes of %s", kind(object))
	}
	for _, item := range attributes.Items {
		if item.Key != "_metadata" {
			refuse("the pickle sets an attribute %.40q of an OrderedDict, which a tensor file does not need", fmt.Sprint(item.Key))
		}
		d.Metadata = item.Value
	}
}

// arguments checks how many there are.
func arguments(name string, args Tuple, least, most int) {
	if len(args) < least || len(args) > most {
		refuse("the pickle calls %s with %d arguments", name, len(args))
	}
}

// argument is args[i] as a T.
func argument[T any](name string, args Tuple, i int) T {
	v, ok := args[i].(T)
	if !ok {
		refuse("the pickle calls %s with an argument %d of a wrong type", name, i+1)
	}
	return v
}

// integers is args[i], a tuple of integers.
func integers(m *machine, name string, args Tuple, i int) []int {
	var items []any
	switch v := args[i].(type) {
	case Size:
		m.spend(len(v))
		return v
	case Tuple:
		items = v
	case *List:
		items = v.Items
	default:
		refuse("the pickle calls %s with an argument %d of a wrong type", name, i+1)
	}
	m.spend(len(items))
	out := make([]int, len(items))
	for k := range items {
		out[k] = int(argument[int64](name, items, k))
	}
	return out
}

// newDict makes a dictionary, empty or, as Python 2 wrote it, from a list of pairs.
func newDict(class string) func(m *machine, args Tuple) any {
	return func(m *machine, args Tuple) any {
		arguments(class, args, 0, 1)
		d := &Dict{Class: class}
		if len(args) == 0 {
			return d
		}
		switch from := args[0].(type) {
		case *List:
			for i := range from.Items {
				var pair []any
				switch p := from.Items[i].(type) {
				case *List:
					pair = p.Items
				case Tuple:
					pair = p
				}
				if len(pair) != 2 {
					refuse("the pickle makes an %s from what is no list of pairs", class)
				}
				m.spend(1)
				m.set(d, pair[0], pair[1])
			}
		case *Dict: // how a Counter is written
			m.spend(len(from.Items))
			for _, item := range from.Items {
				m.set(d, item.Key, item.Value)
			}
		default:
			refuse("the pickle makes an %s from %s", class, kind(args[0]))
		}
		return d
	}
}

func newSize(m *machine, args Tuple) any {
	arguments("torch.Size", args, 1, 1)
	return Size(slices.Clone(integers(m, "torch.Size", args, 0)))
}

func newDevice(_ *machine, args Tuple) any {
	const name = "torch.device"
	arguments(name, args, 1, 2)
	d := argument[string](name, args, 0)
	if len(args) == 2 {
		return Device(fmt.Sprintf("%s:%d", d, argument[int64](name, args, 1)))
	}
	return Device(d)
}

// encodeLatin1 is how protocol 2 writes bytes: as text of as many characters.
func encodeLatin1(m *machine, args Tuple) any {
	const name = "_codecs.encode"
	arguments(name, args, 2, 2)
	text, codec := argument[string](name, args, 0), argument[string](name, args, 1)
	if codec != "latin1" {
		refuse("the pickle encodes text as %s, not latin1", mapfile.Quote(codec))
	}
	m.spend(len(text) / 16)
	out := make(Bytes, 0, len(text))
	for _, r := range text {
		if r > 255 {
			refuse("the pickle has bytes beyond 255")
		}
		out = append(out, byte(r))
	}
	return out
}

// newBytes makes empty bytes, for which protocol 2 has no other way.
func newBytes(_ *machine, args Tuple) any {
	arguments("bytes", args, 0, 0)
	return Bytes{}
}

func newByteArray(m *machine, args Tuple) any {
	const name = "bytearray"
	arguments(name, args, 0, 1)
	if len(args) == 0 {
		return ByteArray{}
	}
	b := argument[Bytes](name, args, 0)
	m.spend(len(b) / 16)
	return ByteArray(slices.Clone(b))
}

func newSet(m *machine, args Tuple) any {
	arguments("set", args, 1, 1)
	items := argument[*List]("set", args, 0).Items
	m.spend(len(items))
	set := &Set{}
	m.addAll(set, items)
	return set
}

func newComplex(_ *machine, args Tuple) any {
	const name = "complex"
	arguments(name, args, 2, 2)
	return complex(argument[float64](name, args, 0), argument[float64](name, args, 1))
}

// storageOf is the first argument of the functions that rebuild tensors.
func storageOf(name string, args Tuple) *typedStorage { return argument[*typedStorage](name, args, 0) }

// rebuildTensor has the arguments storage, offset, size and stride.
func rebuildTensor(m *machine, args Tuple) any {
	const name = "torch._utils._rebuild_tensor"
	arguments(name, args, 4, 4)
	return view(m, name, args, storageOf(name, args).element)
}

// rebuildTensorV2 has further requires_grad, backward_hooks and, maybe, metadata.
func rebuildTensorV2(m *machine, args Tuple) any {
	const name = "torch._utils._rebuild_tensor_v2"
	arguments(name, args, 6, 7)
	t := view(m, name, args, storageOf(name, args).element)
	t.RequiresGrad = argument[bool](name, args, 4)
	plain(name, args, 6)
	return t
}

// rebuildTensorV3 has the type of the elements before the metadata, since its storage is untyped.
func rebuildTensorV3(m *machine, args Tuple) any {
	const name = "torch._utils._rebuild_tensor_v3"
	arguments(name, args, 7, 8)
	t := view(m, name, args, argument[torch.DType](name, args, 6))
	t.RequiresGrad = argument[bool](name, args, 4)
	plain(name, args, 7)
	return t
}

// plain refuses a tensor whose metadata, args[i], say that its bits are not the values: a conjugate or negative view.
func plain(name string, args Tuple, i int) {
	if i >= len(args) || args[i] == nil {
		return
	}
	if d := argument[*Dict](name, args, i); len(d.Items) > 0 {
		refuse("a tensor is a conjugate or negative view: save it with resolve_conj().resolve_neg()")
	}
}

func view(m *machine, name string, args Tuple, dtype torch.DType) *Tensor {
	t := &Tensor{
		DType: dtype, Storage: storageOf(name, args).Storage, Offset: int(argument[int64](name, args, 1)),
		Shape: slices.Clone(integers(m, name, args, 2)), Stride: slices.Clone(integers(m, name, args, 3)),
	}
	if err := t.check(); err != nil {
		refuse("a tensor %v", err)
	}
	return t
}

// rebuildParameter has the arguments data and, if not from before PyTorch 0.4, requires_grad and backward_hooks.
func rebuildParameter(_ *machine, args Tuple) any {
	const name = "torch._utils._rebuild_parameter"
	arguments(name, args, 1, 3)
	t := *argument[*Tensor](name, args, 0)
	t.Parameter, t.RequiresGrad = true, true
	if len(args) > 1 {
		t.RequiresGrad = argument[bool](name, args, 1)
	}
	return &t
}

// rebuildFromType has the arguments function, type, arguments and attributes: a tensor or parameter that carries Python
// attributes, which are left out.
func rebuildFromType(m *machine, args Tuple) any {
	const name = "torch._tensor._rebuild_from_type_v2"
	arguments(name, args, 4, 4)
	f, class := argument[*global](name, args, 0), argument[*global](name, args, 1)
	if class.name != "torch.Tensor" && class.name != "torch.nn.parameter.Parameter" || !strings.HasPrefix(f.name, "torch._utils._rebuild_") {
		refuse("the pickle rebuilds a %s by %s", class.name, f.name)
	}
	return f.call(m, argument[Tuple](name, args, 2))
}
