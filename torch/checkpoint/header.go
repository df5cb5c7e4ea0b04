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
	err = s.object("the header", func(key string) error {
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
		{"PK", "a zip archive, perhaps a .pth file"},
		{"\x80\x02", "a pickle, perhaps an old .pth file"},
		{"<", "a web page, perhaps a failed download"},
		{"version ", "a Git LFS pointer: fetch the file itself with git lfs pull"},
	} {
		if bytes.HasPrefix(file, []byte(kind.magic)) {
			return kind.name
		}
	}
	return ""
}

func (s *scanner) metadata(into map[string]string) error {
	if s.word("null") { // the reference implementation reads null as absent
		return nil
	}
	return s.object(metaKey, func(key string) error {
		value, err := s.str("the value of " + quote(key) + " in " + metaKey)
		into[key] = value
		return err
	})
}

// entry reads the description of one tensor. Unknown fields are refused: what they would change about the values is
// unknown as well.
func (s *scanner) entry(name string) (e entry, err error) {
	e.Name = name
	what := "tensor " + quote(name)
	var offsets []int64
	err = s.object(what, func(key string) (err error) {
		switch key {
		case "dtype":
			e.DType, err = s.str("the dtype of " + what)
		case "shape":
			e.Shape, err = s.integers("the shape of "+what, maxRank)
		case "data_offsets":
			offsets, err = s.integers("data_offsets of "+what, 2)
		default:
			err = fmt.Errorf("%s has an unknown field %s", what, quote(key))
		}
		return err
	})
	if err != nil {
		return e, err
	}
	switch {
	case e.DType == "":
		return e, fmt.Errorf("%s has no dtype", what)
	case e.Shape == nil:
		return e, fmt.Errorf("%s has no shape", what)
	case len(offsets) != 2:
		return e, fmt.Errorf("%s has %d data_offsets instead of 2", what, len(offsets))
	}
	var known bool
	if e.element, known = elementOf[e.DType]; !known {
		return e, fmt.Errorf("%s has the unknown dtype %s", what, quote(e.DType))
	}
	e.start, e.end = offsets[0], offsets[1]
	if e.start > e.end {
		return e, fmt.Errorf("%s ends at %d before it begins at %d", what, e.end, e.start)
	}
	e.Torch, e.Bytes = e.dtype, e.end-e.start
	var size int64
	if e.Count, size, err = sizes(e.Shape, e.element); err != nil {
		return e, fmt.Errorf("%s: %w", what, err)
	}
	if size != e.Bytes {
		return e, fmt.Errorf("%s of shape %v and type %s needs %d bytes, data_offsets hold %d", what, e.Shape, e.DType, size, e.Bytes)
	}
	return e, nil
}

// sizes counts the elements of a shape and the bytes that they take. Dimensions of 0 do not hide an overflow of the
// others: a library that computes strides from such a shape would meet it.
func sizes(shape []int64, e element) (count, size int64, err error) {
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
