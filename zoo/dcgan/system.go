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
	Presets:     train.PresetsOf(Presets),
	DataPresets: map[string]string{"mnist": "digits", "fashion-mnist": "digits"},
	New:         train.NewOf(New),
	DataOptions: func(settings any) data.Options {
		c := settings.(*Config)
		return data.Options{Size: c.Size, Channels: c.Channels}
	},
}
