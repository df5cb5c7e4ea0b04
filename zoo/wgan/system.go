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
	Presets:     presets(),
	DataPresets: map[string]string{"mnist": "digits", "fashion-mnist": "digits"},
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
