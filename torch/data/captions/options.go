package captions

import (
	"context"
	"fmt"

	"github.com/forgergan/forger/torch/data"
)

// Options say how a set is read.
type Options struct {
	Split  data.Split   // "" is Train
	Size   int          // side of the square pictures
	Load   int          // side that the shorter side is brought to for a crop of Size at random; 0 crops the middle
	Middle bool         // with Load: crop the middle, as for tests
	Flip   bool         // mirror every second picture, drawn anew in each epoch
	Wrong  bool         // add the field "wrong": a picture that the text does not describe
	Log    func(string) // hears of fetching and embedding, a line at a time; may be nil

	// Captions is the number of an item's captions, drawn anew each time without replacement, whose mean is its text: StackGAN
	// takes 4. 0 is 1; all are taken of an item that has fewer.
	Captions int
	// Encoder embeds the captions. A set that was published with embeddings needs none.
	Encoder Encoder
}

// Encoder maps sentences to vectors.
type Encoder interface {
	// Name names the encoder and its weights: other weights have another name.
	Name() string
	// Size is the number of values of a vector.
	Size() int
	// Encode returns the vectors of sentences, one after the other.
	Encode(ctx context.Context, sentences []string) ([]float32, error)
}

// fill checks the options and fills in defaults.
func (o Options) fill(name string) (Options, error) {
	if o.Captions < 0 {
		return o, fmt.Errorf("data %s: the mean of %d captions is not possible: take 1 or more", name, o.Captions)
	}
	o.Captions = max(o.Captions, 1)
	switch o.Split {
	case "":
		o.Split = data.Train
	case data.Train, data.Test:
	default:
		return o, fmt.Errorf("data %s: there is no split %q, only train and test", name, o.Split)
	}
	if o.Log == nil {
		o.Log = func(string) {}
	}
	return o, nil
}

// pictures are the options of the pictures alone.
func (o Options) pictures() data.Options {
	return data.Options{Split: o.Split, Size: o.Size, Load: o.Load, Middle: o.Middle, Flip: o.Flip, Channels: 3, Log: o.Log}
}
