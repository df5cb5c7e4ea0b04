package cyclegan

import (
	"context"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/pairs"
	"github.com/forgergan/forger/zoo/internal/twoway"
)

// System is CycleGAN's entry in the zoo.
var System = train.System{
	Name:        "cyclegan",
	Title:       "CycleGAN: pictures of one set into pictures of another and back, without pairs",
	Paper:       "Zhu, Park, Isola, Efros: Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks, ICCV 2017",
	Data:        twoway.Data,
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: twoway.DataPresets,
	New:         train.NewOf(New),
	Open: func(ctx context.Context, settings any, r train.DataRequest) (data.Dataset, error) {
		c := settings.(*Config)
		return twoway.Open(ctx, r, pairs.Options{
			Size: c.Size, Load: c.Load, Preprocess: c.Preprocess, Flip: !c.NoFlip, ChannelsA: c.Channels,
		})
	},
	Input: func(settings any, in train.Input) ([]data.Array, error) {
		return twoway.Input(in, settings.(*Config).Channels)
	},
	Example: func(settings any, n int) map[string]*torch.Tensor {
		c := settings.(*Config)
		return twoway.Example(n, c.Channels, c.Size)
	},
	Defaults: func(settings any) train.Defaults {
		c := settings.(*Config)
		d := train.Defaults{Batch: 1, Epochs: *c.FullEpochs + *c.DecayEpochs}
		if c.Size <= 64 {
			d.Batch = 4 // of pictures this small one alone leaves a processor idle
		}
		return d
	},
}
