// Package photos cuts the pairs that super-resolution learns from out of photographs: a crop, "high", and what is left of
// it after MATLAB's bicubic reduction, "low".
//
//	set, err := photos.Open(ctx, "holiday", photos.Options{Crop: 96, Scale: 4, Flip: true})
//	...
//	loader, err := data.NewLoader(set, data.LoaderOptions{Batch: 16, Shuffle: true, DropLast: true})
//
// Photographs are large, and decoding one takes longer than a step of a small network. So each is decoded once: its pixels
// go to a file without a name in the cache folder, which ends with the process, and later crops are read from there.
package photos

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/fetch"
	"github.com/forgergan/forger/torch/vision"
)

// Options say how pairs are cut.
type Options struct {
	Split data.Split   // "" is Train
	Crop  int          // side of "high"
	Scale int          // of "low" to "high", of which Crop is a multiple
	Flip  bool         // mirror every second pair
	Turn  bool         // turn pairs by a random quarter
	Plain bool         // one pair of each photograph, from its middle and as it is, for sample grids
	Log   func(string) // hears of a fetch, a line at a time; may be nil
}

// Set is a set of photographs. Its fields are "low" (3, Crop/Scale, Crop/Scale) and "high" (3, Crop, Crop), float32 in
// [−1, 1], both of 8-bit values.
//
// An item is a crop from a random place of a photograph. A pass over the set has at least 1,000 of them, the same number
// of each photograph. EXIF orientations are applied, alpha is dropped, grey becomes three equal channels, and samples of
// 16 bits keep their high byte.
type Set struct {
	folder *data.Folder
	o      Options
	each   int // items of a photograph
	spool  *spool
}

// pass is the least number of crops of a pass.
const pass = 1000

// Open returns the photographs of a set by its name, which is fetched if need be, or of a folder, see [data.OpenFolder].
func Open(ctx context.Context, nameOrDir string, o Options) (*Set, error) {
	if o.Scale < 1 || o.Crop < 1 || o.Crop%o.Scale != 0 {
		return nil, fmt.Errorf("data %s: crops of %d are no multiple of the scale %d", nameOrDir, o.Crop, o.Scale)
	}
	if _, ok := fetch.Find(nameOrDir); ok {
		dir, err := fetch.Get(ctx, nameOrDir, o.Log)
		if err != nil {
			return nil, err
		}
		nameOrDir = dir
	}
	folder, err := data.OpenFolder(nameOrDir, data.Options{Size: o.Crop, Split: o.Split})
	if err != nil {
		return nil, err
	}
	s := &Set{folder: folder, o: o, each: 1}
	if o.Plain {
		return s, nil
	}
	s.each = (pass + folder.Len() - 1) / folder.Len()
	s.spool, err = newSpool(folder.Len())
	return s, err
}

// Name implements [data.Dataset].
func (s *Set) Name() string { return s.folder.Name() }

// Len implements [data.Dataset].
func (s *Set) Len() int { return s.each * s.folder.Len() }

// Photographs is the number of files.
func (s *Set) Photographs() int { return s.folder.Len() }

// Path is the file of a photograph.
func (s *Set) Path(i int) string { return s.folder.Path(i) }

// Fields implements [data.Dataset].
func (s *Set) Fields() []data.Field {
	small := s.o.Crop / s.o.Scale
	return []data.Field{{Name: "low", Shape: []int{3, small, small}}, {Name: "high", Shape: []int{3, s.o.Crop, s.o.Crop}}}
}

// Read implements [data.Dataset]. Its error names the file and what is wrong with it.
func (s *Set) Read(i int, rng *rand.Rand, row []data.Array) error {
	high, err := s.crop(i%s.folder.Len(), rng)
	if err != nil {
		return err
	}
	if s.o.Flip && !s.o.Plain && rng.IntN(2) == 1 {
		high = high.FlipH()
	}
	if s.o.Turn && !s.o.Plain {
		high = high.Rotate(float64(90*rng.IntN(4)), vision.Warp{})
	}
	small := s.o.Crop / s.o.Scale
	high.Imresize(small, small).Normalize(row[0].Float32, vision.Half, vision.Half)
	high.Normalize(row[1].Float32, vision.Half, vision.Half)
	return nil
}

// crop cuts a square from photograph i.
func (s *Set) crop(i int, rng *rand.Rand) (*vision.Image, error) {
	size := s.o.Crop
	if s.o.Plain {
		im, err := s.photograph(i)
		if err != nil {
			return nil, err
		}
		return im.CenterCrop(size, size), nil
	}
	if p := s.spool.find(i); p != nil {
		return s.spool.crop(p, rng.IntN(p.h-size+1), rng.IntN(p.w-size+1), size)
	}
	im, err := s.photograph(i)
	if err != nil {
		return nil, err
	}
	s.spool.add(i, im)
	top, left := rng.IntN(im.H-size+1), rng.IntN(im.W-size+1)
	return im.Crop(top, left, size, size), nil
}

// photograph decodes photograph i, which must have room for a crop.
func (s *Set) photograph(i int) (*vision.Image, error) {
	im, err := decode(s.folder.Path(i))
	if err == nil && min(im.H, im.W) < s.o.Crop {
		return nil, fmt.Errorf("%s: %d x %d pixels (height x width) are too few for crops of %d: remove it or take smaller crops",
			s.folder.Path(i), im.H, im.W, s.o.Crop)
	}
	return im, err
}

func decode(path string) (*vision.Image, error) {
	raw, err := vision.Read(path)
	if err != nil {
		return nil, err
	}
	im, err := vision.DecodeBytes(path, raw, vision.RGB)
	if err != nil {
		return nil, err
	}
	return im.Upright(vision.Orientation(raw)), nil
}

// Whole is the pair of a whole photograph, as fields of one item, (1, 3, H/Scale, W/Scale) and (1, 3, H, W): super-resolution
// is scored on these. Rows at the bottom and columns at the right that are no multiple of Scale are cut off.
func (s *Set) Whole(i int) ([]data.Array, error) {
	im, err := decode(s.folder.Path(i))
	if err != nil {
		return nil, err
	}
	h, w := im.H/s.o.Scale, im.W/s.o.Scale
	if h < 1 || w < 1 {
		return nil, fmt.Errorf("%s: %d x %d pixels (height x width) cannot be made %d times smaller", s.folder.Path(i), im.H, im.W, s.o.Scale)
	}
	high := im.Crop(0, 0, s.o.Scale*h, s.o.Scale*w)
	return []data.Array{Field("low", high.Imresize(h, w)), Field("high", high)}, nil
}

// Field is a picture as the field of one item, (1, C, H, W) in [−1, 1].
func Field(name string, im *vision.Image) data.Array {
	a := data.Array{Name: name, Shape: []int{1, im.C, im.H, im.W}, Float32: make([]float32, im.C*im.H*im.W)}
	im.Normalize(a.Float32, vision.Half, vision.Half)
	return a
}

var _ data.Dataset = (*Set)(nil)
