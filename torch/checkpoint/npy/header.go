package npy

import (
	"errors"
	"fmt"
	"math/bits"
	"regexp"
	"strconv"
	"strings"

	"github.com/forgergan/forger/internal/mapfile"
	"github.com/forgergan/forger/torch"
)

const (
	magic     = "\x93NUMPY"
	maxHeader = 1 << 16 // a shape and a type need no more, whatever the field allows
	maxRank   = 64
	alignment = 64 // of the values in a file, as NumPy writes it
)

// types are the element types by NumPy's letter and size.
var types = map[string]torch.DType{
	"b1": torch.Bool, "u1": torch.Uint8, "u2": torch.Uint16, "u4": torch.Uint32, "u8": torch.Uint64,
	"i1": torch.Int8, "i2": torch.Int16, "i4": torch.Int32, "i8": torch.Int64,
	"f2": torch.Float16, "f4": torch.Float32, "f8": torch.Float64, "c8": torch.Complex64, "c16": torch.Complex128,
}

// header is what stands before the values.
type header struct {
	dtype   torch.DType
	big     bool // big-endian
	fortran bool // the first dimension changes fastest
	shape   []int
	size    int // of the values in bytes
	start   int // where they begin
}

// The header is a Python dictionary of three keys, which NumPy writes in this order.
var dictionary = regexp.MustCompile(`^\{\s*'descr'\s*:\s*(.*?)\s*,\s*'fortran_order'\s*:\s*(True|False)\s*,\s*'shape'\s*:\s*\(([0-9L,\s]*)\)\s*,?\s*\}\s*$`)

// parse reads the header of a whole file and checks it against the file's size. Errors are clauses without the path.
func parse(file []byte) (h header, err error) {
	if len(file) < 10 || string(file[:6]) != magic {
		if kind := mapfile.Foreign(file); kind != "" {
			return h, errors.New("not a .npy file: it is " + kind)
		}
		return h, errors.New("not a .npy file: it does not begin with NumPy's mark")
	}
	version, field := file[6], 2
	switch {
	case version < 1 || version > 3 || file[7] != 0:
		return h, fmt.Errorf("its version of the format is %d.%d, the last known is 3.0", version, file[7])
	case version > 1:
		field = 4
	}
	if len(file) < 8+field {
		return h, errors.New("the file is cut off inside the header")
	}
	length := 0
	for i := range field {
		length |= int(file[8+i]) << (8 * i)
	}
	h.start = 8 + field + length
	if length > maxHeader {
		return h, fmt.Errorf("its header has %d bytes, the limit is %d", length, maxHeader)
	}
	if h.start > len(file) {
		return h, errors.New("the file is cut off inside the header")
	}
	parts := dictionary.FindSubmatch(file[8+field : h.start])
	if parts == nil {
		return h, fmt.Errorf("its header is not that of an array: %s", mapfile.Quote(string(file[8+field:h.start])))
	}
	if h.dtype, h.big, err = typeOf(string(parts[1])); err != nil {
		return h, err
	}
	h.fortran = string(parts[2]) == "True"
	if h.shape, err = shapeOf(string(parts[3])); err != nil {
		return h, err
	}
	if h.size, err = sizeOf(h.dtype, h.shape); err != nil {
		return h, err
	}
	if have := len(file) - h.start; have != h.size {
		return h, fmt.Errorf("an array of shape %v and type %s needs %d bytes, %d are there", h.shape, h.dtype, h.size, have)
	}
	return h, nil
}

// typeOf reads a type such as '<f8'.
func typeOf(descr string) (dtype torch.DType, big bool, err error) {
	if len(descr) > 4 && descr[0] == '\'' && descr[len(descr)-1] == '\'' {
		dtype = types[descr[2:len(descr)-1]]
	}
	switch {
	case strings.HasPrefix(descr, "'|O"):
		return 0, false, errors.New("it is an array of Python objects, which only Python can read: save numbers")
	case dtype == torch.DefaultDType || !strings.ContainsRune("<>|=", rune(descr[1])):
		return 0, false, fmt.Errorf("it is an array of type %s, not of numbers", mapfile.Quote(descr))
	}
	return dtype, descr[1] == '>', nil
}

// shapeOf reads the inside of a tuple: "", "3," or "3, 4".
func shapeOf(text string) ([]int, error) {
	shape := []int{}
	text = strings.TrimSuffix(strings.TrimSpace(text), ",")
	if text == "" {
		return shape, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(part), "L")) // Python 2's long
		if err != nil {
			return nil, fmt.Errorf("its shape (%s) is not one of integers", mapfile.Quote(text))
		}
		if shape = append(shape, n); len(shape) > maxRank {
			return nil, fmt.Errorf("it has more than %d dimensions", maxRank)
		}
	}
	return shape, nil
}

// sizeOf is the number of bytes of an array. Dimensions of 0 do not hide an overflow of the others.
func sizeOf(dtype torch.DType, shape []int) (int, error) {
	size, empty := uint64(dtype.Size()), false
	for _, n := range shape {
		if n < 0 {
			return 0, fmt.Errorf("its shape %v has a negative dimension", shape)
		}
		empty = empty || n == 0
		high, low := bits.Mul64(size, uint64(max(n, 1)))
		if high != 0 || low > 1<<62 {
			return 0, fmt.Errorf("its shape %v has too many elements", shape)
		}
		size = low
	}
	if empty {
		return 0, nil
	}
	return int(size), nil
}
