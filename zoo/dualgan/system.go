package dualgan

import (
	"context"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/pairs"
	"github.com/forgergan/forger/zoo/internal/twoway"
)

// System is DualGAN's entry in the zoo.
var System = train.System{
	Name:        "dualgan",
	Title:       "DualGAN: two sets of pictures into one another with Wasserstein critics, without pairs",
	Paper:       "Yi, Zhang, Tan, Gong: DualGAN: Unsupervised Dual Learning for Image-to-Image Translation, ICCV 2017",
	Data:        twoway.Data,
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: twoway.DataPresets,
	New:         train.NewOf(New),
	Open: func(ctx context.Context, settings any, r train.DataRequest) (data.Dataset, error) {
		c := settings.(*Config)
		return twoway.Open(ctx, r, pairs.Options{Size: c.Size, Bilinear: true, Flip: c.Flip, ChannelsA: c.Channels})
	},
	Input: func(settings any, in train.Input) ([]data.Array, error) {
		return twoway.Input(in, settings.(*Config).Channels)
	},
	Example: func(settings any, n int) map[string]*torch.Tensor {
		c := settings.(*Config)
		return twoway.Example(n, c.Channels, c.Size)
	},
	Defaults: func(settings any) train.Defaults {
		if settings.(*Config).Net == "unet" {
			return train.Defaults{Batch: 8, Epochs: 200}
		}
		return train.Defaults{Batch: 1, Epochs: 50}
	},
}
