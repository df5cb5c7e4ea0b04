package metrics

import (
	"context"
	"math"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/labels"
)

// ClassAccuracies is the share of the pictures of each class of a set that a classifier names so, in [0, 1], NaN for a
// class without pictures. The set has the fields "image" and "label", in 0 … classes−1. logits maps pictures (N, C, H, W)
// in [−1, 1] on the CPU to a number for each class (N, K), with K at least classes, on any device: of a [Classifier] those
// of Embed. The error tells an item that cannot be read, a refused operation and the end of ctx.
func ClassAccuracies(ctx context.Context, set data.Dataset, classes int, logits func(pictures *torch.Tensor) *torch.Tensor) ([]float64, error) {
	right, all := make([]float64, classes), make([]float64, classes)
	err := data.Each(ctx, set, set.Len(), data.LoaderOptions{Batch: 500}, func(b *data.Batch) error {
		return scoped(func() error {
			x, wanted := uploadLabelled(b, torch.Device{})
			given := torch.Values[int64](logits(x).ArgMax(torch.ArgMaxOptions{Dim: new(1)}).ToDevice(torch.Device{}))
			for i, k := range torch.Values[int64](wanted) {
				all[k]++
				if given[i] == k {
					right[k]++
				}
			}
			return nil
		})
	})
	for k := range right {
		right[k] /= all[k]
	}
	return right, err
}

// DMA is the class-distinct and class-mutual accuracy of CP-GAN (Kaneko et al. 2019), in [0, 1]: how often a classifier of
// the classes before they overlapped names a picture so that was made of the labels of a class. Where the sources do not
// tell it is the mean over classes, as with equally many pictures of each.
type DMA struct {
	Accuracy float64
	Distinct float64 // of the classes that have one label, NaN if there is none
	Mutual   float64 // of those that have several: what labels have in common
}

// NewDMA sums up the accuracies of the classes that overlap, those of [ClassAccuracies] on pictures of their
// [labels.Overlap.Members].
func NewDMA(accuracies []float64, overlap labels.Overlap) DMA {
	var distinct, mutual []float64
	for class, a := range accuracies {
		if len(overlap.Members(class)) == 1 {
			distinct = append(distinct, a)
		} else {
			mutual = append(mutual, a)
		}
	}
	return DMA{average(accuracies), average(distinct), average(mutual)}
}

// average is the mean, NaN of nothing.
func average(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	if len(x) == 0 {
		return math.NaN()
	}
	return sum / float64(len(x))
}
