package pairs

import (
	"cmp"
	"fmt"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

// The functions of this file turn encoded files into one item of a set, for a program that translates single pictures:
// arrays of shape (1, ...) in the size of the file, its sides brought to the nearest multiple as preprocess mode none
// does; 0 is 4. name is the file in an error.

func ownSize(multiple int) Options {
	return Options{Preprocess: "none", Plain: true, Multiple: cmp.Or(multiple, 4)}
}

// PictureInput returns field ("A", "condition", ...) of shape (1, channels, H, W) with a picture, in [-1, 1].
func PictureInput(field, name string, encoded []byte, channels, multiple int) ([]data.Array, error) {
	p, err := decode(name, encoded, channels)
	if err != nil {
		return nil, err
	}
	o := ownSize(multiple)
	f := o.field(field, p.h, p.w, channels)
	a := single(f)
	return []data.Array{a}, p.put(o, place{}, f, a.Float32)
}

// LightnessInput returns "A" (1, 1, H, W) as [Colour] makes it of a picture; a grey one is welcome.
func LightnessInput(name string, encoded []byte, multiple int) ([]data.Array, error) {
	im, err := vision.DecodeBytes(name, encoded, vision.RGB)
	if err != nil {
		return nil, err
	}
	o := ownSize(multiple)
	f := o.field("A", im.H, im.W, 1)
	if im, err = (picture{path: name, h: im.H, w: im.W, im: im}).part(o, place{}, f); err != nil {
		return nil, err
	}
	a := single(f)
	lab(im, a.Float32, nil)
	return []data.Array{a}, nil
}

// LabelInput returns "label" (1, H, W) with a label map and, with Options.Instances, "instance" (1, H, W). Of the options
// Labels, DontCare, Instances and Multiple count. Ids are checked as by [Labelled]; both maps must have one size.
func LabelInput(name string, label, instance []byte, o Options) ([]data.Array, error) {
	o.Preprocess, o.Plain, o.Multiple = "none", true, cmp.Or(o.Multiple, 4)
	ids, err := vision.DecodeIDs(name, label)
	if err != nil {
		return nil, err
	}
	if err := checkLabels(name, ids, o); err != nil {
		return nil, err
	}
	f := o.field("label", ids.H, ids.W)
	f.Int64 = true
	out := []data.Array{single(f)}
	if err := putIDs(o, name, ids, place{}, f, out[0].Int64); err != nil {
		return nil, err
	}
	dontCare(out[0].Int64, o)
	if !o.Instances {
		return out, nil
	}
	if instance == nil {
		return nil, fmt.Errorf("label map %s needs its instance map", name)
	}
	inst, err := vision.DecodeIDs("of the instances of "+name, instance)
	if err != nil {
		return nil, err
	}
	if inst.H != ids.H || inst.W != ids.W {
		return nil, fmt.Errorf("label map %s is %d x %d (width x height) but its instance map %d x %d", name, ids.W, ids.H, inst.W, inst.H)
	}
	f.Name = "instance"
	out = append(out, single(f))
	return out, putIDs(o, name, inst, place{}, f, out[1].Int64)
}

// single returns the array of one item.
func single(f data.Field) data.Array {
	a := data.Array{Name: f.Name, Shape: append([]int{1}, f.Shape...)}
	if f.Int64 {
		a.Int64 = make([]int64, f.Size())
	} else {
		a.Float32 = make([]float32, f.Size())
	}
	return a
}
