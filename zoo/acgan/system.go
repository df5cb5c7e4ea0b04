package acgan

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/zoo/internal/classes"
)

// System is AC-GAN's entry in the zoo.
var System = train.System{
	Name:        "acgan",
	Title:       "GAN with an auxiliary classifier: pictures of a class",
	Paper:       "Odena, Olah, Shlens: Conditional Image Synthesis with Auxiliary Classifier GANs, ICML 2017",
	Data:        "fashion-mnist",
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: map[string]string{"mnist": "keras", "fashion-mnist": "pytorch-gan"},
	New:         train.NewOf(New),
	DataOptions: dataOptions,
	Example: func(settings any, n int) map[string]*torch.Tensor {
		return classes.Example(dataOptions(settings), settings.(*Config).Classes, n)
	},
	Defaults: func(settings any) train.Defaults {
		if settings.(*Config).Net == "pytorch-gan" {
			return train.Defaults{Batch: 64}
		}
		return train.Defaults{Batch: 100}
	},
}

func dataOptions(settings any) data.Options {
	c := settings.(*Config)
	return data.Options{Size: c.Size, Channels: c.Channels, Flip: c.Flip}
}
