package video

import (
	"fmt"

	"github.com/forgergan/forger/torch/vision"
)

// picture writes the part of a frame at its place to dst, in [-1, 1].
func (p place) picture(path string, im *vision.Image, dst []float32) error {
	if err := p.same(path, im.H, im.W); err != nil {
		return err
	}
	p.part(im, vision.Bicubic).Normalize(dst, vision.Half, vision.Half)
	return nil
}

// part is what of a frame comes out.
func (p place) part(im *vision.Image, f vision.Filter) *vision.Image {
	if p.cut.h != im.H || p.cut.w != im.W {
		im = im.Crop(p.cut.top, p.cut.left, p.cut.h, p.cut.w)
	}
	im = im.ResizeCrop(p.h, p.w, f, p.top, p.left, p.cropH, p.cropW)
	if p.flip {
		im = im.FlipH()
	}
	return im
}

// ids writes the part of a map at its place to dst.
func (p place) ids(path string, labels int, dst []int64) error {
	raw, err := vision.Read(path)
	if err != nil {
		return err
	}
	m, err := vision.DecodeIDs(path, raw)
	if err != nil {
		return err
	}
	if err := p.same(path, m.H, m.W); err != nil {
		return err
	}
	for i, id := range m.Pix {
		if int(id) >= labels {
			return fmt.Errorf("label map %s holds id %d at (x %d, y %d), but labels run from 0 to %d", path, id, i%m.W, i/m.W, labels-1)
		}
	}
	m = m.ResizeCrop(p.h, p.w, p.top, p.left, p.cropH, p.cropW)
	if p.flip {
		m = m.FlipH()
	}
	for i, id := range m.Pix {
		dst[i] = int64(id)
	}
	return nil
}

// same tells a frame of another size than the window's first one. All parts of a window have one size.
func (p place) same(path string, h, w int) error {
	if h != p.fileH || w != p.fileW {
		return fmt.Errorf("%s is %d x %d (width x height), but the first frame of its window %d x %d: all frames of a sequence have one size",
			path, w, h, p.fileW, p.fileH)
	}
	return nil
}
