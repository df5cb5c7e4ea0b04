package pairs

import (
	"errors"
	"fmt"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

// picture is a decoded file, of 8 bits a sample or of 16.
type picture struct {
	path string
	h, w int
	im   *vision.Image
	deep *vision.Deep // in place of im
}

// decode reads a file's content in 1 or 3 channels.
func decode(path string, raw []byte, channels int) (picture, error) {
	if vision.IsDeep(raw) {
		d, err := vision.DecodeDeep(path, raw, vision.Mode(channels))
		if err != nil {
			return picture{}, err
		}
		return picture{path, d.H, d.W, nil, d}, nil
	}
	im, err := vision.DecodeBytes(path, raw, vision.Mode(channels))
	if err != nil {
		return picture{}, err
	}
	return picture{path, im.H, im.W, im, nil}, nil
}

// load reads a file.
func load(path string, channels int) (picture, error) {
	raw, err := vision.Read(path)
	if err != nil {
		return picture{}, err
	}
	return decode(path, raw, channels)
}

// half says which part of a file is meant.
type half int

const (
	whole half = iota
	left       // A of a picture A|B: floor(width/2) columns
	right      // B: the rest
)

func (p picture) cut(side half) (picture, error) {
	x, w := 0, p.w/2
	switch {
	case side == whole:
		return p, nil
	case w < 1:
		return picture{}, p.error(errors.New("is 1 pixel wide: it cannot hold A and B side by side"))
	case side == right:
		x, w = w, p.w-w
	}
	out := picture{path: p.path, h: p.h, w: w}
	if p.deep != nil {
		out.deep = p.deep.Crop(0, x, p.h, w)
	} else {
		out.im = p.im.Crop(0, x, p.h, w)
	}
	return out, nil
}

// put writes the part of the picture at its place to dst, field f, in [-1, 1].
func (p picture) put(o Options, at place, f data.Field, dst []float32) error {
	if p.deep == nil {
		im, err := p.part(o, at, f)
		if err == nil {
			im.Normalize(dst, vision.Half, vision.Half)
		}
		return err
	}
	h, w, err := o.fit(p.h, p.w, at, f)
	if err != nil {
		return p.error(err)
	}
	cropH, cropW := size(f)
	d := p.deep.Resize(h, w, o.filter()).Crop(at.top, at.left, cropH, cropW)
	if at.flip {
		d = d.FlipH()
	}
	d.Normalize(dst, vision.Half, vision.Half)
	return nil
}

// part is the part of an 8-bit picture at its place.
func (p picture) part(o Options, at place, f data.Field) (*vision.Image, error) {
	h, w, err := o.fit(p.h, p.w, at, f)
	if err != nil {
		return nil, p.error(err)
	}
	cropH, cropW := size(f)
	im := p.im.ResizeCrop(h, w, o.filter(), at.top, at.left, cropH, cropW)
	if at.flip {
		im = im.FlipH()
	}
	return im, nil
}

// error puts the file before what is wrong with it.
func (p picture) error(err error) error { return fmt.Errorf("picture %s %w", p.path, err) }
