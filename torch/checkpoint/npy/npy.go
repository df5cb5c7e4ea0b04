// Package npy reads and writes NumPy's arrays: .npy files, and .npz archives of them, such as the reference statistics mu
// and sigma of a Frechet distance. It needs no LibTorch.
//
//	stats, err := npy.ReadZip("fid_stats_lsun_train.npz", "mu", "sigma")
//	if err != nil {
//		return err // one sentence that names the file and what is wrong with it
//	}
//	mu := stats["mu"].Tensor() // float64, (2048)
//
// Read are versions 1 to 3 of the format, arrays of booleans, integers, floats and complex numbers in C and in Fortran
// order, of either byte order, stored and compressed. Arrays of Python objects, of text, times and records are refused.
// Memory follows the size of the file, never a number found in it; a compressed archive may expand to 64 times its size.
package npy

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/forgergan/forger/internal/atomicfile"
	"github.com/forgergan/forger/internal/mapfile"
	"github.com/forgergan/forger/internal/safezip"
	"github.com/forgergan/forger/torch"
)

// Array is an array of numbers.
type Array struct {
	DType torch.DType
	Shape []int
	Data  []byte // the values, row-major and little-endian
}

// Tensor copies the array to the CPU.
func (a Array) Tensor() *torch.Tensor { return torch.FromBytes(a.DType, a.Data, a.Shape...) }

// FormatError reports a file whose content is not what the format asks.
type FormatError = mapfile.FormatError

// Read reads the .npy file at path. One that is damaged or of another kind is refused with a [*FormatError].
func Read(path string) (Array, error) {
	var a Array
	err := readFile(path, func(file []byte) (err error) {
		a, err = decode(file)
		return err
	})
	return a, err
}

// ReadZip reads the named arrays of the .npz archive at path, all if none is named. It is an error if one is missing.
func ReadZip(path string, names ...string) (map[string]Array, error) {
	var arrays map[string]Array
	err := readFile(path, func(file []byte) (err error) {
		arrays, err = readZip(file, names)
		return err
	})
	return arrays, err
}

func readFile(path string, read func(file []byte) error) error {
	file, err := mapfile.Open(path)
	if err != nil {
		return err
	}
	defer mapfile.Close(file)
	return mapfile.Guard(path, func() error {
		if err := read(file); err != nil {
			return &FormatError{Path: path, Reason: err.Error()}
		}
		return nil
	})
}

func readZip(file []byte, names []string) (map[string]Array, error) {
	z, err := safezip.Open(file)
	if err != nil {
		return nil, err
	}
	arrays := map[string]Array{}
	for _, record := range z.Records {
		name := strings.TrimSuffix(record.Name, ".npy")
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		content, err := z.Read(record)
		if err != nil {
			return nil, err
		}
		a, err := decode(content)
		if err != nil {
			return nil, fmt.Errorf("array %s: %w", mapfile.Quote(name), err)
		}
		arrays[name] = a
	}
	for _, name := range names {
		if _, ok := arrays[name]; !ok {
			return nil, fmt.Errorf("it has no array %s", mapfile.Quote(name))
		}
	}
	return arrays, nil
}

// decode copies the array out of a whole .npy file.
func decode(file []byte) (Array, error) {
	h, err := parse(file)
	if err != nil {
		return Array{}, err
	}
	a := Array{DType: h.dtype, Shape: h.shape}
	values, size := file[h.start:], h.dtype.Size()
	if h.fortran && len(values) > 0 {
		a.Data = transpose(make([]byte, 0, len(values)), values, h.shape, size)
	} else {
		a.Data = slices.Clone(values)
	}
	if h.big {
		if h.dtype == torch.Complex64 || h.dtype == torch.Complex128 {
			size /= 2
		}
		for part := range slices.Chunk(a.Data, size) {
			slices.Reverse(part)
		}
	}
	return a, nil
}

// transpose appends values that lie in Fortran order in C order.
func transpose(out, values []byte, shape []int, size int) []byte {
	if len(shape) == 0 {
		return append(out, values[:size]...)
	}
	// Of an array of n rows, row i is at every n-th element from i on.
	strides := make([]int, len(shape))
	step := size
	for i, n := range shape {
		strides[i] = step
		step *= n
	}
	var walk func(dim, at int)
	walk = func(dim, at int) {
		if dim == len(shape) {
			out = append(out, values[at:at+size]...)
			return
		}
		for i := range shape[dim] {
			walk(dim+1, at+i*strides[dim])
		}
	}
	walk(0, 0)
	return out
}

// Write saves an array as a .npy file of version 1, atomically.
func Write(path string, a Array) error {
	head, err := headerOf(a)
	if err != nil {
		return fmt.Errorf("saving %s: %w", path, err)
	}
	return atomicfile.Write(path, func(w io.Writer) error { return writeArray(w, head, a) })
}

// WriteZip saves arrays as a .npz archive, atomically, in the order of their names. The same arrays give the same bytes.
func WriteZip(path string, arrays map[string]Array) error {
	heads := map[string]string{}
	for name, a := range arrays {
		head, err := headerOf(a)
		if err != nil {
			return fmt.Errorf("saving %s: array %s: %w", path, mapfile.Quote(name), err)
		}
		heads[name] = head
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		z := zip.NewWriter(w)
		for _, name := range slices.Sorted(maps.Keys(arrays)) {
			record, err := z.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: zip.Store})
			if err != nil {
				return err
			}
			if err := writeArray(record, heads[name], arrays[name]); err != nil {
				return err
			}
		}
		return z.Close()
	})
}

func writeArray(w io.Writer, head string, a Array) error {
	b := bufio.NewWriter(w)
	if _, err := b.WriteString(head); err != nil {
		return err
	}
	if _, err := b.Write(a.Data); err != nil {
		return err
	}
	return b.Flush()
}

// headerOf is what stands before the values of an array.
func headerOf(a Array) (string, error) {
	letter := ""
	for name, dtype := range types {
		if dtype == a.DType {
			letter = name
		}
	}
	if letter == "" {
		return "", fmt.Errorf("NumPy has no type %s", a.DType)
	}
	if size, err := sizeOf(a.DType, a.Shape); err != nil {
		return "", err
	} else if size != len(a.Data) {
		return "", fmt.Errorf("an array of shape %v and type %s needs %d bytes, not %d", a.Shape, a.DType, size, len(a.Data))
	}
	if len(a.Shape) > maxRank {
		return "", errors.New("it has too many dimensions")
	}
	order := "<"
	if a.DType.Size() == 1 {
		order = "|"
	}
	shape := ""
	for _, n := range a.Shape {
		shape += fmt.Sprintf("%d, ", n)
	}
	if len(a.Shape) != 1 { // NumPy writes (3,) but (3, 4)
		shape = strings.TrimSuffix(shape, ", ")
	}
	text := fmt.Sprintf("{'descr': '%s%s', 'fortran_order': False, 'shape': (%s), }", order, letter, strings.TrimSuffix(shape, " "))
	text += strings.Repeat(" ", alignment-1-(len(magic)+4+len(text))%alignment) + "\n"
	return magic + "\x01\x00" + string([]byte{byte(len(text)), byte(len(text) >> 8)}) + text, nil
}
