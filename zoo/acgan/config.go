// Package acgan is the auxiliary classifier GAN of Odena, Olah and Shlens, "Conditional Image Synthesis with Auxiliary
// Classifier GANs", ICML 2017: the generator makes pictures of a class, and the discriminator tells real from generated ones
// and, by a second head, their classes. Both networks minimise the cross entropy of the classes, on real pictures and on
// generated ones.
//
// There is no official program. Net chooses between the paper's networks and those of three that are much used:
// clvrai/ACGAN-PyTorch, eriklindernoren/PyTorch-GAN and lukedeo/keras-acgan.
package acgan

import (
	"fmt"

	"github.com/forgergan/forger/gan/config"
)

// Config are the settings of the networks and their training. The zero value of a field is its default.
type Config struct {
	Net      string   `default:"paper" choices:"paper,acgan-pytorch,pytorch-gan,keras" help:"whose networks"`
	Size     int      `default:"32" help:"picture side in pixels: 32, 64 or 128 of the paper, 32 or 128 of acgan-pytorch, multiples of 16 of pytorch-gan, 28 of keras"`
	Channels int      `default:"3" help:"1 for grey pictures, 3 for colour"`
	Classes  int      `default:"10" help:"classes of the data"`
	Latent   int      `default:"100" help:"length of the latent vector z"`
	Divide   int      `default:"1" help:"divisor of the numbers of feature maps, for small networks"`
	LR       float64  `default:"0.0002" help:"learning rate of both Adams"`
	Beta1    *float64 `default:"0.5" help:"Adam's decay of the averaged gradient"`
	ClassD   *float64 `default:"1" help:"weight of the classes in the discriminator's loss"`
	ClassG   *float64 `default:"1" help:"weight of the classes in the generator's loss"`
	Flip     bool     `help:"mirror every second training picture"`
}

// Presets are published settings, and settings for small pictures.
var Presets = map[string]Config{
	"paper":            {},
	"paper64":          {Size: 64},
	"paper128":         {Size: 128},
	"acgan-pytorch":    {Net: "acgan-pytorch"},
	"acgan-pytorch128": {Net: "acgan-pytorch", Size: 128},
	"pytorch-gan":      {Net: "pytorch-gan", Channels: 1},
	"keras":            {Net: "keras", Size: 28, Channels: 1},
}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	switch {
	case c.Net == "paper" && c.Size != 32 && c.Size != 64 && c.Size != 128:
		return c, fmt.Errorf("acgan: --net paper is for 32, 64 or 128 pixels, not --size %d", c.Size)
	case c.Net == "acgan-pytorch" && c.Size != 32 && c.Size != 128:
		return c, fmt.Errorf("acgan: --net acgan-pytorch is for 32 or 128 pixels, not --size %d", c.Size)
	case c.Net == "pytorch-gan" && (c.Size < 16 || c.Size%16 != 0):
		return c, fmt.Errorf("acgan: --net pytorch-gan is for multiples of 16 pixels, not --size %d", c.Size)
	case c.Net == "keras" && c.Size != 28:
		return c, fmt.Errorf("acgan: --net keras is for 28 pixels, not --size %d", c.Size)
	case c.Channels != 1 && c.Channels != 3:
		return c, fmt.Errorf("acgan: --channels %d is neither 1 nor 3", c.Channels)
	case c.Classes < 1 || c.Latent < 1:
		return c, fmt.Errorf("acgan: --classes %d and --latent %d must be at least 1", c.Classes, c.Latent)
	case c.Divide < 1 || 16%c.Divide != 0:
		return c, fmt.Errorf("acgan: --divide %d is not 1, 2, 4, 8 or 16", c.Divide)
	case c.LR < 0 || *c.Beta1 < 0 || *c.Beta1 >= 1:
		return c, fmt.Errorf("acgan: --lr %g must not be negative, --beta1 %g must be in [0, 1)", c.LR, *c.Beta1)
	case *c.ClassD < 0 || *c.ClassG < 0:
		return c, fmt.Errorf("acgan: --class-d %g and --class-g %g must not be negative", *c.ClassD, *c.ClassG)
	}
	return c, nil
}
