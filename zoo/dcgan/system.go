package dcgan

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch/data"
)

// System is DCGAN's entry in the zoo.
var System = train.System{
	Name:        "dcgan",
	Title:       "deep convolutional GAN: pictures from noise",
	Paper:       "Radford, Metz, Chintala: Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks, ICLR 2016",
	Data:        "mnist",
	NewConfig:   func() any { return new(Config) },
	Presets:     map[string]any{"paper": new(Presets["paper"]), "digits": new(Presets["digits"])},
	DataPresets: map[string]string{"mnist": "digits", "fashion-mnist": "digits"},
	New:         func(settings any) (train.Model, error) { return build(*settings.(*Config)) },
	DataOptions: func(settings any) data.Options {
		c := settings.(*Config)
		return data.Options{Size: c.Size, Channels: c.Channels}
	},
}

// build is New with a nil interface where it fails.
func build(c Config) (train.Model, error) {
	m, err := New(c)
	if err != nil {
		return nil, err
	}
	return m, nil
}
