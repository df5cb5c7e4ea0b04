package data

import (
	"fmt"
	"math/rand/v2"

	"github.com/forgergan/forger/torch/vision"
)

// CIFAR is CIFAR-10 or CIFAR-100 of Krizhevsky 2009: colour pictures of 32×32 with one label each, all held in memory as
// bytes, in the archive's order. Its fields are "image" (C, S, S), float32 in [-1, 1], and "label" (), int64; the labels of
// CIFAR-100 are the 100 fine ones.
type CIFAR struct {
	name     string
	size     int
	side     int // of the pictures in memory, larger than size where that is cropped
	channels int
	flip     bool
	middle   bool
	pixels   []uint8 // (N, side, side, channels)
	labels   []uint8
	classes  []string
}

// openCIFAR reads a split. Pictures that are not of the size wanted are resized once, here, with torchvision's antialiased
// bilinear filter, unless that size is cropped from whole pictures.
func openCIFAR(name string, o Options) (*CIFAR, error) {
	form, root := findCIFAR(name)
	b, classes, err := form.read(root, o.Split)
	if err != nil {
		return nil, fmt.Errorf("data %s: %w", name, err)
	}
	if o.Load > o.Size && o.Load != cifarSide {
		return nil, fmt.Errorf("data %s: crops of a CIFAR archive are from its %d pixels, not from %d", name, cifarSide, o.Load)
	}
	c := &CIFAR{name: name, size: o.Size, channels: o.Channels, flip: o.Flip, middle: o.Middle, labels: b.labels, classes: classes}
	if c.size == 0 {
		c.size = cifarSide
	}
	if c.channels == 0 {
		c.channels = 3
	}
	c.side = max(c.size, o.Load)
	c.pixels = prepareAll(len(b.labels), c.side*c.side*c.channels, func(i int) *vision.Image {
		im := b.picture(i).Convert(vision.Mode(c.channels))
		if c.side == cifarSide {
			return im
		}
		return im.Resize(c.side, c.side, vision.Bilinear)
	})
	return c, nil
}

// picture is picture i, its colours interleaved.
func (b cifarBatch) picture(i int) *vision.Image {
	const plane = cifarSide * cifarSide
	im, planes := vision.NewImage(cifarSide, cifarSide, 3), b.pixels[3*plane*i:]
	for k := range plane {
		im.Pix[3*k], im.Pix[3*k+1], im.Pix[3*k+2] = planes[k], planes[plane+k], planes[2*plane+k]
	}
	return im
}

// Name implements [Dataset].
func (c *CIFAR) Name() string { return c.name }

// Len implements [Dataset].
func (c *CIFAR) Len() int { return len(c.labels) }

// Classes implements [Labelled]: the names in the archive.
func (c *CIFAR) Classes() []string { return c.classes }

// Label implements [Labelled].
func (c *CIFAR) Label(i int) int { return int(c.labels[i]) }

// Fields implements [Dataset].
func (c *CIFAR) Fields() []Field { return imageFields(c.channels, c.size, true) }

// Read implements [Dataset].
func (c *CIFAR) Read(i int, rng *rand.Rand, row []Array) error {
	size := c.side * c.side * c.channels
	im := &vision.Image{H: c.side, W: c.side, C: c.channels, Pix: c.pixels[i*size : (i+1)*size]}
	switch {
	case c.side == c.size:
	case c.middle:
		im = im.CenterCrop(c.size, c.size)
	default:
		im = im.RandomCrop(c.size, c.size, rng)
	}
	if c.flip && rng.IntN(2) == 1 {
		im = im.FlipH()
	}
	im.Normalize(row[0].Float32, vision.Half, vision.Half)
	row[1].Int64[0] = int64(c.labels[i])
	return nil
}

var _ Labelled = (*CIFAR)(nil)
