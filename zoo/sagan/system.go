package sagan

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/zoo/internal/classes"
)

// System is SAGAN's entry in the zoo.
var System = train.System{
	Name:        "sagan",
	Title:       "self-attention GAN: pictures of a class, every pixel sees all others",
	Paper:       "Zhang, Goodfellow, Metaxas, Odena: Self-Attention Generative Adversarial Networks, ICML 2019",
	Data:        "fashion-mnist",
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: map[string]string{"mnist": "fashion-small", "fashion-mnist": "fashion-small", "emoji64": "emoji64"},
	New:         train.NewOf(New),
	DataOptions: dataOptions,
	Example: func(settings any, n int) map[string]*torch.Tensor {
		return classes.Example(dataOptions(settings), settings.(*Config).Classes, n)
	},
	Defaults: func(settings any) train.Defaults {
		if settings.(*Config).Size == 128 {
			return train.Defaults{Batch: 256, Steps: 1000000}
		}
		return train.Defaults{Batch: 64, Steps: 3000}
	},
}

func dataOptions(settings any) data.Options {
	c := settings.(*Config)
	return data.Options{Size: c.Size, Channels: c.Channels}
}
