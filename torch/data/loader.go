package data

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
)

// LoaderOptions says how a loader walks through its set.
type LoaderOptions struct {
	Batch    int    // items in a batch
	Shuffle  bool   // a new order every epoch, from Seed
	Seed     uint64 // of the order and of augmentation
	DropLast bool   // leave out the short batch at the end of an epoch
	Workers  int    // goroutines that read; 0 is one a processor, at most 4
	Prefetch int    // batches read ahead; at least 2 and at least one a worker
}

// State is the place in the data where a loader stands. It survives JSON.
type State struct {
	Seed     uint64 `json:"seed"`
	Epoch    int    `json:"epoch"`
	Position int    `json:"position"` // items of the epoch handed out
	Items    int    `json:"items"`    // in the set, to notice another one
}

// Loader hands out the batches of a set, epoch after epoch without end. Its methods are for one goroutine.
type Loader struct {
	set    Dataset
	o      LoaderOptions
	state  State // after the last batch handed out
	err    error // ends the loader until Restore
	closed bool

	run     *run
	free    chan *memory
	workers sync.WaitGroup
}

// run is one start of the workers. A batch has a number; number k lands in slots[k % len(slots)].
type run struct {
	stop  chan struct{}
	ahead chan struct{} // one token a batch that may be read ahead
	slots []chan result
	next  int // number of the batch that Next hands out

	mu    sync.Mutex // guards the rest: where the next worker begins
	count int
	state State
	order []int32
	drawn int // the epoch that order belongs to
}

type result struct {
	batch *Batch
	after State
	err   error
}

// NewLoader returns a loader at the start of epoch 0. The error tells an empty set, a batch below 1 or a batch larger
// than the set. Reading begins with the first Next.
func NewLoader(set Dataset, o LoaderOptions) (*Loader, error) {
	n := set.Len()
	switch {
	case n < 1:
		return nil, fmt.Errorf("data %s: the set is empty", set.Name())
	case n > math.MaxInt32:
		return nil, fmt.Errorf("data %s: %d items are more than a loader can order", set.Name(), n)
	case o.Batch < 1:
		return nil, fmt.Errorf("data %s: a batch of %d items is not possible", set.Name(), o.Batch)
	case o.Batch > n:
		return nil, fmt.Errorf("data %s: a batch of %d is larger than the set of %d items: take a batch of at most %d", set.Name(), o.Batch, n, n)
	}
	if o.Workers < 1 {
		o.Workers = min(4, runtime.GOMAXPROCS(0))
	}
	o.Prefetch = max(2, o.Workers, o.Prefetch)
	return &Loader{
		set: set, o: o,
		state: State{Seed: o.Seed, Items: n},
		free:  make(chan *memory, o.Prefetch+2),
	}, nil
}

// Next returns the next batch; it waits until one is read. A set that cannot read an item ends the loader: the
// error, returned by every further call too, names the set and the item. If ctx ends first, its error is returned
// and nothing is lost.
func (l *Loader) Next(ctx context.Context) (*Batch, error) {
	switch {
	case l.closed:
		return nil, errors.New("data: Next on a closed loader")
	case l.err != nil:
		return nil, l.err
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	if l.run == nil {
		l.start()
	}
	r := l.run
	select {
	case got := <-r.slots[r.next%len(r.slots)]:
		if got.err != nil {
			l.halt()
			l.err = got.err
			return nil, got.err
		}
		r.next++
		r.ahead <- struct{}{}
		l.state = got.after
		return got.batch, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Len is the number of batches in an epoch.
func (l *Loader) Len() int {
	if l.o.DropLast {
		return l.state.Items / l.o.Batch
	}
	return (l.state.Items + l.o.Batch - 1) / l.o.Batch
}

// State returns the place after the last batch that Next handed out, whatever has been read ahead.
func (l *Loader) State() State { return l.state }

// Restore moves the loader to a state: the next batches are those that the loader which gave it would have handed
// out. The error tells a state of another set.
func (l *Loader) Restore(s State) error {
	if s.Items != l.state.Items {
		return fmt.Errorf("data %s: the state is of a set of %d items, this one has %d: resume with the same data", l.set.Name(), s.Items, l.state.Items)
	}
	if s.Epoch < 0 || s.Position < 0 || s.Position > s.Items {
		return fmt.Errorf("data %s: epoch %d, position %d is not in a set of %d items: the state is damaged", l.set.Name(), s.Epoch, s.Position, s.Items)
	}
	l.halt()
	l.state, l.err = s, nil
	return nil
}

// Close stops the workers and waits for them. Batches handed out stay valid.
func (l *Loader) Close() {
	l.halt()
	l.closed = true
}

func (l *Loader) start() {
	d := l.o.Prefetch
	r := &run{stop: make(chan struct{}), ahead: make(chan struct{}, d), slots: make([]chan result, d), state: l.state, drawn: -1}
	if l.o.Shuffle {
		r.order = make([]int32, l.state.Items)
	}
	for i := range r.slots {
		r.slots[i] = make(chan result, 1)
		r.ahead <- struct{}{}
	}
	l.run = r
	for range l.o.Workers {
		l.workers.Go(func() { l.work(r) })
	}
}

func (l *Loader) halt() {
	if l.run == nil {
		return
	}
	close(l.run.stop)
	l.workers.Wait()
	for _, slot := range l.run.slots {
		select {
		case got := <-slot:
			if got.batch != nil {
				got.batch.Release()
			}
		default:
		}
	}
	l.run = nil
}
