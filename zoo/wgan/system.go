package wgan

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch/data"
)

// System is WGAN's entry in the zoo.
var System = train.System{
	Name:        "wgan",
	Title:       "Wasserstein GAN with clipped weights: pictures from noise",
	Paper:       "Arjovsky, Chintala, Bottou: Wasserstein Generative Adversarial Networks, ICML 2017",
	Data:        "mnist",
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: map[string]string{"mnist": "digits", "fashion-mnist": "digits"},
	New:         train.NewOf(New),
	DataOptions: func(settings any) data.Options {
		c := settings.(*Config)
		return data.Options{Size: c.Size, Channels: c.Channels, Flip: c.Flip}
	},
	Defaults: func(settings any) train.Defaults {
		if settings.(*Config).G == "cnn" {
			return train.Defaults{Batch: 128}
		}
		return train.Defaults{}
	},
}
