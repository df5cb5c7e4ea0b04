package data

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/vision"
)

// Shard is a set of pictures of one size in one file, mapped into memory: see [Pack]. Reading an item decodes
// nothing. Its fields are those of a [Folder].
//
// The file is a safetensors file of "image" (N, S, S, C) and, with classes, "label" (N); "names", the paths of
// the pictures in their folder, and the names of the classes are JSON.
type Shard struct {
	path    string
	o       Options
	file    *checkpoint.File
	n       int
	side    int // of the pictures in the file
	pixels  []uint8
	labels  []byte // little-endian int64
	names   []string
	classes []string
}

// shardKey marks a shard among safetensors files; the value is the version of what this file says.
const shardKey, shardVersion = "forger.shard", "1"

// OpenShard maps a file that [Pack] wrote and checks it, the checksum of the pixels included, which takes about a
// second a gigabyte. Its pictures are used as they are, so o must ask for what is there: Size, or Load for crops
// at random, is the side in the file, and Channels and Filter are those it was packed with; zero values take the
// file's. The error is one sentence that names the file and what is wrong or differs.
func OpenShard(path string, o Options) (*Shard, error) {
	s, err := readShard(path)
	if err == nil {
		err = s.suit(o)
	}
	if err != nil {
		if s != nil {
			s.Close()
		}
		return nil, fmt.Errorf("data %w", err)
	}
	return s, nil
}

// readShard maps and checks the file. The shard is not nil where there is something to close.
func readShard(path string) (*Shard, error) {
	file, err := checkpoint.Open(path)
	if err != nil {
		return nil, err
	}
	s := &Shard{path: path, file: file}
	meta := file.Metadata()
	switch version, ok := meta[shardKey]; {
	case !ok:
		return s, fmt.Errorf("%s: a safetensors file, but not a shard of pictures: make one with forger data pack", path)
	case version != shardVersion:
		return s, fmt.Errorf("%s: a shard of version %q, this program reads %s: pack the pictures again", path, version, shardVersion)
	}
	if err := file.Verify(); err != nil {
		return s, err
	}
	if err := s.read(meta); err != nil {
		return s, fmt.Errorf("%s: not a whole shard: %w", path, err)
	}
	return s, nil
}

func (s *Shard) read(meta map[string]string) error {
	image, err := s.file.Info("image")
	if err != nil {
		return err
	}
	shape := image.Shape
	if image.Torch != torch.Uint8 || len(shape) != 4 || shape[0] < 1 || shape[1] < 1 || shape[1] != shape[2] || shape[3] != 1 && shape[3] != 3 {
		return fmt.Errorf("image is %s %v, not bytes (N, S, S, C) with 1 or 3 channels", image.DType, shape)
	}
	s.n, s.side, s.o.Channels = shape[0], shape[1], shape[3]
	if s.pixels, err = s.file.Bytes("image"); err != nil {
		return err
	}
	names, err := s.file.Bytes("names")
	if err != nil {
		return err
	}
	if err := json.Unmarshal(names, &s.names); err != nil || len(s.names) != s.n {
		return fmt.Errorf("%d names for %d pictures", len(s.names), s.n)
	}
	if s.o.Filter, err = vision.ParseFilter(meta["filter"]); err != nil {
		return err
	}
	if meta["classes"] == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(meta["classes"]), &s.classes); err != nil || len(s.classes) == 0 {
		return fmt.Errorf("the names of the classes are not a list: %.80q", meta["classes"])
	}
	label, err := s.file.Info("label")
	if err != nil {
		return err
	}
	if label.Torch != torch.Int64 || len(label.Shape) != 1 || label.Shape[0] != s.n {
		return fmt.Errorf("label is %s %v, not a number for each of %d pictures", label.DType, label.Shape, s.n)
	}
	if s.labels, err = s.file.Bytes("label"); err != nil {
		return err
	}
	for i := range s.n {
		if k := s.label(i); k < 0 || k >= int64(len(s.classes)) {
			return fmt.Errorf("picture %d has the label %d of %d classes", i, k, len(s.classes))
		}
	}
	return nil
}

// suit takes over the options, or says which of them the pictures in the file are not made for.
func (s *Shard) suit(o Options) error {
	if o.Size == 0 {
		o.Size = s.side
	}
	side := max(o.Size, o.Load)
	switch {
	case side != s.side:
		return fmt.Errorf("%s: its pictures have a side of %d, not the %d that is wanted: pack them again", s.path, s.side, side)
	case o.Channels != 0 && o.Channels != s.o.Channels:
		return fmt.Errorf("%s: its pictures have %d channels, not the %d that are wanted: pack them again", s.path, s.o.Channels, o.Channels)
	case o.Filter != 0 && o.Filter != s.o.Filter:
		return fmt.Errorf("%s: its pictures were resized with %s, not %s as is wanted: pack them again", s.path, s.o.Filter, o.Filter)
	case o.Upright:
		return fmt.Errorf("%s: its pictures cannot be turned upright any more: pack them so", s.path)
	}
	o.Channels, o.Filter = s.o.Channels, s.o.Filter
	s.o = o
	return nil
}

func (s *Shard) label(i int) int64 { return int64(binary.LittleEndian.Uint64(s.labels[8*i:])) }

// Close ends the mapping. A loader of the shard must be closed before.
func (s *Shard) Close() error { return s.file.Close() }

// Name implements [Dataset].
func (s *Shard) Name() string { return s.path }

// Len implements [Dataset].
func (s *Shard) Len() int { return s.n }

// Classes implements [Labelled]; nil for a shard of a folder without classes.
func (s *Shard) Classes() []string { return s.classes }

// Label implements [Labelled].
func (s *Shard) Label(i int) int { return int(s.label(i)) }

// Path is the file that item i came from, within the folder that was packed.
func (s *Shard) Path(i int) string { return s.names[i] }

// Fields implements [Dataset].
func (s *Shard) Fields() []Field { return imageFields(s.o.Channels, s.o.Size, s.classes != nil) }

// image is a view of picture i in the file.
func (s *Shard) image(i int) *vision.Image {
	size := s.side * s.side * s.o.Channels
	return &vision.Image{H: s.side, W: s.side, C: s.o.Channels, Pix: s.pixels[i*size : (i+1)*size]}
}

// Read implements [Dataset].
func (s *Shard) Read(i int, rng *rand.Rand, row []Array) (err error) {
	// A page that cannot be read would end the program.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		p := recover()
		if _, fault := p.(interface{ Addr() uintptr }); fault {
			err = errors.New("the file was cut off while it was read, or its disk fails")
		} else if p != nil {
			panic(p)
		}
	}()
	im := s.image(i)
	if s.o.Size < s.side {
		im = s.o.fit(im, rng)
	}
	if s.o.Flip && rng.IntN(2) == 1 {
		im = im.FlipH()
	}
	im.Normalize(row[0].Float32, vision.Half, vision.Half)
	if s.classes != nil {
		row[1].Int64[0] = s.label(i)
	}
	return nil
}

var _ Labelled = (*Shard)(nil)
