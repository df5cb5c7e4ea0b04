package sngan

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch/data"
)

// System is SNGAN's entry in the zoo.
var System = train.System{
	Name:        "sngan",
	Title:       "GAN with spectral normalisation: residual networks, pictures from noise; SSGAN and InfoMax-GAN as settings",
	Paper:       "Miyato, Kataoka, Koyama, Yoshida: Spectral Normalization for Generative Adversarial Networks, ICLR 2018",
	Data:        "fashion-mnist",
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: map[string]string{"mnist": "fashion-mnist", "fashion-mnist": "fashion-mnist"},
	New:         train.NewOf(New),
	DataOptions: func(settings any) data.Options {
		c := settings.(*Config)
		return data.Options{Size: c.Size, Channels: c.Channels, Flip: c.Flip}
	},
}
