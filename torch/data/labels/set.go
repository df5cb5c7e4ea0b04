package labels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/forgergan/forger/internal/numpyrandom"
	"github.com/forgergan/forger/torch/data"
)

// Set is a data set with changed labels: see [Apply].
type Set struct {
	inner   data.Labelled
	o       Options
	fields  []data.Field
	known   int // how many of the fields are those of inner
	at      int // of the field "label"
	classes []string

	items  []int32 // of the set underneath
	clean  []int32 // its labels
	before []int32 // what the noise was applied to
	labels []int32
}

// Apply returns the set with its labels changed. It has the fields of set, with others in "label", and the labels of set in
// a further field "clean". The error tells a set without labels and options that do not fit it.
func Apply(set data.Dataset, o Options) (*Set, error) {
	s, err := apply(set, o)
	if err != nil {
		return nil, fmt.Errorf("data %s: labels %s: %w", set.Name(), o, err)
	}
	return s, nil
}

func apply(set data.Dataset, o Options) (*Set, error) {
	inner, ok := set.(data.Labelled)
	if !ok || len(inner.Classes()) == 0 {
		return nil, fmt.Errorf("the set has no labels: put pictures into a folder for each class")
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	fields := inner.Fields()
	s := &Set{
		inner: inner, o: o, classes: inner.Classes(), known: len(fields),
		fields: append(slices.Clip(fields), data.Field{Name: "clean", Int64: true}),
		at:     slices.IndexFunc(fields, func(f data.Field) bool { return f.Name == "label" }),
	}
	if s.at < 0 {
		return nil, fmt.Errorf("the set has classes but no field label")
	}
	most := len(s.classes)
	if o.Overlap != (Overlap{}) {
		if most = o.Overlap.Classes; most > len(s.classes) {
			return nil, fmt.Errorf("the set has %d classes, not %d", len(s.classes), most)
		}
	}
	for i := range inner.Len() {
		k := inner.Label(i)
		if k < 0 {
			return nil, fmt.Errorf("item %d has no label any more: give all changes at once", i)
		}
		if k < most {
			s.items, s.clean = append(s.items, int32(i)), append(s.clean, int32(k))
		}
	}
	drawn := o
	if o.File != nil {
		drawn = Options{Items: o.File.Items, Seed: o.File.Seed}
	}
	rng := numpyrandom.New(drawn.seed())
	s.before, s.labels = s.clean, slices.Clone(s.clean)
	if drawn.Items != 0 {
		keep(s.labels, len(s.classes), drawn.Items, rng)
		s.drop()
	}
	if o.Overlap != (Overlap{}) {
		s.before, s.classes = o.Overlap.draw(s.clean, rng), o.Overlap.names(s.classes)
		copy(s.labels, s.before)
	}
	if o.Noise.kind != "" {
		if err := o.Noise.corrupt(s, s.labels, rng); err != nil {
			return nil, err
		}
	}
	if o.Keep != 0 {
		keep(s.labels, len(s.classes), o.Keep, rng)
	}
	if o.Drop {
		s.drop()
	}
	if o.File != nil {
		if err := o.File.fits(s.classes, s.Len()); err != nil {
			return nil, err
		}
		if o.File.Probabilities != nil {
			s.fields = append(s.fields, data.Field{Name: "probabilities", Shape: []int{len(s.classes)}})
		}
		s.labels = slices.Clone(o.File.Labels)
	}
	return s, nil
}

// keep makes all labels −1 but a share of each class, rounded to a number of items and at least one. They are drawn class
// by class as numpy.random.choice(items, k, replace=False) draws them.
func keep(labels []int32, classes int, share float64, rng *numpyrandom.State) {
	byClass := make([][]int32, classes)
	for i, k := range labels {
		byClass[k] = append(byClass[k], int32(i))
	}
	for _, items := range byClass {
		if len(items) == 0 {
			continue
		}
		n := max(1, int(math.Round(share*float64(len(items)))))
		for _, p := range rng.Permutation(len(items))[n:] {
			labels[items[p]] = -1
		}
	}
}

// drop leaves out the items without a label.
func (s *Set) drop() {
	n := 0
	for i, k := range s.labels {
		if k >= 0 {
			for _, list := range [][]int32{s.items, s.clean, s.before, s.labels} {
				list[n] = list[i]
			}
			n++
		}
	}
	s.items, s.clean, s.before, s.labels = s.items[:n], s.clean[:n], s.before[:n], s.labels[:n]
}

// Name implements [data.Dataset]: the name of the set underneath.
func (s *Set) Name() string { return s.inner.Name() }

// Options are those that the set was made with.
func (s *Set) Options() Options { return s.o }

// Len implements [data.Dataset].
func (s *Set) Len() int { return len(s.items) }

// Classes implements [data.Labelled]. Where classes overlap a label is called by all that may have it.
func (s *Set) Classes() []string { return s.classes }

// Label implements [data.Labelled]: what training sees, −1 for a label that was taken away.
func (s *Set) Label(i int) int { return int(s.labels[i]) }

// Originals are the items of s under the labels of the set underneath: the classes before, of those that overlap
// only. A classifier that learns from them tells apart what an overlap joined.
func (s *Set) Originals() *Set {
	o := *s
	o.o, o.classes, o.before, o.labels = Options{}, s.inner.Classes(), s.clean, s.clean
	if n := s.o.Overlap.Classes; n > 0 {
		o.classes = o.classes[:n]
	}
	return &o
}

// Clean is the label of item i in the set underneath.
func (s *Set) Clean(i int) int { return int(s.clean[i]) }

// Fields implements [data.Dataset].
func (s *Set) Fields() []data.Field { return s.fields }

// Read implements [data.Dataset].
func (s *Set) Read(i int, rng *rand.Rand, row []data.Array) error {
	if err := s.inner.Read(int(s.items[i]), rng, row[:s.known]); err != nil {
		return err
	}
	row[s.at].Int64[0], row[s.known].Int64[0] = int64(s.labels[i]), int64(s.clean[i])
	if s.known+1 < len(row) {
		copy(row[s.known+1].Float32, s.o.File.Probabilities[i])
	}
	return nil
}

// Report says what became of the labels of a set.
type Report struct {
	Labels     string            `json:"labels"` // the options
	Items      int               `json:"items"`
	Classes    []data.ClassCount `json:"classes"` // by label, as training sees them
	Unlabelled int               `json:"unlabelled"`
	NoiseRate  float64           `json:"noise_rate"` // share of the labels left that noise changed
}

// Report counts.
func (s *Set) Report() Report {
	r := Report{Labels: s.o.String(), Items: s.Len()}
	for _, name := range s.classes {
		r.Classes = append(r.Classes, data.ClassCount{Name: name})
	}
	wrong := 0
	for i, k := range s.labels {
		if k < 0 {
			r.Unlabelled++
			continue
		}
		r.Classes[k].Items++
		if k != s.before[i] {
			wrong++
		}
	}
	if n := r.Items - r.Unlabelled; n > 0 {
		r.NoiseRate = float64(wrong) / float64(n)
	}
	return r
}

var _ data.Labelled = (*Set)(nil)
