package pix2pixhd

import (
	"context"
	"fmt"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/pairs"
)

// earthClasses are the labels of the relief maps of earth.
const earthClasses = 10

// System is pix2pixHD's entry in the zoo.
var System = train.System{
	Name:        "pix2pixhd",
	Title:       "pix2pixHD: photographs of label maps, up to 2048×1024",
	Paper:       "Wang, Liu, Zhu, Tao, Kautz, Catanzaro: High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs, CVPR 2018",
	Data:        "earth",
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: map[string]string{"earth": "earth256", "openmoji": "openmoji"},
	New:         train.NewOf(New),
	Open: func(ctx context.Context, settings any, r train.DataRequest) (data.Dataset, error) {
		return open(ctx, *settings.(*Config), r)
	},
	Input:    func(settings any, in train.Input) ([]data.Array, error) { return input(*settings.(*Config), in) },
	Example:  func(settings any, n int) map[string]*torch.Tensor { return example(*settings.(*Config), n) },
	Defaults: func(settings any) train.Defaults { return defaults(*settings.(*Config)) },
}

func defaults(c Config) train.Defaults {
	return train.Defaults{Batch: 1, Epochs: max(*c.FullEpochs+*c.DecayEpochs, 1)}
}

// open opens label maps, instance maps and pictures, and complains of a missing file of the perceptual loss before any
// training. Crops are for training alone.
func open(ctx context.Context, c Config, r train.DataRequest) (data.Dataset, error) {
	c, err := c.withDefaults()
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
	o := pairs.Options{
		Split: r.Split, Plain: r.Plain, Width: c.Size, Height: c.Height, Flip: !c.NoFlip, Labels: *c.Classes, Instances: !c.NoInstance,
	}
	if c.Crop > 0 && !r.Plain {
		o.Preprocess, o.Load, o.Width, o.Height = "scale_width_and_crop", c.Size, c.Crop, c.Crop
	}
	return pairs.OpenLabelled(dir, o)
}

// input reads a label map, or picture, and its instance map.
func input(c Config, in train.Input) ([]data.Array, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	if in.Back {
		return nil, fmt.Errorf("pix2pixhd makes pictures of label maps, not label maps of pictures")
	}
	if *c.Classes > 0 {
		o := pairs.Options{Labels: *c.Classes, Instances: !c.NoInstance, Multiple: 1}
		return pairs.LabelInput(in.Name, in.Picture, in.Instance, o)
	}
	if !c.NoInstance {
		return nil, fmt.Errorf("pix2pixhd translates no single picture that has an instance map beside it: %s", in.Name)
	}
	return pairs.PictureInput(c.inputField(), in.Name, in.Picture, 3, 1)
}

// example is n random items: instances of 16×16 pixels that each have one label.
func example(c Config, n int) map[string]*torch.Tensor {
	h, w := c.Height, c.Size
	if c.Crop > 0 {
		h, w = c.Crop, c.Crop
	}
	noise := func() *torch.Tensor { return torch.Rand([]int{n, 3, h, w}).MulScalar(2).SubScalar(1) }
	fields := map[string]*torch.Tensor{"image": noise()}
	const cell = 16
	cells := func(below int) *torch.Tensor {
		ids := torch.RandInt(0, below, []int{n, (h + cell - 1) / cell, (w + cell - 1) / cell})
		for dim := 1; dim <= 2; dim++ {
			ids = ids.RepeatInterleave(cell, torch.RepeatInterleaveOptions{Dim: &dim})
		}
		return ids.Narrow(1, 0, h).Narrow(2, 0, w).Contiguous()
	}
	if *c.Classes == 0 {
		fields["condition"] = noise()
	} else {
		fields["label"] = cells(*c.Classes)
	}
	if !c.NoInstance {
		fields["instance"] = cells(1000)
	}
	return fields
}
