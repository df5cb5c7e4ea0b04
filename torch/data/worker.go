package data

import (
	"fmt"
	"math/rand/v2"
)

// memory is the buffers of one full batch.
type memory struct {
	arrays []Array
	items  []int
}

// recycle keeps the buffers for a later batch, unless there are enough.
func (l *Loader) recycle(m *memory) {
	select {
	case l.free <- m:
	default:
	}
}

func (l *Loader) newMemory() *memory {
	select {
	case m := <-l.free:
		return m
	default:
	}
	return &memory{items: make([]int, l.o.Batch)}
}

// fit gives m room for n items with the fields.
func (m *memory) fit(fields []Field, n int) {
	if m.arrays == nil {
		m.arrays = make([]Array, len(fields))
	}
	for i, f := range fields {
		a, size := &m.arrays[i], n*f.Size()
		a.Name = f.Name
		switch {
		case f.Int64 && len(a.Int64) < size:
			a.Int64 = make([]int64, size)
		case !f.Int64 && len(a.Float32) < size:
			a.Float32 = make([]float32, size)
		}
	}
}

// batch returns a view of the first n items of m.
func (l *Loader) batch(m *memory, fields []Field, n, epoch int) *Batch {
	b := &Batch{Arrays: make([]Array, len(fields)), Items: m.items[:n], Epoch: epoch, loader: l, memory: m}
	for i, f := range fields {
		b.Arrays[i] = m.arrays[i].slice(0, n*f.Size())
		b.Arrays[i].Shape = append([]int{n}, f.Shape...)
	}
	return b
}

func (a Array) slice(from, to int) Array {
	if a.Int64 != nil {
		a.Int64 = a.Int64[from:to:to]
	} else {
		a.Float32 = a.Float32[from:to:to]
	}
	return a
}

// work reads one batch after another until the run stops or an item fails.
func (l *Loader) work(r *run) {
	var pcg rand.PCG
	rng := rand.New(&pcg)
	for {
		select {
		case <-r.stop:
			return
		case <-r.ahead:
		}
		m := l.newMemory()
		number, n, epoch, after := l.claim(r, m.items)
		set := At(l.set, epoch)
		fields := set.Fields()
		m.fit(fields, l.o.Batch)
		b, row := l.batch(m, fields, n, epoch), make([]Array, len(fields))
		var err error
		for k, item := range b.Items {
			select {
			case <-r.stop:
				return
			default:
			}
			for i, f := range fields {
				row[i] = m.arrays[i].slice(k*f.Size(), (k+1)*f.Size())
				row[i].Shape = f.Shape
			}
			pcg.Seed(stream(streamItem, after.Seed, uint64(epoch), uint64(item)))
			if err = read(set, item, rng, row); err != nil {
				break
			}
		}
		r.slots[number%len(r.slots)] <- result{b, after, err}
		if err != nil {
			return
		}
	}
}

// claim takes the next batch for a worker: its number, its items and the state after it.
func (l *Loader) claim(r *run, items []int) (number, n, epoch int, after State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.state
	left := s.Items - s.Position
	if left < 1 || (l.o.DropLast && left < l.o.Batch) {
		s.Epoch, s.Position, left = s.Epoch+1, 0, s.Items
	}
	if l.o.Shuffle && r.drawn != s.Epoch {
		shuffle(r.order, s.Seed, s.Epoch)
		r.drawn = s.Epoch
	}
	n = min(left, l.o.Batch)
	for k := range n {
		items[k] = s.Position + k
		if l.o.Shuffle {
			items[k] = int(r.order[s.Position+k])
		}
	}
	s.Position += n
	number = r.count
	r.count++
	return number, n, s.Epoch, *s
}

// read reads one item; a panic in the set becomes an error, since it would end the whole program otherwise.
func read(set Dataset, item int, rng *rand.Rand, row []Array) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("data %s: item %d: panic: %v", set.Name(), item, p)
		}
	}()
	if err := set.Read(item, rng, row); err != nil {
		return fmt.Errorf("data %s: item %d: %w", set.Name(), item, err)
	}
	return nil
}
