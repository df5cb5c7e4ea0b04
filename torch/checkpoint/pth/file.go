package pth

import (
	"fmt"
	"io"
	"math/bits"
	"os"

	"github.com/forgergan/forger/internal/mapfile"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// File is an open .pth file. Its methods may be called from several goroutines at once, Close excepted.
type File struct {
	path   string
	mapped []byte
	open   bool
	value  any
	crc    bool

	storages map[string]*typedStorage // by key
	// locate finds the content of a storage, which it may leave for later; size is in bytes.
	locate func(key, location string, size int) (*Storage, error)
}

// Open maps a file into memory, reads its pickle and checks it; a zip archive and the format before PyTorch 1.6 are
// told apart by their first bytes. The values of tensors are not read. A file that is damaged, of another kind or that
// asks for more than tensors and plain values is refused with a [*FormatError]; one that cannot be opened gives the
// operating system's error.
func Open(path string) (*File, error) {
	mapped, err := mapfile.Open(path)
	if err != nil {
		return nil, err
	}
	f := &File{path: path, mapped: mapped, open: true, storages: map[string]*typedStorage{}}
	if err := mapfile.Guard(path, f.parse); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// parse reads everything but the values of tensors.
func (f *File) parse() (err error) {
	switch {
	case isZip(f.mapped):
		f.crc = true
		err = f.parseZip()
	case isLegacy(f.mapped):
		err = f.parseLegacy()
	default:
		err = notPth(f.mapped)
	}
	if err == nil {
		err = checkTree(f.value)
	}
	if err != nil {
		return f.bad("%w", err)
	}
	return nil
}

func (f *File) bad(format string, args ...any) error {
	return &FormatError{Path: f.path, Reason: fmt.Errorf(format, args...).Error()}
}

// FormatError reports a file whose content is not what the format asks.
type FormatError = mapfile.FormatError

// Close ends the mapping: slices from Bytes become invalid, and touching one crashes the program. Closing again does
// nothing.
func (f *File) Close() error {
	mapped := f.mapped
	f.mapped, f.open = nil, false
	return mapfile.Close(mapped)
}

func (f *File) closed() error {
	if !f.open {
		return fmt.Errorf("%s: %w", f.path, os.ErrClosed)
	}
	return nil
}

// Value is what torch.save was given. It can be walked: it is finite, at most 100 deep, and no list contains itself. It
// consists of
//
//	nil, bool, int64 (or *big.Int beyond it), float64, complex128, string
//	Bytes, ByteArray, *List, Tuple, *Set, *Dict
//	*Tensor, torch.DType, Size, Device
func (f *File) Value() any { return f.value }

// Checksum reports whether the file carries checksums of its values, which reading compares: zip archives do.
func (f *File) Checksum() bool { return f.crc }

// StateDict copies the tensors below a place of the tree, as [At] finds it, to the CPU, in the file's order and for
// nn.LoadStateDict:
//
//	state, err := f.StateDict("netG")
//
// No path means the whole tree. Names are dotted paths from there. Other values are left out. A tensor that stands
// under several names is copied once. It is an error if two tensors would have one name.
func (f *File) StateDict(path ...any) ([]nn.Entry, error) {
	v, err := At(f.value, path...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	var state []nn.Entry
	names := map[string]bool{}
	copies := copies{}
	err = Walk(v, func(name string, v any) error {
		t, ok := v.(*Tensor)
		if !ok {
			return nil
		}
		if names[name] {
			return fmt.Errorf("%s: two tensors have the name %s", f.path, mapfile.Quote(name))
		}
		names[name] = true
		x, err := copies.of(t)
		if err != nil {
			return err
		}
		mapfile.Release(t.Storage.mapped)
		state = append(state, nn.Entry{Name: name, Tensor: x})
		return nil
	})
	return state, err
}

// Load opens the file at path and returns its StateDict.
func Load(path string, at ...any) ([]nn.Entry, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.StateDict(at...)
}

// copies are tensors of LibTorch by what they were copied from, so that tied weights stay tied.
type copies map[string]*torch.Tensor

func (c copies) of(t *Tensor) (*torch.Tensor, error) {
	id := fmt.Sprintf("%p %d %d %v %v", t.Storage, t.DType, t.Offset, t.Shape, t.Stride)
	if x, ok := c[id]; ok {
		return x, nil
	}
	data, err := t.Bytes()
	if err != nil {
		return nil, err
	}
	err = torch.Try(func() { c[id] = torch.FromBytes(t.DType, data, t.Shape...) })
	return c[id], err
}

// typedStorage is a storage as a pickle names it, with the type of its elements.
type typedStorage struct {
	*Storage
	element torch.DType
}

// storage finds the storage of a persistent id: the word "storage", class, key, location, number of elements and, in
// legacy files, None or how it is a part of another storage.
func (f *File) storage(id Tuple) *typedStorage {
	const name = "a storage"
	if len(id) < 5 || len(id) > 6 || id[0] != any("storage") {
		refuse("the pickle names something else than a storage")
	}
	if len(id) == 6 && id[5] != nil {
		refuse("a storage is a part of another, as PyTorch before 0.2 wrote them: load and save the file in a later one")
	}
	class, ok := id[1].(*global)
	if !ok || class.element == torch.DefaultDType {
		refuse("the pickle names a storage of a wrong class")
	}
	key, location, n := argument[string](name, id, 2), argument[string](name, id, 3), argument[int64](name, id, 4)
	high, size := bits.Mul64(uint64(n), uint64(class.element.Size()))
	if n < 0 || high != 0 || size > 1<<62 {
		refuse("storage %s has %d elements", mapfile.Quote(key), n)
	}
	if s, ok := f.storages[key]; ok {
		if s.element != class.element || s.size != int(size) {
			refuse("storage %s is %d bytes of %s and %d bytes of %s", mapfile.Quote(key), s.size, s.element, size, class.element)
		}
		return s
	}
	s, err := f.locate(key, location, int(size))
	if err != nil {
		refuse("%v", err)
	}
	f.storages[key] = &typedStorage{s, class.element}
	return f.storages[key]
}

// Is reports whether the file at path begins like a .pth file. Open says what is wrong with one that is none after all.
func Is(path string) bool {
	if stat, err := os.Stat(path); err != nil || !stat.Mode().IsRegular() {
		return false
	}
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	head := make([]byte, 16)
	n, _ := io.ReadFull(file, head)
	return isZip(head[:n]) || isLegacy(head[:n])
}
