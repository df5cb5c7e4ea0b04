package metrics

import (
	"context"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
)

// Sample is what the scores of sets need of one set of pictures.
type Sample struct {
	Moments  *Moments
	Features *torch.Tensor // (N, D) on the CPU, outside every scope; nil where only moments were asked for
	Logits   *torch.Tensor // (N, classes), likewise
}

// Free gives the features back now.
func (s *Sample) Free() {
	for _, t := range []*torch.Tensor{s.Features, s.Logits} {
		if t != nil {
			t.Free()
		}
	}
}

// collector takes batches in.
type collector struct {
	net              Network
	keep             bool
	moments          *Moments
	features, logits []*torch.Tensor
}

func (c *collector) add(pictures *torch.Tensor) error {
	return scoped(func() error {
		f, l := c.net.Embed(pictures)
		if err := c.moments.Add(f); err != nil {
			return err
		}
		if c.keep {
			c.features = append(c.features, f.ToDevice(torch.Device{}).Clone().Own())
			c.logits = append(c.logits, l.ToDevice(torch.Device{}).Clone().Own())
		}
		return nil
	})
}

// finish joins the batches. After an error they are freed.
func (c *collector) finish(err error) (*Sample, error) {
	s := &Sample{Moments: c.moments}
	if err == nil && len(c.features) > 0 {
		torch.Scope(func() { s.Features, s.Logits = torch.Cat(c.features).Own(), torch.Cat(c.logits).Own() })
	}
	for _, t := range append(c.features, c.logits...) {
		t.Free()
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// CollectPictures takes in n pictures, made by pictures, at most batch at once, each call in a scope of its own:
// (k, C, H, W) in [−1, 1] for every k that it is asked for. With keep the features are kept, which all scores but the
// Fréchet distance need. The error tells features that are not finite, a refused operation, and the end of ctx.
func CollectPictures(ctx context.Context, net Network, n, batch int, keep bool, pictures func(k int) *torch.Tensor) (*Sample, error) {
	c := &collector{net: net, keep: keep, moments: new(Moments)}
	for c.moments.n < n {
		if err := ctx.Err(); err != nil {
			return c.finish(err)
		}
		if err := scoped(func() error { return c.add(pictures(min(batch, n-c.moments.n))) }); err != nil {
			return c.finish(err)
		}
	}
	return c.finish(nil)
}

// CollectData takes in n pictures of a set with a field "image", drawn without repetition by seed; all where n is not
// below its length. The error tells an item that cannot be read, and the end of ctx.
func CollectData(ctx context.Context, net Network, set data.Dataset, n int, seed uint64, keep bool) (*Sample, error) {
	c := &collector{net: net, keep: keep, moments: new(Moments)}
	o := data.LoaderOptions{Batch: 100, Shuffle: n < set.Len(), Seed: seed}
	return c.finish(data.Each(ctx, set, n, o, func(b *data.Batch) error {
		return scoped(func() error {
			images := b.Find("image")
			return c.add(torch.FromSlice(images.Float32, images.Shape...))
		})
	}))
}
