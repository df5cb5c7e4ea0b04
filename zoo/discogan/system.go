package discogan

import (
	"context"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/pairs"
	"github.com/forgergan/forger/zoo/internal/twoway"
)

// System is DiscoGAN's entry in the zoo.
var System = train.System{
	Name:        "discogan",
	Title:       "DiscoGAN: relations between two sets of small pictures, without pairs",
	Paper:       "Kim, Cha, Kim, Lee, Kim: Learning to Discover Cross-Domain Relations with Generative Adversarial Networks, ICML 2017",
	Data:        twoway.Data,
	NewConfig:   func() any { return new(Config) },
	Presets:     train.PresetsOf(Presets),
	DataPresets: twoway.DataPresets,
	New:         train.NewOf(New),
	Open: func(ctx context.Context, settings any, r train.DataRequest) (data.Dataset, error) {
		c := settings.(*Config)
		return twoway.Open(ctx, r, pairs.Options{Size: c.Size, Bilinear: true, ChannelsA: c.Channels})
	},
	Input: func(settings any, in train.Input) ([]data.Array, error) {
		return twoway.Input(in, settings.(*Config).Channels)
	},
	Example: func(settings any, n int) map[string]*torch.Tensor {
		c := settings.(*Config)
		return twoway.Example(n, c.Channels, c.Size)
	},
	Defaults: func(any) train.Defaults { return train.Defaults{Batch: 64, Steps: 10000} },
}
