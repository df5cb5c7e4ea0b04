// Package sagan is the self-attention GAN of Zhang, Goodfellow, Metaxas and Odena, "Self-Attention Generative Adversarial
// Networks", ICML 2019: a class-conditional GAN with a projection discriminator, spectral norms in both networks, a layer in
// the middle of each that lets every pixel look at all others, and a discriminator that learns faster than the generator.
//
// The networks are those of brain-research/self-attention-gan or, where Net says so, those of kwotsin/mimicry, whose weights
// load here. The names of layers are mimicry's.
package sagan

import (
	"fmt"

	"github.com/forgergan/forger/gan/config"
)

// Config are the settings of the networks and their training. The zero value of a field is its default; the defaults are
// the authors'.
type Config struct {
	Size     int     `default:"128" help:"picture side in pixels: 32, 64 or 128"`
	Channels int     `default:"3" help:"1 for grey pictures, 3 for colour"`
	Classes  int     `default:"1000" help:"classes of the data"`
	Net      string  `default:"official" choices:"official,mimicry" help:"whose residual blocks and initial weights"`
	Latent   int     `default:"128" help:"length of the latent vector z"`
	Width    int     `help:"most feature maps of the generator; 0 for 256 at 32 pixels, else 1024"`
	DWidth   int     `help:"most feature maps of the discriminator; 0 for 128 at 32 pixels, else 1024"`
	LR       float64 `default:"0.0001" help:"learning rate of the generator's Adam"`
	DLR      float64 `default:"0.0004" help:"learning rate of the discriminator's Adam"`
	Beta2    float64 `default:"0.999" help:"Adam's decay of the averaged square"`
	Decay    int     `help:"steps over which both learning rates fall to 0; 0 to keep them"`
	DSteps   int     `default:"1" help:"steps of the discriminator, each on a batch of its own, for one of the generator"`
	BNEval   bool    `help:"sample with running statistics instead of those of the batch"`
}

// Presets are published settings, and settings for small pictures.
var Presets = map[string]Config{
	"paper":         {BNEval: true},
	"mimicry32":     mimicry(Config{Size: 32, Classes: 10}),
	"mimicry128":    mimicry(Config{DWidth: 128}),
	"emoji64":       {Size: 64, Classes: 8, Width: 128, DWidth: 128, Latent: 64},
	"fashion-small": {Size: 32, Channels: 1, Classes: 10, Width: 32, DWidth: 32, Latent: 64},
}

// mimicry gives settings what mimicry trains all of its networks with.
func mimicry(c Config) Config {
	c.Net, c.LR, c.DLR, c.Beta2, c.Decay, c.DSteps = "mimicry", 2e-4, 2e-4, 0.9, 100000, 5
	return c
}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	p, ok := plans[c.Size]
	if !ok {
		return c, fmt.Errorf("sagan: --size %d is not 32, 64 or 128", c.Size)
	}
	if c.Width == 0 {
		c.Width = p.width
	}
	if c.DWidth == 0 {
		c.DWidth = p.dWidth
	}
	switch {
	case c.Channels != 1 && c.Channels != 3:
		return c, fmt.Errorf("sagan: --channels %d is neither 1 nor 3", c.Channels)
	case c.Classes < 1 || c.Latent < 1 || c.DSteps < 1:
		return c, fmt.Errorf("sagan: --classes %d, --latent %d and --d-steps %d must be at least 1", c.Classes, c.Latent, c.DSteps)
	case c.Width < p.narrowest() || c.Width%p.narrowest() != 0 || c.DWidth < p.narrowest() || c.DWidth%p.narrowest() != 0:
		return c, fmt.Errorf("sagan: --width %d and --d-width %d must be multiples of %d with --size %d", c.Width, c.DWidth, p.narrowest(), c.Size)
	case c.LR < 0 || c.DLR < 0 || c.Decay < 0 || c.Beta2 < 0 || c.Beta2 >= 1:
		return c, fmt.Errorf("sagan: --lr %g, --dlr %g and --decay %d must not be negative, --beta2 %g must be in [0, 1)",
			c.LR, c.DLR, c.Decay, c.Beta2)
	}
	return c, nil
}
