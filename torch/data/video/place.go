package video

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// place is what was drawn for one window: the size that its frames are brought to, the crop, and whether it is mirrored.
type place struct {
	h, w      int // before the crop
	top, left int
	cropH     int
	cropW     int
	flip      bool

	fileH, fileW int    // of the frames as they are stored
	cut          region // of the stored frames that counts
}

// region is a part of a picture.
type region struct{ top, left, h, w int }

// multiple rounds to a multiple as Python does, half to even, but not to 0.
func multiple(n, of int) int { return max(1, int(math.RoundToEven(float64(n)/float64(of)))) * of }

// resized is the size that a frame of h x w is brought to before it is rounded, with side in place of Load.
func (o Options) resized(h, w, side int) (int, int) {
	switch scale := o.scale(); {
	case strings.HasSuffix(scale, "Width"):
		return side * h / w, side
	case strings.HasSuffix(scale, "Height"):
		return side, side * w / h
	case scale == "resize":
		return side, side
	}
	return h, w
}

// outSize is the size that frames of h x w come out in.
func (o Options) outSize(h, w int) (int, int) {
	switch o.crop() {
	case "crop":
		h, w = o.Size, o.Size
	case "scaledCrop":
		if strings.HasSuffix(o.scale(), "Width") {
			h, w = o.Size*h/w, o.Size
		} else {
			h, w = o.Size, o.Size*w/h
		}
	default:
		h, w = o.resized(h, w, o.Load)
		h, w = multiple(h, 4), multiple(w, 4)
	}
	return multiple(h, 32), multiple(w, 32)
}

// middle narrows the place of a window to the central half of its width, in multiples of 32 to both sides.
func (p place) middle() place {
	half := p.cropW / 4 / 32 * 32
	p.left += p.cropW/2 - half
	p.cropW = 2 * half
	return p
}

// draw places the frames of a window, of h x w. The error completes a sentence that begins with their name.
func (o Options) draw(h, w int, rng *rand.Rand) (p place, err error) {
	p.cropH, p.cropW = o.outSize(h, w)
	if o.crop() == "" {
		p.h, p.w = p.cropH, p.cropW
	} else {
		side := o.Load
		switch {
		case o.Plain:
			side = o.Size
		case strings.HasPrefix(o.scale(), "random"):
			side = o.Size + rng.IntN(o.Load+2-o.Size)
		}
		p.h, p.w = o.resized(h, w, side)
		p.h, p.w = multiple(p.h, 4), multiple(p.w, 4)
		// Rounding may leave a scaled frame a little smaller than the rounded crop.
		if scale := o.scale(); scale != "none" {
			p.h, p.w = max(p.h, p.cropH), max(p.w, p.cropW)
		}
		room, span := p.h-p.cropH, (p.w-p.cropW)/2
		switch {
		case room < 0 || span < 0:
			return p, fmt.Errorf("is %d x %d (width x height) and comes to %d x %d, less than the crop of %d x %d: "+
				"take a smaller one or a mode that resizes", w, h, p.w, p.h, p.cropW, p.cropH)
		case o.Plain:
			p.top, p.left = room/2, span
		default:
			p.left = min(max(int(rng.NormFloat64()*float64(span)/3+float64(span)), 0), 2*span)
			p.top = rng.IntN(min(room, p.h/8) + 1)
		}
	}
	p.flip = o.Flip && !o.Plain && rng.IntN(2) == 1
	return p, nil
}
