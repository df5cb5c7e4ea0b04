package s3gan

import (
	"context"
	"fmt"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/zoo/internal/classes"
)

// System is S3GAN's entry in the zoo.
var System = train.System{
	Name:        "s3gan",
	Title:       "S3GAN and its family: class-conditional BigGAN from few labels",
	Paper:       "Lucic, Tschannen, Ritter, Zhai, Bachem, Gelly: High-Fidelity Image Generation With Fewer Labels, ICML 2019",
	Data:        "fashion-mnist",
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: map[string]string{"mnist": "fashion-small", "fashion-mnist": "fashion-small", "emoji64": "emoji64"},
	New:         train.NewOf(New),
	DataOptions: options,
	Open:        open,
	Example: func(settings any, n int) map[string]*torch.Tensor {
		return classes.Example(options(settings), settings.(*Config).Classes, n)
	},
	Defaults: func(settings any) train.Defaults {
		if settings.(*Config).Size >= 128 {
			return train.Defaults{Batch: 256, Steps: 250000}
		}
		return train.Defaults{}
	},
}

func options(settings any) data.Options {
	c := settings.(*Config)
	return data.Options{Size: c.Size, Channels: c.Channels}
}

// open opens pictures with labels, unless one label is for all.
func open(ctx context.Context, settings any, r train.DataRequest) (data.Dataset, error) {
	c := settings.(*Config)
	o := options(c)
	o.Split, o.Log, o.Middle = r.Split, r.Log, r.Plain
	set, err := data.Open(ctx, r.Name, o)
	if err != nil || c.Baseline != "none" {
		return set, err
	}
	if l, ok := set.(data.Labelled); !ok || len(l.Classes()) == 0 {
		return nil, fmt.Errorf("s3gan: data %s has no labels: put pictures into a folder for each class, or take --baseline single", r.Name)
	} else if n := len(l.Classes()); n != c.Classes {
		return nil, fmt.Errorf("s3gan: data %s has %d classes, not %d: give --classes %d", r.Name, n, c.Classes, n)
	}
	return set, nil
}
