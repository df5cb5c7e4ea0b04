package photos

import (
	"os"
	"sync"
	"sync/atomic"

	"github.com/forgergan/forger/third_party/libtorch"
	"github.com/forgergan/forger/torch/vision"
)

// spool holds the pixels of decoded photographs in a file without a name, of which the system keeps in memory what it has
// room for. Photographs beyond its limit, or that the disk has no room for, are decoded each time.
type spool struct {
	file   *os.File
	places []atomic.Pointer[place] // by number of the photograph

	mu   sync.Mutex
	used int64
	full bool
}

// place is where the pixels of a photograph lie, RGB, line by line.
type place struct {
	offset int64
	h, w   int
}

// limit of a spool in bytes: about 500 photographs of 3 megapixels.
const limit = 4 << 30

func newSpool(photographs int) (*spool, error) {
	cache, err := libtorch.CacheDir()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(cache, ".forger-photos-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(file.Name()); err != nil {
		file.Close()
		return nil, err
	}
	return &spool{file: file, places: make([]atomic.Pointer[place], photographs)}, nil
}

// find is the place of photograph i, nil while it has none.
func (s *spool) find(i int) *place { return s.places[i].Load() }

// add keeps the pixels of photograph i.
func (s *spool) add(i int, im *vision.Image) {
	offset, ok := s.take(int64(len(im.Pix)))
	if !ok {
		return
	}
	if _, err := s.file.WriteAt(im.Pix, offset); err != nil {
		s.mu.Lock()
		s.full = true
		s.mu.Unlock()
		return
	}
	s.places[i].Store(&place{offset, im.H, im.W})
}

// take reserves n bytes.
func (s *spool) take(n int64) (offset int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full || s.used+n > limit {
		return 0, false
	}
	offset = s.used
	s.used += n
	return offset, true
}

// crop reads a square of a photograph.
func (s *spool) crop(p *place, top, left, size int) (*vision.Image, error) {
	im := vision.NewImage(size, size, 3)
	for y := range size {
		at := p.offset + 3*int64((top+y)*p.w+left)
		if _, err := s.file.ReadAt(im.Pix[3*size*y:3*size*(y+1)], at); err != nil {
			return nil, err
		}
	}
	return im, nil
}
