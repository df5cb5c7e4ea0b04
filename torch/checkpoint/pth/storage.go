package pth

import (
	"sync"

	"github.com/forgergan/forger/internal/mapfile"
)

// Storage is memory that tensors view. Tensors of one storage share their values, in the file as in PyTorch.
type Storage struct {
	Key string // in the file that it was read from
	// Location is the device that the storage was saved from, such as "cuda:0". Its values are read to the CPU.
	Location string

	size   int
	mapped []byte // the part of a mapped file that holds the values, if one does
	read   func() ([]byte, error)
}

// NewStorage is a storage of the given bytes, little-endian values, which it does not copy.
func NewStorage(data []byte) *Storage {
	return &Storage{Location: "cpu", size: len(data), read: func() ([]byte, error) { return data, nil }}
}

// Size is the number of bytes.
func (s *Storage) Size() int { return s.size }

// Bytes is the values, which are not to be changed: a view of the mapped file, valid until its Close, or memory where
// the file is compressed. The first call compares them with their checksum.
func (s *Storage) Bytes() ([]byte, error) { return s.read() }

// inFile says where the values of a storage are: what load returns, which touches the file and is called once, since it
// reads everything. They are in mapped, if they are in a part of the file.
func (s *Storage) inFile(f *File, mapped []byte, load func() ([]byte, error)) {
	once := sync.OnceValues(func() (data []byte, err error) {
		err = mapfile.Guard(f.path, func() error {
			data, err = load()
			return err
		})
		return data, err
	})
	s.mapped = mapped
	s.read = func() ([]byte, error) {
		if err := f.closed(); err != nil {
			return nil, err
		}
		return once()
	}
}
