package pth

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/forgergan/forger/torch"
)

// encoder writes a pickle of protocol 2, which every version of PyTorch reads.
type encoder struct {
	out  []byte
	memo map[any]int // numbers of the containers and tensors written, by pointer; a tuple has that to its first item
	// storages numbers what has memory of its own, by *Storage or *torch.Tensor; contents reads it.
	storages map[any]int
	contents []func() ([]byte, error)
	types    map[any]torch.DType // of the elements of each storage, by the same; Uint8 for an untyped one
}

func newEncoder() *encoder {
	return &encoder{memo: map[any]int{}, storages: map[any]int{}, types: map[any]torch.DType{}}
}

func (e *encoder) pickle(v any) ([]byte, error) {
	if err := checkTree(v); err != nil {
		return nil, err
	}
	e.out = append(e.out, 0x80, 2)
	if err := e.value(v); err != nil {
		return nil, err
	}
	return append(e.out, '.'), nil
}

func (e *encoder) op(bytes ...byte) { e.out = append(e.out, bytes...) }

func (e *encoder) value(v any) error {
	switch v := v.(type) {
	case nil:
		e.op('N')
	case bool:
		if v {
			e.op(0x88)
		} else {
			e.op(0x89)
		}
	case int:
		e.int(int64(v))
	case int64:
		e.int(v)
	case *big.Int:
		return e.long(v)
	case float64:
		e.op('G')
		e.out = binary.BigEndian.AppendUint64(e.out, math.Float64bits(v))
	case complex128:
		e.global("__builtin__", "complex")
		return e.call(real(v), imag(v))
	case string:
		return e.text(v)
	case Bytes:
		return e.bytes(v)
	case ByteArray:
		e.global("__builtin__", "bytearray")
		return e.call(Bytes(v))
	case []any:
		return e.value(&List{v})
	case *List:
		return e.once(v, func() error { return e.list(v) })
	case *Set:
		for _, x := range v.Items {
			if !isKey(x) {
				return fmt.Errorf("%s cannot be in a set", kind(x))
			}
		}
		return e.once(v, func() error {
			e.global("__builtin__", "set")
			return e.call(&List{v.Items})
		})
	case Tuple:
		if len(v) == 0 {
			return e.tuple(v)
		}
		return e.once(&v[0], func() error { return e.tuple(v) })
	case *Dict:
		return e.once(v, func() error { return e.dict(v) })
	case Size:
		e.global("torch", "Size")
		return e.call(tupleOf(v))
	case Device:
		e.global("torch", "device")
		return e.call(string(v))
	case torch.DType:
		if v.Size() == 0 {
			return fmt.Errorf("%s is no element type", v)
		}
		e.global("torch", v.String())
	case *Tensor:
		return e.once(v, func() error { return e.view(v) })
	case *torch.Tensor:
		return e.once(v, func() error { return e.tensor(v) })
	default:
		return fmt.Errorf("a .pth file cannot hold a %T", v)
	}
	return nil
}

// once writes a value that may be shared, and at its next place just its number.
func (e *encoder) once(id any, write func() error) error {
	if n, ok := e.memo[id]; ok {
		e.op('j')
		e.out = binary.LittleEndian.AppendUint32(e.out, uint32(n))
		return nil
	}
	if err := write(); err != nil {
		return err
	}
	n := len(e.memo)
	e.memo[id] = n
	e.op('r')
	e.out = binary.LittleEndian.AppendUint32(e.out, uint32(n))
	return nil
}

func (e *encoder) int(v int64) {
	switch {
	case v >= 0 && v <= math.MaxUint8:
		e.op('K', byte(v))
	case v >= math.MinInt32 && v <= math.MaxInt32:
		e.op('J')
		e.out = binary.LittleEndian.AppendUint32(e.out, uint32(v))
	default:
		e.op(0x8a, 8)
		e.out = binary.LittleEndian.AppendUint64(e.out, uint64(v))
	}
}

// long writes an integer of any size in two's complement.
func (e *encoder) long(v *big.Int) error {
	n := v.BitLen()/8 + 1 // with room for the sign
	if n > maxIntBytes {
		return fmt.Errorf("an integer of %d bits is too large", v.BitLen())
	}
	raw := new(big.Int).Add(v, new(big.Int).Lsh(big.NewInt(1), 8*uint(n))).FillBytes(make([]byte, n+1))[1:]
	slices.Reverse(raw)
	e.op(0x8b)
	e.out = binary.LittleEndian.AppendUint32(e.out, uint32(n))
	e.out = append(e.out, raw...)
	return nil
}

func (e *encoder) text(s string) error {
	if !utf8.ValidString(s) || len(s) > maxPickle {
		return fmt.Errorf("a string of %d bytes is not UTF-8 text or too long", len(s))
	}
	e.op('X')
	e.out = binary.LittleEndian.AppendUint32(e.out, uint32(len(s)))
	e.out = append(e.out, s...)
	return nil
}

// bytes are written in protocol 2 as text that is to be encoded.
func (e *encoder) bytes(b Bytes) error {
	text := make([]rune, len(b))
	for i, c := range b {
		text[i] = rune(c)
	}
	e.global("_codecs", "encode")
	return e.call(string(text), "latin1")
}

func (e *encoder) global(module, name string) {
	e.out = append(e.out, "c"+module+"\n"+name+"\n"...)
}

// call calls what was written last.
func (e *encoder) call(args ...any) error {
	if err := e.tuple(args); err != nil {
		return err
	}
	e.op('R')
	return nil
}

func (e *encoder) tuple(items Tuple) error {
	if len(items) == 0 {
		e.op(')')
		return nil
	}
	e.op('(')
	for _, x := range items {
		if err := e.value(x); err != nil {
			return err
		}
	}
	e.op('t')
	return nil
}

func (e *encoder) list(l *List) error {
	e.op(']', '(')
	for _, x := range l.Items {
		if err := e.value(x); err != nil {
			return err
		}
	}
	e.op('e')
	return nil
}

func (e *encoder) dict(d *Dict) error {
	switch d.Class {
	case "", "dict":
		e.op('}')
	case "OrderedDict", "Counter":
		e.global("collections", d.Class)
		e.op(')', 'R')
	default:
		return fmt.Errorf("a .pth file cannot hold a %s", d.Class)
	}
	if err := e.items(d.Items); err != nil {
		return err
	}
	if d.Metadata == nil {
		return nil
	}
	e.op('}')
	if err := e.items([]Item{{"_metadata", d.Metadata}}); err != nil {
		return err
	}
	e.op('b')
	return nil
}

func (e *encoder) items(items []Item) error {
	e.op('(')
	for _, item := range items {
		if !isKey(item.Key) {
			return fmt.Errorf("%s cannot be a key of a dictionary", kind(item.Key))
		}
		if err := e.value(item.Key); err != nil {
			return err
		}
		if err := e.value(item.Value); err != nil {
			return err
		}
	}
	e.op('u')
	return nil
}

// view writes a tensor with its place in its storage.
func (e *encoder) view(t *Tensor) error {
	if t.DType.Size() == 0 {
		return fmt.Errorf("a tensor has the type %s", t.DType)
	}
	if err := t.check(); err != nil {
		return fmt.Errorf("a tensor %w", err)
	}
	return e.rebuild(t, t.Storage, t.Storage.Bytes)
}

// tensor writes a tensor of LibTorch with a storage of its own.
func (e *encoder) tensor(x *torch.Tensor) error {
	t := &Tensor{}
	err := torch.Try(func() {
		t.DType, t.Shape = x.DType(), x.Shape()
	})
	if err != nil {
		return err
	}
	t.Stride = rowMajor(t.Shape)
	n, err := t.numel()
	if err != nil {
		return fmt.Errorf("a tensor %w", err)
	}
	t.Storage = &Storage{size: n * t.DType.Size()}
	return e.rebuild(t, x, func() ([]byte, error) { return tensorBytes(x) })
}

// rebuild writes the call that makes a tensor. Its storage is known by id.
func (e *encoder) rebuild(t *Tensor, id any, content func() ([]byte, error)) error {
	number, ok := e.storages[id]
	class, typed := storageClasses[t.DType]
	rebuild, module, element := "_rebuild_tensor_v2", "torch", t.DType
	if !typed {
		rebuild, module, class, element = "_rebuild_tensor_v3", "torch.storage", "UntypedStorage", torch.Uint8
	}
	if !ok {
		number = len(e.contents)
		e.storages[id], e.types[id] = number, element
		e.contents = append(e.contents, content)
	}
	if other := e.types[id]; other != element || t.Storage.size%element.Size() != 0 {
		return fmt.Errorf("a storage of %d bytes is viewed as %s and %s, which PyTorch refuses", t.Storage.size, other, element)
	}
	if t.Parameter {
		e.global("torch._utils", "_rebuild_parameter")
		e.op('(')
	}
	e.global("torch._utils", rebuild)
	e.op('(', '(')
	_ = e.text("storage")
	e.global(module, class)
	_ = e.text(strconv.Itoa(number))
	_ = e.text("cpu")
	e.int(int64(t.Storage.size / element.Size()))
	e.op('t', 'Q')
	e.int(int64(t.Offset))
	_ = e.tuple(tupleOf(t.Shape))
	_ = e.tuple(tupleOf(t.Stride))
	_ = e.value(t.RequiresGrad && !t.Parameter)
	e.noHooks()
	if !typed {
		e.global("torch", t.DType.String())
	}
	e.op('t', 'R')
	if t.Parameter {
		_ = e.value(t.RequiresGrad)
		e.noHooks()
		e.op('t', 'R')
	}
	return nil
}

// noHooks writes the empty OrderedDict of backward hooks.
func (e *encoder) noHooks() {
	e.global("collections", "OrderedDict")
	e.op(')', 'R')
}

func tupleOf(numbers []int) Tuple {
	t := make(Tuple, len(numbers))
	for i, n := range numbers {
		t[i] = n
	}
	return t
}
