package srgan

import (
	"context"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/photos"
	"github.com/forgergan/forger/torch/vision"
)

// System is SRGAN's entry in the zoo.
var System = train.System{
	Name:        "srgan",
	Title:       "super-resolution GAN and SRResNet: photographs enlarged 2, 4 or 8 times",
	Paper:       "Ledig, Theis, Huszár, Caballero, Cunningham, Acosta, Aitken, Tejani, Totz, Wang, Shi: Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network, CVPR 2017",
	Data:        "photos",
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: map[string]string{"photos": "small-srresnet", "land": "small-srresnet"},
	New:         train.NewOf(New),
	Open:        open,
	Input:       input,
	Example:     example,
	Defaults:    defaults,
}

// open opens photographs. Training data of a content loss whose network is not here are an error, before a run begins.
func open(ctx context.Context, settings any, r train.DataRequest) (data.Dataset, error) {
	c := settings.(*Config)
	if r.Split != data.Test && !r.Plain {
		if err := checkFeatures(c.Content); err != nil {
			return nil, err
		}
	}
	set, err := photos.Open(ctx, r.Name, photos.Options{
		Split: r.Split, Crop: c.Crop, Scale: c.Scale, Flip: c.Flip, Turn: c.Turn, Plain: r.Plain, Log: r.Log,
	})
	if err != nil {
		return nil, err
	}
	return set, nil
}

// input is a photograph, upright.
func input(_ any, in train.Input) ([]data.Array, error) {
	im, err := vision.DecodeBytes(in.Name, in.Picture, vision.RGB)
	if err != nil {
		return nil, err
	}
	return []data.Array{photos.Field("low", im.Upright(vision.Orientation(in.Picture)))}, nil
}

// example is n pairs of noise.
func example(settings any, n int) map[string]*torch.Tensor {
	c := settings.(*Config)
	noise := func(side int) *torch.Tensor { return signed(torch.Rand([]int{n, 3, side, side})) }
	return map[string]*torch.Tensor{"low": noise(c.Crop / c.Scale), "high": noise(c.Crop)}
}

// defaults are the paper's batch and steps: of an SRResNet 10⁶, of an SRGAN twice those until its learning rates fall. With
// fewer blocks they are for 2 cores.
func defaults(settings any) train.Defaults {
	c := settings.(*Config)
	d := train.Defaults{Batch: 16, Steps: 1000000}
	if *c.Adversarial > 0 {
		d.Steps = max(200000, 2**c.Drop)
	}
	if c.Blocks < 16 {
		d.Steps = 3000
	}
	return d
}
