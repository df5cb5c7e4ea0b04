package pairs

import (
	"fmt"
	"math/rand/v2"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

// Labelled is a set of label maps with the pictures that they describe. Its fields are "label" (H, W), int64 ids, or
// without labels "condition" (ChannelsA, H, W), a picture in place of the map; with Instances "instance" (H, W), int64;
// and "image" (ChannelsB, H, W). Pictures are float32 in [-1, 1]. All of an item share the crop and the flip; maps are
// resized by the nearest value.
type Labelled struct {
	dir       string
	o         Options
	input     side // label maps or conditions
	instances []file
	image     side
	fields    []data.Field
}

// OpenLabelled opens the folders train_label, train_inst (with Instances) and train_img, or, if Options.Labels is 0,
// a layout of [OpenAligned], such as train_A and train_B; files are matched by name. In Cityscapes' names the ends
// _gtFine_labelIds, _gtFine_instanceIds and _leftImg8bit do not count. Label and instance maps are PNG files as
// [vision.DecodeIDs] reads them. The error is one sentence.
func OpenLabelled(dir string, o Options) (*Labelled, error) {
	o, err := o.fill(dir)
	if err != nil {
		return nil, err
	}
	var l layout
	switch {
	case o.Labels == 0:
		l, err = locate(dir, o.Split)
	case o.Back:
		return nil, fmt.Errorf("pairs %s: label maps and pictures cannot be exchanged", dir)
	default:
		if l, err = locateParts(dir, "label", "img", o.Split); err == nil && l.a == "" {
			err = fmt.Errorf("pairs %s: there are no folders %s_label and %[2]s_img", dir, phases(o.Split)[0])
		}
	}
	if err != nil {
		return nil, err
	}
	s := &Labelled{dir: dir, o: o}
	if s.input, s.image, err = l.sides(o); err != nil {
		return nil, err
	}
	if err := match(dir, s.input.files, s.image.files); err != nil {
		return nil, err
	}
	if o.Instances {
		if s.instances, err = list(l.inst); err != nil {
			return nil, err
		}
		if err := match(dir, s.input.files, s.instances); err != nil {
			return nil, err
		}
	}
	return s, s.describe()
}

// describe fills in the fields.
func (s *Labelled) describe() error {
	add := func(f data.Field, err error) error {
		s.fields = append(s.fields, f)
		return err
	}
	if s.o.Labels == 0 {
		if err := add(s.input.field("condition", s.o)); err != nil {
			return err
		}
	} else {
		first := &vision.IDs{}
		if !s.o.crops() {
			var err error
			if first, err = loadIDs(s.input.files[0].path); err != nil {
				return err
			}
		}
		f := s.o.field("label", first.H, first.W)
		f.Int64 = true
		s.fields = append(s.fields, f)
	}
	if s.o.Instances {
		h, w := size(s.fields[0])
		s.fields = append(s.fields, data.Field{Name: "instance", Shape: []int{h, w}, Int64: true})
	}
	return add(s.image.field("image", s.o))
}

// Name implements [data.Dataset].
func (s *Labelled) Name() string { return s.dir }

// Len implements [data.Dataset].
func (s *Labelled) Len() int { return len(s.input.files) }

// Fields implements [data.Dataset].
func (s *Labelled) Fields() []data.Field { return s.fields }

// Path is the file of the label map or condition of item i.
func (s *Labelled) Path(i int) string { return s.input.files[i].path }

// Read implements [data.Dataset]. Its error names the file and what is wrong with it: of an id that is not a label also
// its place.
func (s *Labelled) Read(i int, rng *rand.Rand, row []data.Array) error {
	at, err := s.readInput(i, rng, row[0])
	if err != nil {
		return err
	}
	if s.o.Instances {
		ids, err := loadIDs(s.instances[i].path)
		if err != nil {
			return err
		}
		if err := putIDs(s.o, s.instances[i].path, ids, at, s.fields[1], row[1].Int64); err != nil {
			return err
		}
	}
	im, err := s.image.read(i)
	if err != nil {
		return err
	}
	last := len(row) - 1
	return im.put(s.o, at, s.fields[last], row[last].Float32)
}

// readInput reads the label map or condition and draws the place of the item by it.
func (s *Labelled) readInput(i int, rng *rand.Rand, dst data.Array) (place, error) {
	if s.o.Labels == 0 {
		p, err := s.input.read(i)
		if err != nil {
			return place{}, err
		}
		at, err := s.o.draw(p.h, p.w, rng)
		if err != nil {
			return at, p.error(err)
		}
		return at, p.put(s.o, at, s.fields[0], dst.Float32)
	}
	path := s.input.files[i].path
	ids, err := loadIDs(path)
	if err != nil {
		return place{}, err
	}
	if err := checkLabels(path, ids, s.o); err != nil {
		return place{}, err
	}
	at, err := s.o.draw(ids.H, ids.W, rng)
	if err != nil {
		return at, fmt.Errorf("label map %s %w", path, err)
	}
	if err := putIDs(s.o, path, ids, at, s.fields[0], dst.Int64); err != nil {
		return at, err
	}
	dontCare(dst.Int64, s.o)
	return at, nil
}

func loadIDs(path string) (*vision.IDs, error) {
	raw, err := vision.Read(path)
	if err != nil {
		return nil, err
	}
	return vision.DecodeIDs(path, raw)
}

// putIDs writes the part of a map at its place to dst, field f.
func putIDs(o Options, path string, ids *vision.IDs, at place, f data.Field, dst []int64) error {
	h, w, err := o.fit(ids.H, ids.W, at, f)
	if err != nil {
		return fmt.Errorf("label map %s %w", path, err)
	}
	cropH, cropW := size(f)
	ids = ids.ResizeCrop(h, w, at.top, at.left, cropH, cropW)
	if at.flip {
		ids = ids.FlipH()
	}
	for i, id := range ids.Pix {
		dst[i] = int64(id)
	}
	return nil
}

const unknown = 255 // the id that means no class, by custom

// checkLabels finds the first id of a map that is not a label.
func checkLabels(path string, ids *vision.IDs, o Options) error {
	for i, id := range ids.Pix {
		if int(id) < o.Labels || id == unknown && o.DontCare {
			continue
		}
		hint := ""
		if id == unknown {
			hint = "; where it stands for no class, ask for a don't-care label"
		}
		return fmt.Errorf("label map %s holds id %d at (x %d, y %d), but labels run from 0 to %d%s", path, id, i%ids.W, i/ids.W, o.Labels-1, hint)
	}
	return nil
}

// dontCare replaces the id of no class by the one after the labels.
func dontCare(ids []int64, o Options) {
	if !o.DontCare {
		return
	}
	for i, id := range ids {
		if id == unknown {
			ids[i] = int64(o.Labels)
		}
	}
}

var _ data.Dataset = (*Labelled)(nil)
