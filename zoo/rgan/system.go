package rgan

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/zoo/internal/classes"
)

// System is rGAN's entry in the zoo.
var System = train.System{
	Name:        "rgan",
	Title:       "label-noise robust GANs, rAC-GAN and rcGAN: clean classes from noisy labels",
	Paper:       "Kaneko, Ushiku, Harada: Label-Noise Robust Generative Adversarial Networks, CVPR 2019",
	Data:        "fashion-mnist",
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: map[string]string{"mnist": "fashion-small-rac", "fashion-mnist": "fashion-small-rac"},
	New:         train.NewOf(New),
	DataOptions: dataOptions,
	Example: func(settings any, n int) map[string]*torch.Tensor {
		return classes.Example(dataOptions(settings), settings.(*Config).Classes, n)
	},
	Defaults: func(settings any) train.Defaults {
		d := train.Defaults{Batch: 64, Steps: 100000}
		if steps := *settings.(*Config).Decay; steps > 0 {
			d.Steps = steps
		}
		return d
	},
}

func dataOptions(settings any) data.Options {
	c := settings.(*Config)
	return data.Options{Size: c.Size, Channels: c.Channels}
}
