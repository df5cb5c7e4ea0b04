// Package data feeds training: data sets, and a loader that reads them ahead in goroutines.
//
//	digits, err := data.MNIST(data.Train, data.Options{Size: 32})    // fetched and verified on first use
//	if err != nil {
//		return err
//	}
//	loader, err := data.NewLoader(digits, data.LoaderOptions{Batch: 64, Shuffle: true, Seed: 1, DropLast: true})
//	if err != nil {
//		return err
//	}
//	defer loader.Close()
//	for step := range 1000 {
//		batch, err := loader.Next(ctx)
//		if err != nil {
//			return err                                                 // names the item that cannot be read
//		}
//		images := batch.Find("image")                                  // (64, 1, 32, 32) float32 in [-1, 1]
//		...
//		batch.Release()                                                // its memory is used again
//	}
//
// # Invariants
//
// What a batch holds depends on the set, the seed, the epoch and the position alone: not on the number of workers,
// nor on how fast they are. Augmentation draws from a stream of its own for every item and epoch. So a [State],
// a few numbers, is enough to go on exactly where a run stopped.
//
// The package makes no tensors and needs no LibTorch. The trainer makes them, on its own thread, from a batch's slices.
package data

import "math/rand/v2"

// Field describes one part of an item: "image" of shape (1, 28, 28), or "label" of shape ().
type Field struct {
	Name  string
	Shape []int // of one item
	Int64 bool  // int64 values; otherwise float32
}

// Size is the number of values of one item.
func (f Field) Size() int {
	n := 1
	for _, d := range f.Shape {
		n *= d
	}
	return n
}

// Array is the values of a field, of one item or of a batch; exactly one of the slices is not nil.
type Array struct {
	Name    string
	Shape   []int // in a batch the first dimension is the number of items
	Float32 []float32
	Int64   []int64
}

// Dataset is a set of items, numbered from 0, that all have the same fields. Its methods are called from several
// goroutines at once.
type Dataset interface {
	// Name says in a message which set this is.
	Name() string
	// Len is the number of items.
	Len() int
	// Fields describes what an item holds.
	Fields() []Field
	// Read writes item i into row: one array a field, in their order, with memory for exactly that field. What is
	// random about it comes from rng alone. The error says what is wrong with the item.
	Read(i int, rng *rand.Rand, row []Array) error
}

// Staged is a set whose items change from epoch to epoch, as the windows of a video that get longer. Their number stays.
type Staged interface {
	Dataset
	// At is the set in an epoch, counted from 0, with the fields that its items have then.
	At(epoch int) Dataset
}

// At is what a Staged set is in an epoch, and any other set itself.
func At(set Dataset, epoch int) Dataset {
	if s, ok := set.(Staged); ok {
		return s.At(epoch)
	}
	return set
}

// Labelled is a set that may have one class an item. Label k is called Classes()[k]; where Classes is empty there are
// no labels, and no field "label".
type Labelled interface {
	Dataset
	Classes() []string
	// Label is the label of item i, known without reading it.
	Label(i int) int
}

// Batch is what a loader hands out. Its arrays belong to the caller until Release.
type Batch struct {
	Arrays []Array
	Items  []int // the number of each item in the set
	Epoch  int   // counted from 0

	loader *Loader
	memory *memory
}

// ReadItems reads n items from the item first on into one batch, again from the beginning where the set ends. What is
// random about an item follows from its place in the batch.
func ReadItems(set Dataset, first, n int) (*Batch, error) {
	b := &Batch{Items: make([]int, n)}
	for _, f := range set.Fields() {
		a := Array{Name: f.Name, Shape: append([]int{n}, f.Shape...)}
		if f.Int64 {
			a.Int64 = make([]int64, n*f.Size())
		} else {
			a.Float32 = make([]float32, n*f.Size())
		}
		b.Arrays = append(b.Arrays, a)
	}
	rng, row := rand.New(rand.NewPCG(0, 0)), make([]Array, len(b.Arrays))
	for i := range n {
		for k, f := range set.Fields() {
			row[k] = b.Arrays[k].slice(i*f.Size(), (i+1)*f.Size())
			row[k].Shape = f.Shape
		}
		b.Items[i] = (first + i) % set.Len()
		if err := set.Read(b.Items[i], rng, row); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// Len is the number of items.
func (b *Batch) Len() int { return len(b.Items) }

// Find returns the array of that name, or nil if the set has no such field.
func (b *Batch) Find(name string) *Array {
	for i := range b.Arrays {
		if b.Arrays[i].Name == name {
			return &b.Arrays[i]
		}
	}
	return nil
}

// Release gives the batch's memory back to its loader, which will write another batch into it; the batch is empty
// from then on. A second call does nothing. A batch that is never released is left to the garbage collector.
func (b *Batch) Release() {
	if b.memory != nil {
		b.loader.recycle(b.memory)
	}
	*b = Batch{}
}
