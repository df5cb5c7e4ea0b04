// Package dcgan is the deep convolutional GAN of Radford, Metz and Chintala, "Unsupervised
// Representation Learning with Deep Convolutional Generative Adversarial Networks", ICLR 2016.
//
// Networks, initialisation and the order of a step are those of pytorch/examples dcgan/main.py,
// whose checkpoints load here and the other way round.
package dcgan

import (
	"fmt"
	"math/bits"

	"github.com/forgergan/forger/gan/config"
)

// Config are the settings of the networks and their training. The zero value of a field is its default.
type Config struct {
	Size     int      `default:"64" help:"picture side in pixels: 16, 32, 64 or 128"`
	Channels int      `default:"3" help:"1 for grey pictures, 3 for colour"`
	Latent   int      `default:"100" help:"length of the latent vector z (nz)"`
	Width    int      `default:"64" help:"feature maps at the highest resolution of both networks (ngf, ndf)"`
	LR       float64  `default:"0.0002" help:"learning rate of both Adams"`
	Beta1    *float64 `default:"0.5" help:"Adam's decay of the averaged gradient"`
	Loss     string   `default:"non-saturating" choices:"non-saturating,minimax" help:"the generator's loss"`
	BNEval   bool     `help:"sample with running statistics instead of those of the batch"`
}

// Presets are published settings, and settings for small pictures.
var Presets = map[string]Config{
	"paper":  {},
	"digits": {Size: 32, Channels: 1, Width: 32},
}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	switch {
	case c.Size < 16 || c.Size > 128 || bits.OnesCount(uint(c.Size)) != 1:
		return c, fmt.Errorf("dcgan: --size %d is not 16, 32, 64 or 128", c.Size)
	case c.Channels != 1 && c.Channels != 3:
		return c, fmt.Errorf("dcgan: --channels %d is neither 1 nor 3", c.Channels)
	case c.Latent < 1 || c.Width < 1:
		return c, fmt.Errorf("dcgan: --latent %d and --width %d must be at least 1", c.Latent, c.Width)
	case c.LR < 0 || *c.Beta1 < 0 || *c.Beta1 >= 1:
		return c, fmt.Errorf("dcgan: --lr %g must not be negative, --beta1 %g must be in [0, 1)", c.LR, *c.Beta1)
	}
	return c, nil
}
