package lsgan

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch/data"
)

// System is LSGAN's entry in the zoo.
var System = train.System{
	Name:        "lsgan",
	Title:       "least squares GAN: pictures from noise",
	Paper:       "Mao, Li, Xie, Lau, Wang, Smolley: Least Squares Generative Adversarial Networks, ICCV 2017",
	Data:        "mnist",
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: map[string]string{"mnist": "digits", "fashion-mnist": "digits"},
	New:         train.NewOf(New),
	DataOptions: func(settings any) data.Options {
		c := settings.(*Config)
		return data.Options{Size: c.Size, Channels: c.Channels}
	},
}
