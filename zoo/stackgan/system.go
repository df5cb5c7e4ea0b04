package stackgan

import (
	"context"

	"github.com/forgergan/forger/gan/text"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/captions"
)

// System is StackGAN's entry in the zoo.
var System = train.System{
	Name:      "stackgan",
	Title:     "StackGAN: pictures of sentences, a sketch first",
	Paper:     "Zhang, Xu, Li, Zhang, Wang, Huang, Metaxas: StackGAN: Text to Photo-realistic Image Synthesis with Stacked Generative Adversarial Networks, ICCV 2017",
	Data:      "emoji64",
	NewConfig: func() any { return new(Config) },
	Presets:   train.PresetsOf(Presets),
	DataPresets: map[string]string{ // the sets whose captions MiniLM embeds
		"emoji64": "emoji64", "emoji64:noto": "emoji64", "emoji64:twemoji": "emoji64", "emoji64:fluent": "emoji64", "emoji64:openmoji": "emoji64",
		"openmoji": "emoji64", "stamps": "emoji64",
	},
	New: train.NewOf(New),
	Open: func(ctx context.Context, settings any, r train.DataRequest) (data.Dataset, error) {
		return open(ctx, *settings.(*Config), r)
	},
	Example:  func(settings any, n int) map[string]*torch.Tensor { return example(*settings.(*Config), n) },
	Defaults: func(settings any) train.Defaults { return defaults(*settings.(*Config)) },
}

// open opens pictures with captions: random crops of 64/76 of the side in training, the middle otherwise.
func open(ctx context.Context, c Config, r train.DataRequest) (data.Dataset, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	set, err := captions.Open(ctx, r.Name, captions.Options{
		Split: r.Split, Size: c.Size, Load: c.Size * 76 / 64, Middle: r.Plain, Flip: !c.NoFlip && !r.Plain,
		Wrong: !c.shifts() && !r.Plain, Captions: c.Captions, Log: r.Log, Encoder: text.New(text.Options{}),
	})
	if err != nil {
		return nil, err
	}
	return set, nil
}

// example is n random items.
func example(c Config, n int) map[string]*torch.Tensor {
	c, err := c.withDefaults()
	if err != nil {
		panic(&torch.Error{Op: "stackgan", Code: torch.ValueError, Msg: err.Error()})
	}
	noise := func() *torch.Tensor { return torch.Rand([]int{n, 3, c.Size, c.Size}).MulScalar(2).SubScalar(1) }
	return map[string]*torch.Tensor{"image": noise(), "wrong": noise(), "text": torch.Randn([]int{n, c.Text})}
}

// defaults are the programs' batches and epochs; with narrow networks they are for 2 cores.
func defaults(c Config) train.Defaults {
	switch {
	case c.Width < 64 && c.Stage == 2:
		return train.Defaults{Batch: 12, Steps: 1500}
	case c.Width < 64:
		return train.Defaults{Batch: 24, Steps: 3000}
	case c.Flavour == "tf":
		return train.Defaults{Batch: 64, Epochs: 600}
	case c.Stage == 2:
		return train.Defaults{Batch: 80, Epochs: 100}
	}
	return train.Defaults{Batch: 256, Epochs: 120}
}
