package pix2pix

import (
	"context"
	"math/rand/v2"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/pairs"
	"github.com/forgergan/forger/torch/vision"
)

// open opens a folder of pairs, or of colour pictures where these are to be coloured, with the official crops and flips.
func open(ctx context.Context, settings any, r train.DataRequest) (data.Dataset, error) {
	c := settings.(*Config)
	dir, err := pairs.Folder(ctx, r.Name, r.Log)
	if err != nil {
		return nil, err
	}
	o := pairs.Options{
		Split: r.Split, Plain: r.Plain, Size: c.Size, Load: c.Load, Flip: !c.NoFlip,
		ChannelsA: c.Inputs, ChannelsB: c.Outputs, Back: c.Direction == "BtoA",
	}
	if !c.Colour {
		return pairs.OpenAligned(dir, o)
	}
	set, err := pairs.OpenColour(dir, o)
	if err != nil || !r.Plain {
		return set, err
	}
	return photographs{set}, nil
}

// photographs is a set for colouring with a field "image" more, the colour picture (3, H, W) in [−1, 1], for scores.
type photographs struct{ *pairs.Colour }

func (s photographs) Fields() []data.Field {
	fields := s.Colour.Fields()
	a := fields[0].Shape
	return append(fields[:len(fields):len(fields)], data.Field{Name: "image", Shape: []int{3, a[1], a[2]}})
}

func (s photographs) Read(i int, rng *rand.Rand, row []data.Array) error {
	if err := s.Colour.Read(i, rng, row[:2]); err != nil {
		return err
	}
	h, w := row[0].Shape[1], row[0].Shape[2]
	pairs.FromLab(row[0].Float32, row[1].Float32, h, w).Normalize(row[2].Float32, vision.Half, vision.Half)
	return nil
}

// input makes an item of a picture that is to be translated, in its own size.
func input(settings any, in train.Input) ([]data.Array, error) {
	c := settings.(*Config)
	if c.Colour {
		return pairs.LightnessInput(in.Name, in.Picture, 1)
	}
	return pairs.PictureInput("A", in.Name, in.Picture, c.Inputs, 1)
}

// example makes n pairs of random numbers.
func example(settings any, n int) map[string]*torch.Tensor {
	c := settings.(*Config)
	random := func(channels int) *torch.Tensor {
		return torch.Rand([]int{n, channels, c.Size, c.Size}).MulScalar(2).SubScalar(1)
	}
	in, out := c.channels()
	return map[string]*torch.Tensor{"A": random(in), "B": random(out)}
}

// coloured is the picture (N, 3, H, W) in [−1, 1] of lightness (N, 1, H, W) and colours (N, 2, H, W) as pairs.Colour gives
// them.
func coloured(lightness, colours *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h, w := lightness.Size(2), lightness.Size(3)
		values := func(x *torch.Tensor, i int) []float32 {
			return torch.Values[float32](x.Narrow(0, i, 1).ToDType(torch.Float32).ToDevice(torch.Device{}).Contiguous())
		}
		each := make([]*torch.Tensor, lightness.Size(0))
		for i := range each {
			rgb := make([]float32, 3*h*w)
			pairs.FromLab(values(lightness, i), values(colours, i), h, w).Normalize(rgb, vision.Half, vision.Half)
			each[i] = torch.FromSlice(rgb, 1, 3, h, w)
		}
		return torch.Cat(each).ToDevice(lightness.Device())
	})
}
