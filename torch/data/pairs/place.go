package pairs

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/forgergan/forger/torch/data"
)

// place is what was drawn for one item: the crop, and whether it is mirrored.
type place struct {
	top, left int
	flip      bool
}

// resized is the size that a picture of h x w is brought to before the crop.
func (o Options) resized(h, w int) (int, int) {
	load := o.Load
	if o.Plain && o.crops() {
		load = o.Width
	}
	switch {
	case strings.HasPrefix(o.Preprocess, "resize"):
		return load * o.Height / o.Width, load
	case strings.HasPrefix(o.Preprocess, "scale_width"):
		return max(load*h/w, o.Height, 1), load
	case strings.HasPrefix(o.Preprocess, "scale_shortside"):
		if o.Plain && o.crops() {
			load = max(o.Width, o.Height)
		}
		if w <= h {
			return load * h / w, load
		}
		return load, load * w / h
	case o.Preprocess == "none":
		return nearestMultiple(h, o.Multiple), nearestMultiple(w, o.Multiple)
	}
	return h, w
}

// nearestMultiple rounds a side as Python does, half to even, but not to 0.
func nearestMultiple(n, multiple int) int {
	return max(1, int(math.RoundToEven(float64(n)/float64(multiple)))) * multiple
}

// draw places a picture of h x w. The error completes a sentence that begins with its name.
func (o Options) draw(h, w int, rng *rand.Rand) (place, error) {
	rh, rw := o.resized(h, w)
	if !o.crops() {
		return place{flip: !o.Plain && rng.IntN(2) == 1 && o.Flip}, nil
	}
	room, side := rh-o.Height, rw-o.Width
	switch {
	case room < 0 || side < 0:
		return place{}, fmt.Errorf("is %d x %d (width x height) and comes to %d x %d, less than the crop of %d x %d: "+
			"take a smaller one or a mode that resizes", w, h, rw, rh, o.Width, o.Height)
	case o.Plain:
		return place{top: room / 2, left: side / 2}, nil
	}
	return place{rng.IntN(room + 1), rng.IntN(side + 1), rng.IntN(2) == 1 && o.Flip}, nil
}

// field describes pictures in the shape (lead..., H, W): of the size of the crop, or else of one of h x w.
func (o Options) field(name string, h, w int, lead ...int) data.Field {
	if o.crops() {
		h, w = o.Height, o.Width
	} else {
		h, w = o.resized(h, w)
	}
	return data.Field{Name: name, Shape: append(lead, h, w)}
}

// fit returns the size that a picture of h x w is brought to so that the part at p can be cut from it for field f, for
// which p was drawn, or for its partner.
func (o Options) fit(h, w int, p place, f data.Field) (rh, rw int, err error) {
	rh, rw = o.resized(h, w)
	fh, fw := size(f)
	switch {
	case !o.crops() && (rh != fh || rw != fw):
		return 0, 0, fmt.Errorf("is %d x %d (width x height) and comes to %d x %d, the first of the set to %d x %d: "+
			"take a mode that crops, not %s", w, h, rw, rh, fw, fh, o.Preprocess)
	case p.top+fh > rh || p.left+fw > rw:
		return 0, 0, fmt.Errorf("is %d x %d (width x height) and comes to %d x %d, too small for the crop that was drawn for its partner: "+
			"take a mode that resizes", w, h, rw, rh)
	}
	return rh, rw, nil
}

// size is the height and width of a field.
func size(f data.Field) (h, w int) { n := len(f.Shape); return f.Shape[n-2], f.Shape[n-1] }
