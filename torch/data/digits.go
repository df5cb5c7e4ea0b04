package data

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"github.com/forgergan/forger/torch/vision"
)

// Split names a part of a set.
type Split string

// The splits. MNIST and Fashion-MNIST have 60,000 items for training and 10,000 for tests.
const (
	Train Split = "train"
	Test  Split = "test"
)

// Options says how the pictures of a set are prepared.
type Options struct {
	Split    Split         // "" is Train
	Size     int           // side of the square pictures; 0 keeps the size of an IDX set or a shard, a folder needs it
	Middle   bool          // with Load: crop the middle, as for tests
	Load     int           // side that the shorter side is brought to for a crop of Size at random; 0 crops the middle (folders, shards; of CIFAR 32)
	Filter   vision.Filter // of that resizing; the zero value is bilinear, as torchvision's default (folders)
	Channels int           // 1 grey, 3 colour; 0 is 1 for an IDX set, 3 for a folder
	Flip     bool          // mirror every second picture, drawn anew in each epoch
	Upright  bool          // apply the EXIF orientation (folders)
	Log      func(string)  // hears of a fetch, a line at a time; may be nil
}

// Digits is an IDX set such as MNIST: grey pictures with one label each, all held in memory as bytes. Its fields are
// "image" (C, S, S), float32 in [-1, 1], and "label" (), int64.
type Digits struct {
	name     string
	size     int
	channels int
	flip     bool
	pixels   []uint8 // (N, size, size)
	labels   []uint8
	classes  []string
}

// The class names of the known sets.
var classNames = map[string][]string{
	"mnist":         {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
	"fashion-mnist": {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"},
}

// MNIST returns the handwritten digits of LeCun et al. 1998, fetched on first use.
func MNIST(split Split, o Options) (*Digits, error) { return known("mnist", split, o) }

// FashionMNIST returns the pictures of clothes of Xiao et al. 2017, fetched on first use.
func FashionMNIST(split Split, o Options) (*Digits, error) { return known("fashion-mnist", split, o) }

func known(name string, split Split, o Options) (*Digits, error) {
	o.Split = split
	set, err := Open(context.Background(), name, o)
	if err != nil {
		return nil, err
	}
	return set.(*Digits), nil
}

// idxNames returns the files of a split, without the ending .gz.
func idxNames(split Split) (images, labels string) {
	if split == Test {
		return "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
	}
	return "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
}

// idxPath returns the file in dir, compressed or not, or "".
func idxPath(dir, name string) string {
	for _, path := range []string{filepath.Join(dir, name+".gz"), filepath.Join(dir, name)} {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// readPair reads the pictures and labels of a split and checks that they belong together.
func readPair(dir string, split Split) (images, labels *IDX, err error) {
	var files [2]*IDX
	imageName, labelName := idxNames(split)
	for i, name := range []string{imageName, labelName} {
		path := idxPath(dir, name)
		if path == "" {
			return nil, nil, fmt.Errorf("%s holds no %s.gz (nor without .gz)", dir, name)
		}
		if files[i], err = ReadIDX(path); err != nil {
			return nil, nil, err
		}
	}
	images, labels = files[0], files[1]
	if len(images.Dims) != 3 || len(images.Data) == 0 {
		return nil, nil, fmt.Errorf("%s holds an array of %v, not pictures (N, H, W)", idxPath(dir, imageName), images.Dims)
	}
	if len(labels.Dims) != 1 || labels.Dims[0] != images.Dims[0] {
		return nil, nil, fmt.Errorf("%s holds an array of %v, not a label for each of %d pictures", idxPath(dir, labelName), labels.Dims, images.Dims[0])
	}
	return images, labels, nil
}

// openDigits reads an IDX set from a folder. Pictures that are not of the size wanted are resized once, here,
// with torchvision's antialiased bilinear filter.
func openDigits(name, dir string, o Options) (*Digits, error) {
	images, labels, err := readPair(dir, o.Split)
	if err != nil {
		return nil, fmt.Errorf("data %s: %w", name, err)
	}
	if o.Load > o.Size {
		return nil, fmt.Errorf("data %s: an IDX set has no crops at random: leave out the side %d to crop from", name, o.Load)
	}
	n, h, w := images.Dims[0], images.Dims[1], images.Dims[2]
	d := &Digits{name: name, size: o.Size, channels: o.Channels, flip: o.Flip, pixels: images.Data, labels: labels.Data, classes: classNames[name]}
	if d.size == 0 {
		if d.size = h; h != w {
			return nil, fmt.Errorf("data %s: the pictures are %d x %d: give a size to make them square", name, h, w)
		}
	}
	if d.channels == 0 {
		d.channels = 1
	}
	highest := int(slices.Max(d.labels))
	if d.classes == nil { // a set of the user's own: its classes are numbers
		for k := range highest + 1 {
			d.classes = append(d.classes, strconv.Itoa(k))
		}
	} else if highest >= len(d.classes) {
		return nil, fmt.Errorf("data %s: there is a label %d, but only %d classes: the set is damaged", name, highest, len(d.classes))
	}
	if d.size != h || d.size != w {
		d.pixels = prepareAll(n, d.size*d.size, func(i int) *vision.Image {
			im := vision.Image{H: h, W: w, C: 1, Pix: images.Data[i*h*w : (i+1)*h*w]}
			return im.Resize(d.size, d.size, vision.Bilinear)
		})
	}
	return d, nil
}

// prepareAll makes n pictures of the given number of bytes on all processors and returns them one after another.
func prepareAll(n, size int, prepare func(i int) *vision.Image) []uint8 {
	out := make([]uint8, n*size)
	var wg sync.WaitGroup
	parts := runtime.GOMAXPROCS(0)
	for p := range parts {
		wg.Go(func() {
			for i := p * n / parts; i < (p+1)*n/parts; i++ {
				copy(out[i*size:(i+1)*size], prepare(i).Pix)
			}
		})
	}
	wg.Wait()
	return out
}

// Name implements [Dataset].
func (d *Digits) Name() string { return d.name }

// Len implements [Dataset].
func (d *Digits) Len() int { return len(d.labels) }

// Classes implements [Labelled]. The classes of a set of the user's own are called by their numbers.
func (d *Digits) Classes() []string { return d.classes }

// Label implements [Labelled].
func (d *Digits) Label(i int) int { return int(d.labels[i]) }

// Fields implements [Dataset].
func (d *Digits) Fields() []Field { return imageFields(d.channels, d.size, true) }

func imageFields(channels, size int, labels bool) []Field {
	fields := []Field{{Name: "image", Shape: []int{channels, size, size}}}
	if labels {
		fields = append(fields, Field{Name: "label", Int64: true})
	}
	return fields
}

// Read implements [Dataset].
func (d *Digits) Read(i int, rng *rand.Rand, row []Array) error {
	plane := d.size * d.size
	im := &vision.Image{H: d.size, W: d.size, C: 1, Pix: d.pixels[i*plane : (i+1)*plane]}
	if d.flip && rng.IntN(2) == 1 {
		im = im.FlipH()
	}
	x := row[0].Float32
	im.Normalize(x[:plane], vision.Half, vision.Half)
	for c := 1; c < d.channels; c++ {
		copy(x[c*plane:(c+1)*plane], x[:plane])
	}
	row[1].Int64[0] = int64(d.labels[i])
	return nil
}

// Image returns picture i as bytes, grey, at the size of the set.
func (d *Digits) Image(i int) *vision.Image {
	plane := d.size * d.size
	return &vision.Image{H: d.size, W: d.size, C: 1, Pix: append([]uint8(nil), d.pixels[i*plane:(i+1)*plane]...)}
}

var _ Labelled = (*Digits)(nil)
