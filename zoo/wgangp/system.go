package wgangp

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch/data"
)

// System is WGAN-GP's entry in the zoo.
var System = train.System{
	Name:        "wgangp",
	Title:       "Wasserstein GAN with gradient penalty: residual networks, pictures from noise",
	Paper:       "Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville: Improved Training of Wasserstein GANs, NIPS 2017",
	Data:        "fashion-mnist",
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: map[string]string{"mnist": "fashion-mnist", "fashion-mnist": "fashion-mnist", "emoji64": "emoji64"},
	New:         train.NewOf(New),
	DataOptions: func(settings any) data.Options {
		c := settings.(*Config)
		return data.Options{Size: c.Size, Channels: c.Channels, Flip: c.Flip}
	},
	Defaults: func(settings any) train.Defaults {
		if settings.(*Config).Net == "cnn" {
			return train.Defaults{Batch: 128}
		}
		return train.Defaults{}
	},
}
