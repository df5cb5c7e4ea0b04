package pairs

import (
	"fmt"
	"math/rand/v2"

	"github.com/forgergan/forger/torch/data"
)

// side is the pictures of one side of a set.
type side struct {
	files    []file
	half     half
	channels int
}

func (s side) read(i int) (picture, error) {
	p, err := load(s.files[i].path, s.channels)
	if err != nil {
		return p, err
	}
	return p.cut(s.half)
}

// sides lists both sides of a layout. They are A and B of the options, exchanged if so wanted.
func (l layout) sides(o Options) (a, b side, err error) {
	if l.double {
		a.half, b.half = left, right
	}
	if a.files, err = list(l.a); err != nil {
		return a, b, err
	}
	if b.files, err = list(l.b); err != nil {
		return a, b, err
	}
	if o.Back {
		a, b = b, a
	}
	a.channels, b.channels = o.ChannelsA, o.ChannelsB
	return a, b, nil
}

// field describes the pictures of a side, by the first one where its size is the set's.
func (s side) field(name string, o Options) (data.Field, error) {
	var first picture
	if !o.crops() {
		var err error
		if first, err = s.read(0); err != nil {
			return data.Field{}, err
		}
	}
	return o.field(name, first.h, first.w, s.channels), nil
}

// openSides opens sides A and B of dir.
func openSides(dir string, o Options) (a, b side, fields []data.Field, err error) {
	l, err := locate(dir, o.Split)
	if err != nil {
		return a, b, nil, err
	}
	if a, b, err = l.sides(o); err != nil {
		return a, b, nil, err
	}
	fields = make([]data.Field, 2)
	if fields[0], err = a.field("A", o); err == nil {
		fields[1], err = b.field("B", o)
	}
	return a, b, fields, err
}

// Aligned is a set of pairs: each picture has its translation. Its fields are "A" (ChannelsA, H, W) and "B"
// (ChannelsB, H, W), float32 in [-1, 1], with the same crop and flip.
type Aligned struct {
	dir    string
	o      Options
	a, b   side
	fields []data.Field
}

// OpenAligned opens pairs of pictures in two folders, matched by name, or side by side in one picture (see Layouts). The
// error is one sentence: a layout that is not there, the first file without a partner, an option that cannot be.
func OpenAligned(dir string, o Options) (*Aligned, error) {
	o, err := o.fill(dir)
	if err != nil {
		return nil, err
	}
	s := &Aligned{dir: dir, o: o}
	if s.a, s.b, s.fields, err = openSides(dir, o); err != nil {
		return nil, err
	}
	if err := match(dir, s.a.files, s.b.files); err != nil {
		return nil, err
	}
	return s, nil
}

// match returns an error unless both lists have the same keys.
func match(dir string, a, b []file) error {
	aloneA, aloneB := unmatched(a, b)
	alone := append(aloneA, aloneB...)
	if len(alone) == 0 {
		return nil
	}
	return fmt.Errorf("pairs %s: %s has no partner of the same name: of %d and %d pictures %d and %d are alone", dir, alone[0].path,
		len(a), len(b), len(aloneA), len(aloneB))
}

// Name implements [data.Dataset].
func (s *Aligned) Name() string { return s.dir }

// Len implements [data.Dataset].
func (s *Aligned) Len() int { return len(s.a.files) }

// Fields implements [data.Dataset].
func (s *Aligned) Fields() []data.Field { return s.fields }

// Path is the file of side A of item i.
func (s *Aligned) Path(i int) string { return s.a.files[i].path }

// Read implements [data.Dataset]. Its error names the file and what is wrong with it.
func (s *Aligned) Read(i int, rng *rand.Rand, row []data.Array) error {
	a, b, err := s.pair(i)
	if err != nil {
		return err
	}
	at, err := s.o.draw(a.h, a.w, rng)
	if err != nil {
		return a.error(err)
	}
	if err := a.put(s.o, at, s.fields[0], row[0].Float32); err != nil {
		return err
	}
	return b.put(s.o, at, s.fields[1], row[1].Float32)
}

// pair reads both sides of item i: one file that holds both once, if they have the same channels.
func (s *Aligned) pair(i int) (a, b picture, err error) {
	if s.a.half == whole || s.a.channels != s.b.channels {
		if a, err = s.a.read(i); err == nil {
			b, err = s.b.read(i)
		}
		return a, b, err
	}
	p, err := load(s.a.files[i].path, s.a.channels)
	if err != nil {
		return a, b, err
	}
	if a, err = p.cut(s.a.half); err == nil {
		b, err = p.cut(s.b.half)
	}
	return a, b, err
}

var _ data.Dataset = (*Aligned)(nil)
