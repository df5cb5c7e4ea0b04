package spade

import (
	"context"
	"fmt"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/pairs"
)

// The labels of the sets that the command fetches.
const (
	mrClasses    = 119 // background, the 116 regions of the AAL atlas, and two kinds of tissue outside them
	earthClasses = 10  // waters, bands of height, ice
)

// System is SPADE's entry in the zoo.
var System = train.System{
	Name:        "spade",
	Title:       "SPADE (GauGAN): photographs from label maps, with norms that the map adapts",
	Paper:       "Park, Liu, Wang, Zhu: Semantic Image Synthesis with Spatially-Adaptive Normalization, CVPR 2019",
	Data:        "mr",
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: map[string]string{"mr": "mr", "earth": "earth"},
	New:         train.NewOf(New),
	Open:        openData,
	Input:       inputOf,
	Example:     example,
	Defaults: func(settings any) train.Defaults {
		c := settings.(*Config)
		return train.Defaults{Batch: 4, Epochs: max(*c.FullEpochs+c.DecayEpochs, 1)}
	},
}

// openData opens folders of label maps, of instance maps where they are used, and of pictures. Before training it also
// complains of missing weights of the perceptual network.
func openData(ctx context.Context, settings any, r train.DataRequest) (data.Dataset, error) {
	c, err := settings.(*Config).withDefaults()
	if err != nil {
		return nil, err
	}
	if r.Split != data.Test && !r.Plain {
		if err := translation.NewPerceptual(c.Perceptual).Check(); err != nil {
			return nil, err
		}
	}
	dir, err := pairs.Folder(ctx, r.Name, r.Log)
	if err != nil {
		return nil, err
	}
	return pairs.OpenLabelled(dir, pairs.Options{
		Split: r.Split, Plain: r.Plain, Width: c.Size, Height: c.Height, Load: c.Load, Flip: !c.NoFlip,
		ChannelsB: c.Channels, Labels: c.Classes, DontCare: c.DontCare, Instances: c.Instance,
	})
}

// inputOf reads a label map to translate.
func inputOf(settings any, in train.Input) ([]data.Array, error) {
	c, err := settings.(*Config).withDefaults()
	if err != nil {
		return nil, err
	}
	fields, err := pairs.LabelInput(in.Name, in.Picture, in.Instance, pairs.Options{
		Labels: c.Classes, DontCare: c.DontCare, Instances: c.Instance, Multiple: 1,
	})
	if err != nil {
		return nil, err
	}
	if h, w := fields[0].Shape[1], fields[0].Shape[2]; c.VAE && (h != c.Height || w != c.Size) {
		return nil, fmt.Errorf("spade: label map %s comes to %d x %d (width x height), but a model with --vae makes pictures of %d x %d alone",
			in.Name, w, h, c.Size, c.Height)
	}
	if in.Style != nil {
		style, err := pairs.PictureInput("image", "the style", in.Style, c.Channels, 1)
		return append(fields, style...), err
	}
	return fields, nil
}

// example is n random label maps, each pixel an instance of its own, and pictures.
func example(settings any, n int) map[string]*torch.Tensor {
	c, err := settings.(*Config).withDefaults()
	if err != nil {
		panic(misuse(err.Error()))
	}
	ids := func(below int) *torch.Tensor {
		return torch.RandInt(0, below, []int{n, c.Height, c.Size})
	}
	b := map[string]*torch.Tensor{
		"label": ids(c.classes()), "image": torch.Rand([]int{n, c.Channels, c.Height, c.Size}).MulScalar(2).SubScalar(1),
	}
	if c.Instance {
		b["instance"] = ids(1 << 16)
	}
	return b
}
