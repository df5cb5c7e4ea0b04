package cpgan

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/zoo/internal/classes"
)

// System is CP-GAN's entry in the zoo.
var System = train.System{
	Name:        "cpgan",
	Title:       "classifier's-posterior GAN: pictures of what belongs to one class, and to several",
	Paper:       "Kaneko, Ushiku, Harada: Class-Distinct and Class-Mutual Image Generation with GANs, BMVC 2019",
	Data:        "fashion-mnist",
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: map[string]string{"mnist": "fashion-small", "fashion-mnist": "fashion-small"},
	New:         train.NewOf(New),
	DataOptions: dataOptions,
	Example: func(settings any, n int) map[string]*torch.Tensor {
		labels, _, _ := settings.(*Config).classes()
		return classes.Example(dataOptions(settings), labels, n)
	},
	Defaults: func(settings any) train.Defaults {
		c := settings.(*Config)
		d := train.Defaults{Steps: *c.Decay}
		if _, overlap, err := c.classes(); err == nil && overlap.Classes > 0 {
			d.Labels = overlap.String()
		}
		return d
	},
}

func dataOptions(settings any) data.Options {
	c := settings.(*Config)
	return data.Options{Size: c.Size, Channels: c.Channels}
}
