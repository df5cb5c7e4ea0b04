package metrics

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
)

// ClassMoments are moments by class. The zero value holds none.
type ClassMoments struct{ classes map[int64]*Moments }

// Add takes in features (N, D) with labels (N). The error is that of Moments.Add, or tells another number of labels.
func (c *ClassMoments) Add(features, labels *torch.Tensor) error {
	return scoped(func() error {
		classes := torch.Values[int64](labels.ToDevice(torch.Device{}))
		if features.Dim() != 2 || features.Size(0) != len(classes) {
			return fmt.Errorf("moments by class: features of shape %v do not have %d labels", features.Shape(), len(classes))
		}
		rows := map[int64][]int64{}
		for i, class := range classes {
			rows[class] = append(rows[class], int64(i))
		}
		if c.classes == nil {
			c.classes = map[int64]*Moments{}
		}
		for _, class := range slices.Sorted(maps.Keys(rows)) {
			if c.classes[class] == nil {
				c.classes[class] = new(Moments)
			}
			part := features.IndexSelect(0, torch.FromSlice(rows[class]).ToDevice(features.Device()))
			if err := c.classes[class].Add(part); err != nil {
				return err
			}
		}
		return nil
	})
}

// CollectClasses takes in n pictures of a set with the fields "image" and "label", or all where it has fewer. The error
// tells an item that cannot be read, and the end of ctx.
func CollectClasses(ctx context.Context, net Network, set data.Dataset, n int) (*ClassMoments, error) {
	c := &ClassMoments{}
	err := data.Each(ctx, set, n, data.LoaderOptions{Batch: 100, Shuffle: n < set.Len()}, func(b *data.Batch) error {
		return scoped(func() error {
			x, labels := uploadLabelled(b, torch.Device{})
			f, _ := net.Embed(x)
			return c.Add(f, labels)
		})
	})
	return c, err
}

// IntraFrechet is the mean of the Fréchet distances of the classes, the intra-FID of Miyato and Koyama 2018 where the
// features are Inception's, and the distance of each. It counts what a distance of whole sets does not see: pictures of
// the wrong class. The error tells classes that only one side has, or of fewer than two vectors.
func IntraFrechet(generated, real *ClassMoments) (mean float64, classes map[int64]float64, err error) {
	a, b := slices.Sorted(maps.Keys(generated.classes)), slices.Sorted(maps.Keys(real.classes))
	if !slices.Equal(a, b) || len(a) == 0 {
		return 0, nil, fmt.Errorf("the distance within classes compares the same classes, not %v and %v", a, b)
	}
	classes = map[int64]float64{}
	for _, class := range a {
		d, err := Frechet(generated.classes[class], real.classes[class])
		if err != nil {
			return 0, nil, fmt.Errorf("class %d: %w", class, err)
		}
		classes[class] = d
		mean += d / float64(len(a))
	}
	return mean, classes, nil
}
