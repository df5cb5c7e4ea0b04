package cgan

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/zoo/internal/classes"
)

// System is the entry of the conditional GANs in the zoo.
var System = train.System{
	Name:        "cgan",
	Title:       "conditional GAN with a projection discriminator: pictures of a class",
	Paper:       "Miyato, Koyama: cGANs with Projection Discriminator, ICLR 2018; Mirza, Osindero: Conditional Generative Adversarial Nets, 2014",
	Data:        "fashion-mnist",
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: map[string]string{"mnist": "fashion-mnist", "fashion-mnist": "fashion-mnist"},
	New:         train.NewOf(New),
	DataOptions: dataOptions,
	Example: func(settings any, n int) map[string]*torch.Tensor {
		return classes.Example(dataOptions(settings), settings.(*Config).Classes, n)
	},
	Defaults: func(settings any) train.Defaults {
		if settings.(*Config).Net == "maxout" {
			return train.Defaults{Batch: 100}
		}
		return train.Defaults{}
	},
}

func dataOptions(settings any) data.Options {
	c := settings.(*Config)
	return data.Options{Size: c.Size, Channels: c.Channels, Flip: c.Flip}
}
