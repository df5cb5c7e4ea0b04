package pairs

import (
	"math/rand/v2"

	"github.com/forgergan/forger/torch/data"
)

// Unpaired is a set of two domains: item i is picture i of A, counted round, and a picture of B drawn at random. Its
// fields are "A" (ChannelsA, H, W) and "B" (ChannelsB, H, W), float32 in [-1, 1], each with a crop and a flip of its own.
type Unpaired struct {
	dir    string
	o      Options
	a, b   side
	paired bool
	fields []data.Field
}

// OpenUnpaired opens two folders of pictures (see Layouts). Of pictures A|B that hold both sides, the first half of a
// training split gives A and the second half B, so that no pair is seen, as DiscoGAN does; a test split gives both of
// each. The error is one sentence: a layout that is not there, an option that cannot be.
func OpenUnpaired(dir string, o Options) (*Unpaired, error) {
	o, err := o.fill(dir)
	if err != nil {
		return nil, err
	}
	s := &Unpaired{dir: dir, o: o}
	if s.a, s.b, s.fields, err = openSides(dir, o); err != nil {
		return nil, err
	}
	if n := len(s.a.files); s.a.half != whole && o.Split == data.Train && n > 1 {
		first, second := s.a.files[:n/2], s.a.files[n/2:]
		if s.a.half == right { // exchanged
			first, second = second, first
		}
		s.a.files, s.b.files = first, second
	}
	aloneA, aloneB := unmatched(s.a.files, s.b.files)
	s.paired = len(aloneA)+len(aloneB) == 0
	return s, nil
}

// Paired reports whether the files of both sides have the same names. Then in a Plain or Serial set B is the partner of
// A, and scores may compare them.
func (s *Unpaired) Paired() bool { return s.paired }

// Name implements [data.Dataset].
func (s *Unpaired) Name() string { return s.dir }

// Len implements [data.Dataset]: the number of pictures of the larger side.
func (s *Unpaired) Len() int { return max(len(s.a.files), len(s.b.files)) }

// Fields implements [data.Dataset].
func (s *Unpaired) Fields() []data.Field { return s.fields }

// Path is the file of side A of item i.
func (s *Unpaired) Path(i int) string { return s.a.files[i%len(s.a.files)].path }

// Read implements [data.Dataset]. Its error names the file and what is wrong with it.
func (s *Unpaired) Read(i int, rng *rand.Rand, row []data.Array) error {
	j := i % len(s.b.files)
	if !s.o.Plain && !s.o.Serial {
		j = rng.IntN(len(s.b.files))
	}
	for k, item := range []int{i % len(s.a.files), j} {
		p, err := []side{s.a, s.b}[k].read(item)
		if err != nil {
			return err
		}
		at, err := s.o.draw(p.h, p.w, rng)
		if err != nil {
			return p.error(err)
		}
		if err := p.put(s.o, at, s.fields[k], row[k].Float32); err != nil {
			return err
		}
	}
	return nil
}

var _ data.Dataset = (*Unpaired)(nil)
