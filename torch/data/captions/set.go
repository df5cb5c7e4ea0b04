package captions

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/forgergan/forger/torch/data"
)

// Set is a set of pictures with captions. Its fields are "image" (3, Size, Size) in [−1, 1] and "text" (TextSize), float32,
// then, if asked for, "wrong" (3, Size, Size), and, where the pictures have classes, "label" (), int64.
//
// The wrong picture shows another concept than the image: another emoji, another species, another picture of a folder
// without classes. Each of those is as likely, with a crop and a flip of its own. StackGAN's code draws from all, and
// shifts the index of one of the same class by 100 to 199, which may fall into the class again.
type Set struct {
	name     string
	o        Options
	pictures pictures
	captions [][]int32 // of each item, as rows of vectors
	texts    []string  // of the rows
	vectors  []float32 // (rows, size)
	size     int
	concepts []int // of each item
	classes  []string
	labels   []int // of each item; nil without classes

	grouped []int32 // the items in the order of their concepts
	groups  []group // of each concept, in grouped
}

type group struct{ first, n int }

// pictures reads the pictures of a set.
type pictures interface {
	// Path is the file of picture i.
	Path(i int) string
	// image writes picture i, cropped and flipped with draws of rng, in [−1, 1].
	image(i int, rng *rand.Rand, dst []float32) error
}

// listing is what is found of a set.
type listing struct {
	pictures pictures
	captions [][]string // of each item, at least one
	concepts []int      // of each item, numbered from 0
	classes  []string
	labels   []int // of each item; nil without classes

	vectors []float32 // of the captions, one item after the other, where they were published; otherwise nil
}

// Open returns a set by its name, which is fetched if need be, or a folder; see Sets above. Its captions are embedded first
// if that was never done.
//
// The error is one sentence: a set without captions, a picture without one, an option that cannot be, an encoder that is
// missing or fails.
func Open(ctx context.Context, nameOrDir string, o Options) (*Set, error) {
	o, err := o.fill(nameOrDir)
	if err != nil {
		return nil, err
	}
	l, err := find(ctx, nameOrDir, o)
	if err != nil {
		return nil, err
	}
	s := &Set{name: nameOrDir, o: o, pictures: l.pictures, concepts: l.concepts, classes: l.classes, labels: l.labels}
	if err := s.group(); err != nil {
		return nil, err
	}
	s.list(l)
	if s.vectors = l.vectors; s.vectors != nil {
		s.size = len(s.vectors) / len(s.texts)
		return s, nil
	}
	if o.Encoder == nil {
		return nil, fmt.Errorf("data %s: the captions have no embeddings: give an encoder", nameOrDir)
	}
	s.size = o.Encoder.Size()
	if s.vectors, err = embed(ctx, o.Encoder, s.texts, o.Log); err != nil {
		return nil, fmt.Errorf("data %s: %w", nameOrDir, err)
	}
	return s, nil
}

// group sorts the items by concept, for draws of wrong pictures.
func (s *Set) group() error {
	s.grouped = make([]int32, len(s.concepts))
	for i := range s.grouped {
		s.grouped[i] = int32(i)
	}
	slices.SortStableFunc(s.grouped, func(a, b int32) int { return cmp.Compare(s.concepts[a], s.concepts[b]) })
	s.groups = make([]group, 1+slices.Max(s.concepts))
	for at, i := range s.grouped {
		g := &s.groups[s.concepts[i]]
		if g.n == 0 {
			g.first = at
		}
		g.n++
	}
	if s.o.Wrong && s.groups[s.concepts[0]].n == s.Len() {
		return fmt.Errorf("data %s: all pictures show the same, so none can be a wrong one", s.name)
	}
	return nil
}

// list numbers the captions: equal ones once, unless vectors were published for each.
func (s *Set) list(l listing) {
	known := map[string]int32{}
	s.captions = make([][]int32, len(l.captions))
	for i, texts := range l.captions {
		for _, text := range texts {
			row, ok := known[text]
			if !ok || l.vectors != nil {
				row = int32(len(s.texts))
				known[text], s.texts = row, append(s.texts, text)
			}
			s.captions[i] = append(s.captions[i], row)
		}
	}
}

// Name implements [data.Dataset].
func (s *Set) Name() string { return s.name }

// Len implements [data.Dataset].
func (s *Set) Len() int { return len(s.captions) }

// TextSize is the number of values of an embedding.
func (s *Set) TextSize() int { return s.size }

// Path is the file of the picture of item i.
func (s *Set) Path(i int) string { return s.pictures.Path(i) }

// Captions is the number of captions of item i.
func (s *Set) Captions(i int) int { return len(s.captions[i]) }

// Caption is caption k of item i.
func (s *Set) Caption(i, k int) string { return s.texts[s.captions[i][k]] }

// Embeddings are the vectors of the captions of item i. They belong to the set.
func (s *Set) Embeddings(i int) [][]float32 {
	out := make([][]float32, len(s.captions[i]))
	for k := range out {
		out[k] = s.vector(i, k)
	}
	return out
}

func (s *Set) vector(i, k int) []float32 {
	row := int(s.captions[i][k])
	return s.vectors[row*s.size : (row+1)*s.size]
}

// Concept numbers what item i shows: a wrong picture has another one.
func (s *Set) Concept(i int) int { return s.concepts[i] }

// Classes implements [data.Labelled].
func (s *Set) Classes() []string { return s.classes }

// Label implements [data.Labelled].
func (s *Set) Label(i int) int { return s.labels[i] }

// Fields implements [data.Dataset].
func (s *Set) Fields() []data.Field {
	picture := []int{3, s.o.Size, s.o.Size}
	fields := []data.Field{{Name: "image", Shape: picture}, {Name: "text", Shape: []int{s.size}}}
	if s.o.Wrong {
		fields = append(fields, data.Field{Name: "wrong", Shape: picture})
	}
	if s.labels != nil {
		fields = append(fields, data.Field{Name: "label", Int64: true})
	}
	return fields
}

// Read implements [data.Dataset]. Its error names the file and what is wrong with it.
func (s *Set) Read(i int, rng *rand.Rand, row []data.Array) error {
	if err := s.pictures.image(i, rng, row[0].Float32); err != nil {
		return err
	}
	s.text(i, rng, row[1].Float32)
	row = row[2:]
	if s.o.Wrong {
		if err := s.pictures.image(s.wrong(i, rng), rng, row[0].Float32); err != nil {
			return err
		}
		row = row[1:]
	}
	if s.labels != nil {
		row[0].Int64[0] = int64(s.labels[i])
	}
	return nil
}

// text writes the mean of some captions' vectors.
func (s *Set) text(i int, rng *rand.Rand, dst []float32) {
	clear(dst)
	drawn := rng.Perm(len(s.captions[i]))
	drawn = drawn[:min(len(drawn), s.o.Captions)]
	for _, k := range drawn {
		for j, v := range s.vector(i, k) {
			dst[j] += v
		}
	}
	for j := range dst {
		dst[j] /= float32(len(drawn))
	}
}

// wrong draws an item of another concept.
func (s *Set) wrong(i int, rng *rand.Rand) int {
	own := s.groups[s.concepts[i]]
	at := rng.IntN(s.Len() - own.n)
	if at >= own.first {
		at += own.n
	}
	return int(s.grouped[at])
}

var _ data.Labelled = (*Set)(nil)
