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
	Presets:     presets(),
	DataPresets: map[string]string{"mnist": "fashion-mnist", "fashion-mnist": "fashion-mnist"},
	New:         func(settings any) (train.Model, error) { return build(*settings.(*Config)) },
	DataOptions: func(settings any) data.Options {
		c := settings.(*Config)
		return data.Options{Size: c.Size, Channels: c.Channels, Flip: c.Flip}
	},
}

func presets() map[string]any {
	all := map[string]any{}
	for name, c := range Presets {
		all[name] = &c
	}
	return all
}

// build is New with a nil interface where it fails.
func build(c Config) (train.Model, error) {
	m, err := New(c)
	if err != nil {
		return nil, err
	}
	return m, nil
}
