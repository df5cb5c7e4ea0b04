package data

import "context"

// Each gives f the first n items that a loader with these options hands out, in batches of which the last may be shorter: with
// Shuffle n items drawn without repetition. Of a set with fewer it gives all, and a larger Batch is as many as there are. A batch
// is for f until it returns.
//
// The error is that of NewLoader, tells an item that cannot be read, or is that of f or of ctx.
func Each(ctx context.Context, set Dataset, n int, o LoaderOptions, f func(b *Batch) error) error {
	n = min(n, set.Len())
	o.Batch = min(o.Batch, n)
	loader, err := NewLoader(set, o)
	if err != nil {
		return err
	}
	defer loader.Close()
	for left := n; left > 0; {
		b, err := loader.Next(ctx)
		if err != nil {
			return err
		}
		b.shorten(left)
		left -= b.Len()
		if err := f(b); err != nil {
			return err
		}
		b.Release()
	}
	return nil
}

// shorten leaves out the items from the n-th on.
func (b *Batch) shorten(n int) {
	if n >= b.Len() {
		return
	}
	for k, a := range b.Arrays {
		size := (len(a.Float32) + len(a.Int64)) / b.Len()
		b.Arrays[k] = a.slice(0, n*size)
		b.Arrays[k].Shape = append([]int{n}, a.Shape[1:]...)
	}
	b.Items = b.Items[:n]
}
