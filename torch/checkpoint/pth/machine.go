package pth

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"slices"
	"unicode/utf8"

	"github.com/forgergan/forger/internal/mapfile"
)

// Limits of a pickle, far above what any checkpoint holds. They bound memory and time; memory is also bounded by the
// pickle itself, a small number of bytes for each of its own.
const (
	maxWork     = 1 << 24  // values handled
	maxPickle   = 64 << 20 // bytes
	maxIntBytes = 1 << 10  // of one integer
	maxKeyBytes = 1 << 12  // of a dictionary key
	maxKeyItems = 16       // of a tuple as a key
)

// failure is what the machine panics with, and run turns into an error.
type failure string

func refuse(format string, args ...any) { panic(failure(fmt.Sprintf(format, args...))) }

// machine runs a pickle, a program that builds a value. It knows the instructions that build data and, for the two that
// call Python functions, the short list in globals.go: there is nothing in it that could run code.
type machine struct {
	data  []byte
	at    int
	work  int
	stack []any
	marks []int // where the stack was at each MARK
	memo  []any
	keys  map[*Dict]map[any]int // see indexOf
	// storage finds the storage that a persistent id names; nil in a plain pickle, which has no tensors but arrays of NumPy
	// and, from Python 2, strings of bytes.
	storage func(id Tuple) *typedStorage
}

// unset is in places of the memo that were never written.
type unset struct{}

// run runs one pickle from the current position and returns its value. Errors are clauses without the path.
func (m *machine) run() (v any, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			err = fmt.Errorf("%s", string(r))
		default:
			panic(r)
		}
	}()
	m.stack, m.marks, m.memo, m.keys = nil, nil, nil, map[*Dict]map[any]int{}
	for {
		op := m.take(1)[0]
		m.spend(1)
		if op == '.' {
			v = m.pop()
			return v, nil
		}
		m.step(op)
	}
}

// step carries out one instruction; the names are those of Python's pickletools.
func (m *machine) step(op byte) {
	switch op {
	case 0x80: // PROTO
		if v := m.take(1)[0]; v > 5 {
			refuse("the pickle has protocol %d, Python's last is 5", v)
		}
	case 0x95: // FRAME
		if n := m.uint(8); n > uint64(len(m.data)-m.at) {
			refuse("the pickle is cut off in a frame of %d bytes", n)
		}
	case '(': // MARK
		m.marks = append(m.marks, len(m.stack))
	case '0': // POP
		if n := len(m.marks); n > 0 && m.marks[n-1] == len(m.stack) {
			m.marks = m.marks[:n-1]
		} else {
			m.pop()
		}
	case '1': // POP_MARK
		m.popMark()
	case '2': // DUP
		m.push(m.top())

	case 'N':
		m.push(nil)
	case 0x88, 0x89: // NEWTRUE, NEWFALSE
		m.push(op == 0x88)
	case 'J': // BININT
		m.push(int64(int32(m.uint(4))))
	case 'K': // BININT1
		m.push(int64(m.uint(1)))
	case 'M': // BININT2
		m.push(int64(m.uint(2)))
	case 0x8a: // LONG1
		m.push(m.long(m.uint(1)))
	case 0x8b: // LONG4
		m.push(m.long(m.uint(4)))
	case 'G': // BINFLOAT
		m.push(math.Float64frombits(binary.BigEndian.Uint64(m.take(8))))
	case 0x8c: // SHORT_BINUNICODE
		m.push(m.text(m.uint(1)))
	case 'X': // BINUNICODE
		m.push(m.text(m.uint(4)))
	case 'U': // SHORT_BINSTRING: Python 2's text
		m.push(m.string(m.uint(1)))
	case 'T': // BINSTRING
		m.push(m.string(m.uint(4)))
	case 0x8d: // BINUNICODE8
		m.push(m.text(m.uint(8)))
	case 'C': // SHORT_BINBYTES
		m.push(Bytes(m.bytes(m.uint(1))))
	case 'B': // BINBYTES
		m.push(Bytes(m.bytes(m.uint(4))))
	case 0x8e: // BINBYTES8
		m.push(Bytes(m.bytes(m.uint(8))))
	case 0x96: // BYTEARRAY8
		m.push(ByteArray(m.bytes(m.uint(8))))

	case ']': // EMPTY_LIST
		m.push(&List{})
	case 'l': // LIST
		m.push(&List{Items: slices.Clone(m.popMark())})
	case 'a': // APPEND
		x := m.pop()
		m.list().Items = append(m.list().Items, x)
	case 'e': // APPENDS
		items := m.popMark()
		m.list().Items = append(m.list().Items, items...)
	case ')': // EMPTY_TUPLE
		m.push(Tuple{})
	case 't': // TUPLE
		m.push(Tuple(slices.Clone(m.popMark())))
	case 0x85, 0x86, 0x87: // TUPLE1, TUPLE2, TUPLE3
		m.push(Tuple(slices.Clone(m.popN(int(op - 0x84)))))
	case '}': // EMPTY_DICT
		m.push(&Dict{Class: "dict"})
	case 'd': // DICT
		items := slices.Clone(m.popMark())
		m.push(&Dict{Class: "dict"})
		m.setItems(items)
	case 's': // SETITEM
		m.setItems(slices.Clone(m.popN(2)))
	case 'u': // SETITEMS
		m.setItems(m.popMark())
	case 0x8f: // EMPTY_SET
		m.push(&Set{})
	case 0x90: // ADDITEMS
		items := m.popMark()
		set, ok := m.top().(*Set)
		if !ok {
			refuse("the pickle adds to %s as to a set", kind(m.top()))
		}
		m.addAll(set, items)

	case 'h': // BINGET
		m.get(m.uint(1))
	case 'j': // LONG_BINGET
		m.get(m.uint(4))
	case 'q': // BINPUT
		m.put(m.uint(1))
	case 'r': // LONG_BINPUT
		m.put(m.uint(4))
	case 0x94: // MEMOIZE
		m.put(uint64(len(m.memo)))

	case 'c': // GLOBAL
		module := m.line()
		m.push(m.lookUp(module, m.line()))
	case 0x93: // STACK_GLOBAL
		names := m.popN(2)
		module, ok1 := names[0].(string)
		name, ok2 := names[1].(string)
		if !ok1 || !ok2 {
			refuse("the pickle asks for a global whose name is not text")
		}
		m.push(m.lookUp(module, name))
	case 'i': // INST
		module := m.line()
		refuse("the pickle makes an instance of %s.%s, which a tensor file does not need", mapfile.Quote(module), mapfile.Quote(m.line()))
	case 'R', 0x81: // REDUCE, NEWOBJ
		m.call()
	case 'b': // BUILD
		state := m.pop()
		m.build(m.top(), state)
	case 'Q': // BINPERSID
		id, ok := m.pop().(Tuple)
		if !ok || m.storage == nil {
			refuse("the pickle names a storage by something else than a tuple, or where there is none")
		}
		m.push(m.storage(id))
	case 0x82, 0x83, 0x84: // EXT1, EXT2, EXT4
		refuse("the pickle asks for a class from Python's extension registry, which a tensor file does not need")
	default:
		if m.storage == nil {
			m.stepText(op)
			return
		}
		refuse("the pickle has the instruction 0x%02x, which PyTorch does not write", op)
	}
}

func (m *machine) spend(n int) {
	if m.work += n; m.work > maxWork {
		refuse("the pickle handles more than %d values", maxWork)
	}
}

// take reads the next n bytes.
func (m *machine) take(n uint64) []byte {
	if n > uint64(len(m.data)-m.at) {
		refuse("the pickle is cut off: %d bytes are announced, %d are there", n, len(m.data)-m.at)
	}
	part := m.data[m.at : m.at+int(n)]
	m.at += int(n)
	return part
}

// uint reads a little-endian integer of n bytes.
func (m *machine) uint(n uint64) (v uint64) {
	for i, b := range m.take(n) {
		v |= uint64(b) << (8 * i)
	}
	return v
}

func (m *machine) bytes(n uint64) []byte { return slices.Clone(m.take(n)) }

func (m *machine) text(n uint64) string {
	raw := m.take(n)
	if !utf8.Valid(raw) {
		refuse("the pickle has a string that is not UTF-8 text")
	}
	return string(raw)
}

// string reads Python 2's str. In a plain pickle it may be bytes.
func (m *machine) string(n uint64) any {
	if raw := m.data[m.at:]; m.storage == nil && n <= uint64(len(raw)) && !utf8.Valid(raw[:n]) {
		return Bytes(m.bytes(n))
	}
	return m.text(n)
}

// line reads the name of a module or class, which ends the line.
func (m *machine) line() string {
	for i, b := range m.data[m.at:] {
		if b == '\n' {
			name := m.text(uint64(i))
			m.at++
			return name
		}
	}
	refuse("the pickle is cut off inside a name")
	return ""
}

// long reads a two's complement integer of n bytes: an int64 where it fits, a *big.Int otherwise.
func (m *machine) long(n uint64) any {
	if n > maxIntBytes {
		refuse("the pickle has an integer of %d bytes, the limit is %d", n, maxIntBytes)
	}
	raw := m.bytes(n)
	slices.Reverse(raw)
	v := new(big.Int).SetBytes(raw)
	if n > 0 && raw[0]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), 8*uint(n)))
	}
	if v.IsInt64() {
		return v.Int64()
	}
	return v
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

// floor is how deep the instructions may reach into the stack.
func (m *machine) floor() int {
	if n := len(m.marks); n > 0 {
		return m.marks[n-1]
	}
	return 0
}

// popN takes the last n values; they are valid until the next push.
func (m *machine) popN(n int) []any {
	at := len(m.stack) - n
	if at < m.floor() {
		refuse("the pickle takes more values than it has made")
	}
	values := m.stack[at:]
	m.stack = m.stack[:at]
	return values
}

func (m *machine) pop() any { return m.popN(1)[0] }

func (m *machine) top() any {
	v := m.pop()
	m.push(v)
	return v
}

// popMark takes what was pushed since the last MARK; it is valid until the next push.
func (m *machine) popMark() []any {
	n := len(m.marks)
	if n == 0 {
		refuse("the pickle lacks a MARK")
	}
	values := m.popN(len(m.stack) - m.marks[n-1])
	m.marks = m.marks[:n-1]
	return values
}

func (m *machine) put(i uint64) {
	// Python numbers them from 0 on, and needs at least an instruction for each.
	if i >= uint64(m.work) {
		refuse("the pickle remembers a value as number %d, more than it can have", i)
	}
	v := m.top()
	for uint64(len(m.memo)) <= i {
		m.memo = append(m.memo, unset{})
	}
	m.memo[i] = v
}

func (m *machine) get(i uint64) {
	if i >= uint64(len(m.memo)) || m.memo[i] == (unset{}) {
		refuse("the pickle recalls value number %d, which it did not remember", i)
	}
	m.push(m.memo[i])
}

func (m *machine) list() *List {
	list, ok := m.top().(*List)
	if !ok {
		refuse("the pickle appends to %s as to a list", kind(m.top()))
	}
	return list
}

// kind names a value's type in Python.
func kind(v any) string {
	switch v := v.(type) {
	case *List:
		return "a list"
	case *Set:
		return "a set"
	case *Dict:
		return "a " + v.Class
	case Tuple:
		return "a tuple"
	case *Tensor:
		return "a tensor"
	case *typedStorage:
		return "a storage"
	case *global:
		return "the global " + v.name
	}
	return fmt.Sprintf("a value of type %T", v)
}
