package pth

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"runtime"

	"github.com/forgergan/forger/internal/mapfile"
)

// The format before PyTorch 1.6: five pickles one behind the other (a magic number, the version, facts about the
// machine, the value, and the keys of the storages), then for each key the number of elements and the elements.
var legacyMagic, _ = new(big.Int).SetString("1950a86a20f9469cfc6c", 16)

const legacyVersion = 1001

func isLegacy(file []byte) bool {
	return len(file) > 1 && file[0] == 0x80 && file[1] <= 5 && !isSafetensors(file)
}

// isSafetensors tells a safetensors file whose length field looks like another format.
func isSafetensors(file []byte) bool { return len(file) > 8 && file[8] == '{' }

// notPth says what a file is that is neither.
func notPth(file []byte) error {
	kind := mapfile.Foreign(file)
	switch {
	case len(file) == 0:
		return errors.New("the file is empty")
	case kind != "":
	case isSafetensors(file):
		kind = "a safetensors file"
	case len(file) > 262 && bytes.Equal(file[257:262], []byte("ustar")):
		kind = "a tar archive of PyTorch before 0.1.10: load and save it in a later one"
	default:
		return errors.New("not a .pth file: it begins like neither a zip archive nor a pickle")
	}
	return errors.New("not a .pth file: it is " + kind)
}

func (f *File) parseLegacy() error {
	m := &machine{data: f.mapped, storage: func(Tuple) *typedStorage {
		refuse("the header names a storage")
		return nil
	}}
	if v, err := m.run(); err != nil {
		return err
	} else if magic, ok := v.(*big.Int); !ok || magic.Cmp(legacyMagic) != 0 {
		return errors.New("not a .pth file: it is a pickle, but not with PyTorch's magic number")
	}
	if v, err := m.run(); err != nil {
		return err
	} else if v != any(int64(legacyVersion)) {
		return errors.New("its version of the format before PyTorch 1.6 is unknown")
	}
	if v, err := m.run(); err != nil {
		return err
	} else if info, ok := v.(*Dict); !ok {
		return errors.New("it does not describe the machine that wrote it")
	} else if little, _ := info.Get("little_endian"); little != true {
		return errors.New("it was written on a big-endian machine: load and save it on another")
	}

	m.storage, f.locate = f.storage, f.locateLegacy
	if len(m.data) > maxPickle+m.at {
		m.data = m.data[:m.at+maxPickle]
	}
	var err error
	if f.value, err = m.run(); err != nil {
		return err
	}
	m.data = f.mapped
	keys, err := m.run()
	if err != nil {
		return err
	}
	list, ok := keys.(*List)
	if !ok {
		return errors.New("it has no list of storages")
	}
	return f.readLegacyStorages(list.Items, m.at)
}

// locateLegacy makes a storage whose content is found later.
func (f *File) locateLegacy(key, location string, size int) (*Storage, error) {
	if size > len(f.mapped) {
		return nil, fmt.Errorf("storage %s has %d bytes, more than the file", mapfile.Quote(key), size)
	}
	return &Storage{Key: key, Location: location, size: size}, nil
}

// readLegacyStorages finds the storages, which begin at a place in the file.
func (f *File) readLegacyStorages(keys []any, at int) error {
	for _, k := range keys {
		key, _ := k.(string)
		s, ok := f.storages[key]
		switch {
		case !ok:
			return fmt.Errorf("storage %s belongs to no tensor", mapfile.Quote(key))
		case s.read != nil:
			return fmt.Errorf("storage %s occurs twice", mapfile.Quote(key))
		case len(f.mapped)-at < 8 || len(f.mapped)-at-8 < s.size:
			return fmt.Errorf("the file is cut off: storage %s has %d bytes, fewer are left", mapfile.Quote(key), s.size)
		}
		if n := binary.LittleEndian.Uint64(f.mapped[at:]); n != uint64(s.size/s.element.Size()) {
			return fmt.Errorf("storage %s has %d elements, the pickle says %d", mapfile.Quote(key), int64(n), s.size/s.element.Size())
		}
		at += 8
		values := f.mapped[at : at+s.size : at+s.size]
		s.inFile(f, values, func() ([]byte, error) { return values, touch(values) })
		at += s.size
	}
	for key, s := range f.storages {
		if s.read == nil {
			return fmt.Errorf("storage %s is not in the file", mapfile.Quote(key))
		}
	}
	return nil
}

// touch reads a byte of each page: there is no checksum that would find out whether the file can still be read before
// LibTorch copies it, where a fault ends the program.
func touch(values []byte) error {
	sum := byte(0)
	for i := 0; i < len(values); i += 4096 {
		sum |= values[i]
	}
	runtime.KeepAlive(sum) // so that the reads happen
	return nil
}
