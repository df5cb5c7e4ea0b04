package pix2pix

import "github.com/forgergan/forger/gan/train"

// System is pix2pix's entry in the zoo.
var System = train.System{
	Name:        "pix2pix",
	Title:       "image-to-image translation with a conditional GAN: pictures of pictures, from pairs",
	Paper:       "Isola, Zhu, Zhou, Efros: Image-to-Image Translation with Conditional Adversarial Networks, CVPR 2017",
	Data:        "openmoji",
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: map[string]string{"openmoji": "openmoji128"},
	New:         train.NewOf(New),
	Open:        open,
	Input:       input,
	Example:     example,
	Defaults: func(settings any) train.Defaults {
		c := settings.(*Config)
		d := train.Defaults{Batch: 1, Epochs: *c.FullEpochs + *c.DecayEpochs}
		if d.Epochs < 50 {
			d.Batch = 4 // as the paper has it where few epochs do, of large sets
		}
		return d
	},
}
