package checkpoint

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/forgergan/forger/internal/mapfile"
	"github.com/forgergan/forger/torch"
)

// checksumKey is the metadata key under which [Save] stores the SHA-256 of the data section, in hexadecimal.
const checksumKey = "forger.sha256"

// Info describes one tensor of a file.
type Info struct {
	Name  string
	DType string      // the format's name: "F32", "BF16", "F8_E4M3"
	Torch torch.DType // the same type for LibTorch, DefaultDType where Forger has none
	Shape []int       // not to be changed
	Count int64       // number of elements
	Bytes int64       // size of the values
}

// File is an open safetensors file. Its methods may be called from several goroutines at once, Close excepted.
type File struct {
	path   string
	mapped []byte
	header *header
	index  map[string]int
}

// Open maps a safetensors file into memory, reads its header and checks it: the length of header and file, the JSON,
// that no name occurs twice, that sizes follow from types and shapes, and that the tensors cover the data without gap
// or overlap. A file that fails is refused with a [*FormatError]; one that cannot be opened gives the operating
// system's error, so errors.Is(err, fs.ErrNotExist) works. The values are not read: see [File.Verify].
func Open(path string) (*File, error) {
	mapped, err := mapfile.Open(path)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, mapped: mapped}
	if err := mapfile.Guard(path, f.readHeader); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (f *File) readHeader() error {
	h, err := parse(f.mapped)
	if err != nil {
		return &FormatError{Path: f.path, Reason: err.Error()}
	}
	f.header, f.index = h, make(map[string]int, len(h.entries))
	for i := range h.entries {
		f.index[h.entries[i].Name] = i
	}
	return nil
}

// Close ends the mapping: every slice from Bytes and Tensors becomes invalid, and touching one crashes the program.
// Closing again does nothing.
func (f *File) Close() error {
	mapped := f.mapped
	f.mapped = nil
	return mapfile.Close(mapped)
}

// Names lists the tensors in the order of the header, which is the order in which [Save] was given them.
func (f *File) Names() []string {
	names := make([]string, len(f.header.entries))
	for i := range names {
		names[i] = f.header.entries[i].Name
	}
	return names
}

// Info describes the tensor; it is an error if the file has none of that name.
func (f *File) Info(name string) (Info, error) {
	e, err := f.find(name)
	if err != nil {
		return Info{}, err
	}
	return e.Info, nil
}

// Bytes is the values of the tensor, row-major and little-endian: a read-only view into the mapped file, valid until
// Close. It is an error if the file has no tensor of that name or is closed, or if the element type is one that
// Forger lacks. A BOOL of another byte than 0 and 1 counts as true. In a file of another program the view may start
// at any address; in one from [Save] it is aligned to the element size.
func (f *File) Bytes(name string) ([]byte, error) {
	e, err := f.find(name)
	if err != nil {
		return nil, err
	}
	if e.Torch == none {
		return nil, fmt.Errorf("%s: tensor %s has type %s, which Forger cannot use: convert the file to F32 or BF16", f.path, quote(name), e.DType)
	}
	if f.mapped == nil {
		return nil, fmt.Errorf("%s: %w", f.path, os.ErrClosed)
	}
	return f.raw(e), nil
}

// Tensors lists all tensors in the order of Names, each with a view as from Bytes and under its conditions.
func (f *File) Tensors() ([]Tensor, error) {
	tensors := make([]Tensor, len(f.header.entries))
	for i := range tensors {
		info := f.header.entries[i].Info
		data, err := f.Bytes(info.Name)
		if err != nil {
			return nil, err
		}
		tensors[i] = Tensor{Name: info.Name, DType: info.Torch, Shape: slices.Clone(info.Shape), Data: data}
	}
	return tensors, nil
}

// Metadata is a copy of the file's metadata, which are strings by name. Files from [Save] have the checksum of their
// data among them.
func (f *File) Metadata() map[string]string { return maps.Clone(f.header.metadata) }

// Verify reads all values and compares their SHA-256 with the one that [Save] stored. It returns an error that wraps
// [ErrNoChecksum] if the file has none, and a [*FormatError] if the two differ.
func (f *File) Verify() error {
	want, ok := f.header.metadata[checksumKey]
	if !ok {
		return fmt.Errorf("%s: %w", f.path, ErrNoChecksum)
	}
	if f.mapped == nil {
		return fmt.Errorf("%s: %w", f.path, os.ErrClosed)
	}
	return mapfile.Guard(f.path, func() error {
		if sum := sha256.Sum256(f.mapped[f.header.data:]); hex.EncodeToString(sum[:]) != want {
			return &FormatError{Path: f.path, Reason: "the checksum of the data does not match: the file is damaged; use another copy or an earlier checkpoint"}
		}
		return nil
	})
}

func (f *File) find(name string) (*entry, error) {
	i, ok := f.index[name]
	if !ok {
		return nil, errors.New(f.path + ": the file has no tensor " + quote(name))
	}
	return &f.header.entries[i], nil
}

// raw is the bytes of a tensor of any type.
func (f *File) raw(e *entry) []byte {
	return f.mapped[f.header.data+e.start : f.header.data+e.end : f.header.data+e.end]
}
