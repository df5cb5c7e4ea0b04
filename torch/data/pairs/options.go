package pairs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

// Options say which items a set has and what becomes of a picture on the way.
type Options struct {
	Split    data.Split // "" is Train
	Plain    bool       // no crop at random, no flip, no random partner: for scores and grids
	Size     int        // of the pictures in a batch, Size x Size
	Width    int        // of the pictures, where they are not square;
	Height   int        // 0 is Size
	Load     int        // width that pictures are brought to before the crop; 0 is Width. See Preprocess
	Flip     bool       // mirror every second item
	Bilinear bool       // resize by bilinear interpolation; else by bicubic, as the papers

	// Preprocess is one of the official modes. The ones without crop take the size of the first picture, and all
	// others must come out as large.
	//
	//	resize_and_crop           to Load x Load (in proportion if Width and Height differ), crop; "" is this one
	//	crop                      crop only
	//	scale_width               to the width Load, but at least the height Height, if that is given; Size does not count
	//	scale_width_and_crop      the same, crop
	//	scale_shortside           the shorter side to Load
	//	scale_shortside_and_crop  the same, crop
	//	none                      sides to the nearest multiple of Multiple
	//
	// Plain takes the crop's size in place of Load where a crop follows, and crops the middle.
	Preprocess string
	Multiple   int // of the sides, in mode none; 0 is 4

	ChannelsA, ChannelsB int  // 1 grey, 3 colour; 0 is 3
	Back                 bool // exchange A and B (direction BtoA)
	Serial               bool // unpaired sets: B in order, not at random

	Labels    int  // label maps: ids run from 0 to Labels-1; 0 is no label map but a picture in its place
	DontCare  bool // label maps: id 255 becomes Labels
	Instances bool // label maps: read the instance maps too
}

var modes = []string{"resize_and_crop", "crop", "scale_width", "scale_width_and_crop", "scale_shortside", "scale_shortside_and_crop", "none"}

// fill checks the options and puts in what zero values stand for. name begins the error.
func (o Options) fill(name string) (Options, error) {
	if o.Preprocess == "" {
		o.Preprocess = modes[0]
	}
	if o.Split == "" {
		o.Split = data.Train
	}
	fallback := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	fallback(&o.Width, o.Size)
	if o.crops() {
		fallback(&o.Height, o.Size)
	}
	fallback(&o.Load, o.Width)
	fallback(&o.Multiple, 4)
	fallback(&o.ChannelsA, 3)
	fallback(&o.ChannelsB, 3)
	switch {
	case !slices.Contains(modes, o.Preprocess):
		return o, fmt.Errorf("pairs %s: there is no preprocess mode %q, only %s", name, o.Preprocess, strings.Join(modes, ", "))
	case o.Split != data.Train && o.Split != data.Test:
		return o, fmt.Errorf("pairs %s: there is no split %q, only train and test", name, o.Split)
	case o.ChannelsA != 1 && o.ChannelsA != 3 || o.ChannelsB != 1 && o.ChannelsB != 3:
		return o, fmt.Errorf("pairs %s: pictures have 1 or 3 channels, not %d and %d", name, o.ChannelsA, o.ChannelsB)
	case min(o.Width, o.Height, o.Load) < 0 || o.crops() && min(o.Width, o.Height) < 1:
		return o, fmt.Errorf("pairs %s: %d x %d (width x height) is not a size that pictures can be cropped to: give the size", name, o.Width, o.Height)
	case o.Load < 1 && strings.HasPrefix(o.Preprocess, "scale"):
		return o, fmt.Errorf("pairs %s: preprocess mode %s needs a load size", name, o.Preprocess)
	case o.Preprocess == modes[0] && o.Load < o.Width:
		return o, fmt.Errorf("pairs %s: a width of %d cannot be cropped from pictures brought to %d", name, o.Width, o.Load)
	case o.Multiple < 1:
		return o, fmt.Errorf("pairs %s: a side cannot be a multiple of %d", name, o.Multiple)
	case o.Labels < 0 || o.Labels > 1<<16:
		return o, fmt.Errorf("pairs %s: %d labels are not possible", name, o.Labels)
	}
	return o, nil
}

// crops reports whether all pictures come out as Height x Width.
func (o Options) crops() bool { return strings.HasSuffix(o.Preprocess, "crop") }

func (o Options) filter() vision.Filter {
	if o.Bilinear {
		return vision.Bilinear
	}
	return vision.Bicubic
}
