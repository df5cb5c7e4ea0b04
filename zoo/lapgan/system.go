package lapgan

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/zoo/internal/classes"
)

// System is LAPGAN's entry in the zoo.
var System = train.System{
	Name:        "lapgan",
	Title:       "Laplacian pyramid of GANs: coarse pictures, then what each finer level lacks",
	Paper:       "Denton, Chintala, Szlam, Fergus: Deep Generative Image Models using a Laplacian Pyramid of Adversarial Networks, NIPS 2015",
	Data:        "emoji64",
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: map[string]string{"mnist": "fashion-small", "fashion-mnist": "fashion-small", "emoji64": "emoji64"},
	New:         build,
	DataOptions: dataOptions,
	Example:     examples,
	Defaults:    defaults,
}

// build makes a Model, or a ClassModel where there are classes.
func build(settings any) (train.Model, error) {
	m, err := New(*settings.(*Config))
	switch {
	case err != nil:
		return nil, err
	case m.config.Classes > 0:
		return ClassModel{m}, nil
	}
	return m, nil
}

func dataOptions(settings any) data.Options {
	c := settings.(*Config)
	return data.Options{Size: c.size(), Channels: c.Channels, Load: c.Load, Flip: c.Flip}
}

// examples are random pictures, with labels where there are classes.
func examples(settings any, n int) map[string]*torch.Tensor {
	fields := classes.Example(dataOptions(settings), max(1, settings.(*Config).Classes), n)
	if settings.(*Config).Classes == 0 {
		delete(fields, "label")
	}
	return fields
}

// defaults are a batch of the published size, and steps that show what a level learns; the official program for CIFAR-10 never
// ends, that for LSUN does after 24 epochs of 5000 steps.
func defaults(settings any) train.Defaults {
	switch c := settings.(*Config); {
	case c.Net != "cifar":
		return train.Defaults{Batch: 128, Steps: 24 * 5000}
	case c.Optimizer == "sgd":
		return train.Defaults{Batch: 128, Steps: 100 * 704}
	case c.size() > 32: // on two cores
		return train.Defaults{Batch: 32}
	}
	return train.Defaults{}
}
