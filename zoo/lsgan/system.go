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
	Presets:     presets(),
	DataPresets: map[string]string{"mnist": "digits", "fashion-mnist": "digits"},
	New:         func(settings any) (train.Model, error) { return build(*settings.(*Config)) },
	DataOptions: func(settings any) data.Options {
		c := settings.(*Config)
		return data.Options{Size: c.Size, Channels: c.Channels}
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
