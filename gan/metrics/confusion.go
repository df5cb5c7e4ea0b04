package metrics

import (
	"fmt"
	"math"
	"slices"

	"github.com/forgergan/forger/torch"
)

// Confusion counts how pixels of each class were named, over any number of pictures: the scores of semantic
// segmentation, as pix2pix (FCN score) and SPADE report them. Make one with [NewConfusion].
//
// Protocol: mIoU[net; classes=19; ignore=255; labels=1024×2048].
type Confusion struct {
	counts  [][]int64 // by target, then by prediction
	ignored int
}

// NewConfusion counts classes 0 … classes−1. Pixels whose target is ignored, usually 255 or −1, are left out.
func NewConfusion(classes, ignored int) *Confusion {
	c := &Confusion{counts: make([][]int64, classes), ignored: ignored}
	for i := range c.counts {
		c.counts[i] = make([]int64, classes)
	}
	return c
}

// Add takes in the class numbers of pixels: what a network predicted and what they are, integers of any one shape. The
// error tells different shapes and a class that there is not; c is as before then.
func (c *Confusion) Add(predicted, target *torch.Tensor) error {
	var p, t []int64
	err := scoped(func() error {
		if x, y := predicted.Shape(), target.Shape(); !slices.Equal(x, y) {
			return fmt.Errorf("confusion: predictions of shape %v are not for targets of shape %v", x, y)
		}
		p, t = torch.Values[int64](predicted.ToDType(torch.Int64)), torch.Values[int64](target.ToDType(torch.Int64))
		return nil
	})
	if err != nil {
		return err
	}
	classes := int64(len(c.counts))
	for i := range t {
		if t[i] == int64(c.ignored) {
			continue
		}
		if t[i] < 0 || t[i] >= classes || p[i] < 0 || p[i] >= classes {
			return fmt.Errorf("confusion: class %d predicted for class %d, but the classes are 0 to %d", p[i], t[i], classes-1)
		}
	}
	for i := range t {
		if t[i] != int64(c.ignored) {
			c.counts[t[i]][p[i]]++
		}
	}
	return nil
}

// PixelAccuracy is the share of pixels whose class was named, in [0, 1]; NaN without pixels.
func (c *Confusion) PixelAccuracy() float64 {
	var right, all int64
	for i, row := range c.counts {
		right += row[i]
		for _, n := range row {
			all += n
		}
	}
	return float64(right) / float64(all)
}

// ClassAccuracy is the mean over classes of the share of their pixels that were named so, in [0, 1]. Classes without
// pixels are left out; it is NaN where all are.
func (c *Confusion) ClassAccuracy() float64 {
	return c.meanOver(func(right, targets, predictions int64) float64 { return float64(right) / float64(targets) })
}

// MeanIoU is the mean over classes of intersection over union: pixels rightly named, divided by those that have the
// class or were given it, in [0, 1]. Classes with neither are left out; it is NaN where all are.
func (c *Confusion) MeanIoU() float64 {
	return c.meanOver(func(right, targets, predictions int64) float64 {
		return float64(right) / float64(targets+predictions-right)
	})
}

// meanOver averages what is not 0/0 over the classes.
func (c *Confusion) meanOver(score func(right, targets, predictions int64) float64) float64 {
	sum, n := 0.0, 0
	for i, row := range c.counts {
		var targets, predictions int64
		for j := range row {
			targets += row[j]
			predictions += c.counts[j][i]
		}
		if s := score(row[i], targets, predictions); !math.IsNaN(s) {
			sum += s
			n++
		}
	}
	return sum / float64(n)
}
