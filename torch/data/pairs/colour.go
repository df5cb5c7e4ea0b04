package pairs

import (
	"math/rand/v2"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

// Colour is a set for colourisation, made of colour pictures: "A" (1, H, W) is the lightness L of CIE-Lab, L/50 - 1, and
// "B" (2, H, W) its a and b, divided by 110. Crop and flip happen in RGB, before; 16-bit pictures
// are read as 8-bit ones.
type Colour struct {
	dir    string
	o      Options
	images side
	fields []data.Field
}

// OpenColour opens the pictures of dir/train or dir/test. Channels and Back do not count. The error is one sentence.
func OpenColour(dir string, o Options) (*Colour, error) {
	o.ChannelsA, o.ChannelsB, o.Back = 3, 3, false
	o, err := o.fill(dir)
	if err != nil {
		return nil, err
	}
	folder, err := splitFolder(dir, o.Split)
	if err != nil {
		return nil, err
	}
	s := &Colour{dir: dir, o: o, images: side{channels: 3}}
	if s.images.files, err = list(folder); err != nil {
		return nil, err
	}
	f, err := s.images.field("", o)
	if err != nil {
		return nil, err
	}
	h, w := size(f)
	s.fields = []data.Field{{Name: "A", Shape: []int{1, h, w}}, {Name: "B", Shape: []int{2, h, w}}}
	return s, nil
}

// Name implements [data.Dataset].
func (s *Colour) Name() string { return s.dir }

// Len implements [data.Dataset].
func (s *Colour) Len() int { return len(s.images.files) }

// Fields implements [data.Dataset].
func (s *Colour) Fields() []data.Field { return s.fields }

// Path is the file of item i.
func (s *Colour) Path(i int) string { return s.images.files[i].path }

// Read implements [data.Dataset]. Its error names the file and what is wrong with it.
func (s *Colour) Read(i int, rng *rand.Rand, row []data.Array) error {
	path := s.images.files[i].path
	im, err := vision.Decode(path, vision.RGB)
	if err != nil {
		return err
	}
	p := picture{path: path, h: im.H, w: im.W, im: im}
	at, err := s.o.draw(p.h, p.w, rng)
	if err != nil {
		return p.error(err)
	}
	if im, err = p.part(s.o, at, s.fields[0]); err != nil {
		return err
	}
	lab(im, row[0].Float32, row[1].Float32)
	return nil
}

// lab writes L/50 - 1 and ab/110 of a picture; ab may be nil.
func lab(im *vision.Image, l, ab []float32) {
	plane := im.H * im.W
	values := make([]float32, 3*plane)
	im.Lab(values)
	for i, v := range values[:plane] {
		l[i] = v/50 - 1
	}
	for i := range ab {
		ab[i] = values[plane+i] / 110
	}
}

// FromLab makes an RGB picture of one item of A (h·w values) and B (2·h·w values), the inverse of what [Colour] gives,
// cut to whole numbers as the official code does.
func FromLab(a, b []float32, h, w int) *vision.Image {
	values := make([]float32, 0, 3*h*w)
	for _, v := range a {
		values = append(values, (v+1)*50)
	}
	for _, v := range b {
		values = append(values, v*110)
	}
	return vision.FromLab(values, h, w, vision.Truncate)
}

var _ data.Dataset = (*Colour)(nil)
