package twoway

import (
	"context"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/pairs"
)

// Data is the default set: Google's emoji and Microsoft's. Their true pairs are hidden in training and score it.
const Data = "emoji64:noto-fluent"

// DataPresets are the sets of emoji that the preset "emoji64" of the systems is for.
var DataPresets = map[string]string{
	Data: "emoji64", "emoji64:noto-twemoji": "emoji64", "emoji64:noto-openmoji": "emoji64", "emoji64:twemoji-fluent": "emoji64",
}

// Open opens a folder of two domains, whose pictures become o.Size squares of o.ChannelsA channels.
func Open(ctx context.Context, r train.DataRequest, o pairs.Options) (data.Dataset, error) {
	dir, err := pairs.Folder(ctx, r.Name, r.Log)
	if err != nil {
		return nil, err
	}
	o.Split, o.Plain, o.ChannelsB = r.Split, r.Plain, o.ChannelsA
	return pairs.OpenUnpaired(dir, o)
}

// Input makes an item of a picture that is to be translated, in its own size: "A", or "B" where it is translated back.
func Input(in train.Input, channels int) ([]data.Array, error) {
	field := "A"
	if in.Back {
		field = "B"
	}
	return pairs.PictureInput(field, in.Name, in.Picture, channels, 1)
}

// Example makes n items of random numbers.
func Example(n, channels, size int) map[string]*torch.Tensor {
	random := func() *torch.Tensor {
		return torch.Rand([]int{n, channels, size, size}).MulScalar(2).SubScalar(1)
	}
	return map[string]*torch.Tensor{"A": random(), "B": random()}
}
