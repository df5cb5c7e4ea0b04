package biggan

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/zoo/internal/classes"
)

// System is BigGAN's entry in the zoo.
var System = train.System{
	Name:      "biggan",
	Title:     "BigGAN and BigGAN-deep: pictures of a class, from large batches; SAGAN as a preset",
	Paper:     "Brock, Donahue, Simonyan: Large Scale GAN Training for High Fidelity Natural Image Synthesis, ICLR 2019",
	Data:      "fashion-mnist",
	NewConfig: func() any { return new(Config) },
	Presets:   train.PresetsOf(Presets),
	DataPresets: map[string]string{
		"mnist": "fashion-small", "fashion-mnist": "fashion-small", "emoji64": "emoji64", "emoji64:pairs": "emoji64-pairs",
	},
	New:         train.NewOf(New),
	DataOptions: dataOptions,
	Example: func(settings any, n int) map[string]*torch.Tensor {
		return classes.Example(dataOptions(settings), settings.(*Config).Classes, n)
	},
	Defaults: func(settings any) train.Defaults {
		switch c := settings.(*Config); {
		case c.Size == 32 && c.Channels == 3: // launch_cifar_ema.sh
			return train.Defaults{Batch: 50, Steps: 125000}
		case c.Size >= 128:
			return train.Defaults{Batch: 256, Steps: 150000}
		}
		return train.Defaults{Batch: 64, Steps: 3000}
	},
}

func dataOptions(settings any) data.Options {
	c := settings.(*Config)
	return data.Options{Size: c.Size, Channels: c.Channels}
}
