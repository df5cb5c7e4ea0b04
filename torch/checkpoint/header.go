package checkpoint

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/forgergan/forger/internal/mapfile"
)

const (
	lengthSize = 8           // bytes of the field with the header's length
	maxHeader  = 100_000_000 // the format's own limit
	maxRank    = 64          // no tensor library goes further
	metaKey    = "__metadata__"
)

// entry is a tensor as the header describes it; start and end count from the first byte of the data.
type entry struct {
	Info
	element
	start, end int64
}

// header is a parsed and checked header.
type header struct {
	entries  []entry
	metadata map[string]string
	data     int64 // where the data begins in the file
}

// parse reads the header of a whole file and checks everything that it says against the size of the file. Errors are
// clauses without the path.
func parse(file []byte) (*header, error) {
	text, err := headerText(file)
	if err != nil {
		return nil, err
	}
	h := &header{metadata: map[string]string{}, data: int64(lengthSize + len(text))}
	s := &scanner{text: text}
	err = s.object(func(key string) error {
		if key == metaKey {
			return s.metadata(h.metadata)
		}
		e, err := s.entry(key)
		h.entries = append(h.entries, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	if s.peek() != 0 || s.at < len(text) {
		return nil, s.syntaxError("text behind the object: %s", s.found())
	}
	return h, checkLayout(h.entries, int64(len(file))-h.data)
}

// headerText finds the JSON text in the file.
func headerText(file []byte) ([]byte, error) {
	if len(file) < lengthSize {
		return nil, fmt.Errorf("not a safetensors file: it has %d bytes, fewer than the length field needs", len(file))
	}
	n := binary.LittleEndian.Uint64(file)
	// What is saved under a wrong name is nearly always one of these, and all of them look like a huge header.
	if n > maxHeader {
		if kind := otherKind(file); kind != "" {
			return nil, errors.New("not a safetensors file: it is " + kind)
		}
		return nil, fmt.Errorf("not a safetensors file: its header would have %d bytes, the limit is %d", n, maxHeader)
	}
	if n > uint64(len(file)-lengthSize) {
		return nil, fmt.Errorf("the file is cut off: its header has %d bytes, %d are there", n, len(file)-lengthSize)
	}
	text := file[lengthSize : lengthSize+n]
	if len(text) == 0 || text[0] != '{' {
		return nil, errors.New("not a safetensors file: its header does not begin with {")
	}
	if !utf8.Valid(text) {
		return nil, errors.New("the header is not UTF-8 text")
	}
	return text, nil
}

// otherKind names the kind of a file that is not safetensors by its first bytes, "" if unknown.
func otherKind(file []byte) string {
	for _, kind := range []struct{ magic, name string }{
		{"PK", "a zip archive"},
		{"\x80\x02", "a pickle"},
	} {
		if bytes.HasPrefix(file, []byte(kind.magic)) {
			return kind.name
		}
	}
	return mapfile.Foreign(file)
}

func (s *scanner) metadata(into map[string]string) error {
	if s.word("null") { // the reference implementation reads null as absent
		return nil
	}
	err := s.object(func(key string) error {
		value, err := s.str()
		if err != nil {
			return fmt.Errorf("%s: %w", quote(key), err)
		}
		into[key] = value
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", metaKey, err)
	}
	return nil
}

// entry reads the description of one tensor.
func (s *scanner) entry(name string) (entry, error) {
	e := entry{Info: Info{Name: name}}
	if err := s.fields(&e); err != nil {
		return e, fmt.Errorf("tensor %s: %w", quote(name), err)
	}
	return e, nil
}

// fields reads and checks what the header says about a tensor. Unknown fields are refused: what they would change about
// the values is unknown as well.
func (s *scanner) fields(e *entry) error {
	var offsets []int
	err := s.object(func(key string) (err error) {
		switch key {
		case "dtype":
			e.DType, err = s.str()
		case "shape":
			e.Shape, err = s.integers(maxRank)
		case "data_offsets":
			offsets, err = s.integers(2)
		default:
			return fmt.Errorf("unknown field %s", quote(key))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	switch {
	case e.DType == "":
		return errors.New("no dtype")
	case e.Shape == nil:
		return errors.New("no shape")
	case offsets == nil:
		return errors.New("no data_offsets")
	case len(offsets) < 2:
		return fmt.Errorf("%d data_offsets instead of 2", len(offsets))
	}
	var known bool
	if e.element, known = elementOf[e.DType]; !known {
		return fmt.Errorf("unknown dtype %s", quote(e.DType))
	}
	e.DType, e.Torch = e.name, e.dtype // the table's string, so that a name a tensor need not stay in memory
	if e.start, e.end = int64(offsets[0]), int64(offsets[1]); e.start > e.end {
		return fmt.Errorf("it ends at %d before it begins at %d", e.end, e.start)
	}
	if e.Count, e.Bytes, err = sizes(e.Shape, e.element); err != nil {
		return err
	}
	if e.Bytes != e.end-e.start {
		return fmt.Errorf("the shape %v of type %s needs %d bytes, data_offsets hold %d", e.Shape, e.DType, e.Bytes, e.end-e.start)
	}
	return nil
}

// sizes counts the elements of a shape and the bytes that they take. Dimensions of 0 do not hide an overflow of the
// others: a library that computes strides from such a shape would meet it.
func sizes(shape []int, e element) (count, size int64, err error) {
	product, empty := uint64(1), false
	for _, d := range shape {
		if d < 0 {
			return 0, 0, fmt.Errorf("the shape %v has a negative dimension", shape)
		}
		empty = empty || d == 0
		high, low := bits.Mul64(product, uint64(max(d, 1)))
		if high != 0 || low > math.MaxInt64/e.bits {
			return 0, 0, fmt.Errorf("the shape %v has too many elements", shape)
		}
		product = low
	}
	if empty {
		return 0, 0, nil
	}
	if product*e.bits%8 != 0 {
		return 0, 0, fmt.Errorf("the shape %v of type %s does not fill whole bytes", shape, e.name)
	}
	return int64(product), int64(product * e.bits / 8), nil
}

// checkLayout checks that the tensors tile the data section: each byte belongs to exactly one tensor, as the format
// asks, so that no file can be two things to two readers.
func checkLayout(entries []entry, size int64) error {
	order := make([]*entry, len(entries))
	for i := range entries {
		order[i] = &entries[i]
	}
	slices.SortFunc(order, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end))
	})
	at := int64(0)
	for i, e := range order {
		switch {
		case e.start < at:
			return fmt.Errorf("tensors %s and %s overlap", quote(order[i-1].Name), quote(e.Name))
		case e.end > size:
			return fmt.Errorf("the file is cut off: tensor %s ends at byte %d of the data, which has %d", quote(e.Name), e.end, size)
		case e.start > at:
			return fmt.Errorf("bytes %d to %d of the data, before tensor %s, belong to no tensor", at, e.start, quote(e.Name))
		}
		at = e.end
	}
	if at != size {
		return fmt.Errorf("the file is too long: its tensors end at byte %d of the data, which has %d", at, size)
	}
	return nil
}
