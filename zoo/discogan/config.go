// Package discogan is DiscoGAN of Kim, Cha, Kim, Lee and Kim, "Learning to Discover Cross-Domain Relations with Generative
// Adversarial Networks", ICML 2017: two small generators between unpaired domains, whose reconstructions must be right, and
// two discriminators whose features are matched.
//
// Networks, losses and alternation are those of SKTBrain/DiscoGAN, which the paper does not describe in full; with Net
// "unet" the networks are those of eriklindernoren/PyTorch-GAN.
package discogan

import (
	"fmt"

	"github.com/forgergan/forger/gan/config"
)

// Config are the settings of the networks and their training. The zero value of a field is its default.
type Config struct {
	Size        int      `default:"64" help:"picture side in pixels, a multiple of 16 from 64 on, with --net unet a multiple of 64"`
	Channels    int      `default:"3" help:"1 for grey pictures, 3 for colour"`
	Net         string   `default:"official" choices:"official,deep,unet" help:"the networks: the authors', those with two more layers in the generator, or PyTorch-GAN's U-Net"`
	Width       int      `default:"64" help:"feature maps of the first layer of all networks"`
	Objective   string   `default:"discogan" choices:"discogan,recongan,gan" help:"both directions, or, to compare, A to B with reconstruction of A, or A to B alone"`
	Features    int      `default:"3" help:"layers of the discriminators that are matched, the last ones"`
	StartRate   float64  `default:"0.01" help:"weight of reconstruction at first; the other losses have the rest"`
	Rate        float64  `default:"0.5" help:"weight of reconstruction later"`
	Curriculum  *int     `default:"10000" help:"batches with the weight of the start"`
	LR          float64  `default:"0.0002" help:"learning rate of both Adams"`
	WeightDecay *float64 `default:"0.00001" help:"of both Adams, added to the gradient"`
	BNTrain     bool     `help:"translate with statistics of the batch, as the authors do, instead of running ones"`
}

// Presets are the settings of the authors' programs, PyTorch-GAN's networks, and settings for emoji.
var Presets = map[string]Config{
	"paper":          {},
	"handbags2shoes": {StartRate: 0.5},
	"angle-pairing":  {Net: "deep", StartRate: 0.9, Rate: 0.9, Features: 2},
	"unet":           {Net: "unet"},
	"emoji64":        {Width: 32, Curriculum: new(1500)},
}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	multiple := c.multiple()
	switch {
	case c.Size < 64 || c.Size%multiple != 0:
		return c, fmt.Errorf("discogan: --size %d is not a multiple of %d from 64 on, as --net %s needs", c.Size, multiple, c.Net)
	case c.Channels != 1 && c.Channels != 3:
		return c, fmt.Errorf("discogan: --channels %d is neither 1 nor 3", c.Channels)
	case c.Width < 1:
		return c, fmt.Errorf("discogan: --width %d must be at least 1", c.Width)
	case c.Features < 1 || c.Features > 3:
		return c, fmt.Errorf("discogan: --features %d is not from 1 to 3", c.Features)
	case c.StartRate < 0 || c.StartRate > 1 || c.Rate < 0 || c.Rate > 1:
		return c, fmt.Errorf("discogan: --start-rate %g and --rate %g must be in [0, 1]", c.StartRate, c.Rate)
	case *c.Curriculum < 0:
		return c, fmt.Errorf("discogan: --curriculum %d must not be negative", *c.Curriculum)
	case c.LR < 0 || *c.WeightDecay < 0:
		return c, fmt.Errorf("discogan: --lr %g and --weight-decay %g must not be negative", c.LR, *c.WeightDecay)
	}
	return c, nil
}

// multiple is what the sides of pictures are multiples of.
func (c Config) multiple() int {
	if c.Net == "unet" {
		return 64
	}
	return 16
}
