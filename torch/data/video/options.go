package video

import (
	"fmt"
	"slices"
	"strings"

	"github.com/forgergan/forger/torch/data"
)

// Kind is what the conditions of frames are made of.
type Kind string

// The kinds. Poses are never mirrored.
const (
	Pictures Kind = ""     // train_A: pictures, or label maps where Options.Labels is not 0
	Face     Kind = "face" // train_keypoints: 68 points of a face
	Pose     Kind = "pose" // train_densepose and train_openpose
)

// Options say which windows a set has and what becomes of a frame on the way.
type Options struct {
	Split   data.Split // "" is Train
	Kind    Kind
	Frames  int // in a window; 0 is 1
	MaxStep int // frames of a window are up to so many apart, as far as the sequence allows; 0 is 1

	// PerFrame makes an epoch of as many windows as there are frames, each of a sequence drawn by its length, as the
	// official loader of poses. Without it an epoch has one window of each sequence.
	PerFrame bool

	// Plain leaves nothing to chance, for scores and grids: an item is one of the windows that follow each other through a
	// sequence, with frames next to each other; what is left at its end is left out. The crop is the middle.
	Plain bool

	Load int  // the side that frames are brought to
	Size int  // the side that is cropped from them, where Resize says so
	Flip bool // mirror every second window

	// Resize is one of the official modes. Sides are rounded to multiples of 4, and then, of what comes out, of 32.
	//
	//	scaleWidth         to the width Load, the height in proportion; "" is this one
	//	scaleHeight        to the height Load
	//	randomScaleWidth   to a width between Size and Load+1; with a crop only
	//	randomScaleHeight  to a height between Size and Load+1; with a crop only
	//	resize             to Load x Load
	//	none               as they are
	//
	// followed by nothing or by a crop, which lies near the middle and in the upper part:
	//
	//	_and_crop          of Size x Size
	//	_and_scaledCrop    of the width Size in the shape of the frame, or of the height Size where the height is scaled
	//
	// Plain takes Size in place of Load where a crop follows.
	Resize string

	Channels  int  // of A that are pictures: 1 grey, 3 colour; 0 is 3
	Labels    int  // ids of the label maps run from 0 to Labels-1; 0 is no label maps but pictures in their place
	Instances bool // label maps: read the instance maps too
}

var (
	scales = []string{"scaleWidth", "scaleHeight", "randomScaleWidth", "randomScaleHeight", "resize", "none"}
	crops  = []string{"", "crop", "scaledCrop"}
)

// scale is the part of Resize before the crop.
func (o Options) scale() string { s, _, _ := strings.Cut(o.Resize, "_and_"); return s }

// crop is the part of Resize after the scale: empty, crop or scaledCrop.
func (o Options) crop() string { _, c, _ := strings.Cut(o.Resize, "_and_"); return c }

// fill checks the options and puts in what zero values stand for. name begins the error.
func (o Options) fill(name string) (Options, error) {
	fail := func(format string, a ...any) (Options, error) {
		return o, fmt.Errorf("video %s: "+format, append([]any{name}, a...)...)
	}
	if o.Split == "" {
		o.Split = data.Train
	}
	if o.Resize == "" {
		o.Resize = scales[0]
	}
	for _, p := range []struct {
		v *int
		d int
	}{{&o.Frames, 1}, {&o.MaxStep, 1}, {&o.Channels, 3}, {&o.Load, o.Size}, {&o.Size, o.Load}} {
		if *p.v == 0 {
			*p.v = p.d
		}
	}
	scale, crop := o.scale(), o.crop()
	switch {
	case !slices.Contains([]Kind{Pictures, Face, Pose}, o.Kind):
		return fail("there are no conditions of the kind %q, only pictures, face and pose", o.Kind)
	case o.Kind != Pictures && o.Labels > 0:
		return fail("conditions of the kind %s are no label maps", o.Kind)
	case o.Split != data.Train && o.Split != data.Test:
		return fail("there is no split %q, only train and test", o.Split)
	case !slices.Contains(scales, scale) || !slices.Contains(crops, crop):
		return fail("there is no resize mode %q, only %s, followed by nothing, _and_crop or _and_scaledCrop", o.Resize, strings.Join(scales, ", "))
	case strings.HasPrefix(scale, "random") && crop == "":
		return fail("resize mode %s gives frames of many sizes: take it with _and_crop or _and_scaledCrop", o.Resize)
	case o.Frames < 1 || o.MaxStep < 1:
		return fail("a window of %d frames, up to %d apart, is not possible", o.Frames, o.MaxStep)
	case min(o.Load, o.Size) < 0 || scale != "none" && o.Load < 1 || crop != "" && o.Size < 1:
		return fail("resize mode %s needs a load size, and a size to crop where it crops", o.Resize)
	case o.Load < o.Size:
		return fail("a crop of %d cannot be taken from frames brought to %d", o.Size, o.Load)
	case o.Channels != 1 && o.Channels != 3:
		return fail("pictures have 1 or 3 channels, not %d", o.Channels)
	case o.Labels < 0 || o.Labels > 1<<16:
		return fail("%d labels are not possible", o.Labels)
	case o.Instances && o.Labels == 0:
		return fail("instance maps come with label maps: give the number of labels")
	}
	switch o.Kind {
	case Face:
		o.Channels = faceChannels
	case Pose:
		o.Channels, o.Flip = poseChannels, false
	}
	return o, nil
}
