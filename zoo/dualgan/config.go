// Package dualgan is DualGAN of Yi, Zhang, Tan and Gong, "DualGAN: Unsupervised Dual Learning for Image-to-Image
// Translation", ICCV 2017: U-Nets in both directions between unpaired domains, a Wasserstein critic of each, and a heavy
// weight on the way back.
//
// Networks, losses and optimiser are those of duxingren14/DualGAN; with Net "unet" the networks are those of
// eriklindernoren/PyTorch-GAN.
package dualgan

import (
	"fmt"

	"github.com/forgergan/forger/gan/config"
)

// Config are the settings of the networks and their training. The zero value of a field is its default.
type Config struct {
	Size       int     `default:"256" help:"picture side in pixels, a multiple of 2 to the power --levels"`
	Flip       bool    `help:"mirror every second training picture"`
	Channels   int     `default:"3" help:"1 for grey pictures, 3 for colour"`
	Net        string  `default:"official" choices:"official,unet" help:"the networks: the author's or PyTorch-GAN's, which have 7 levels"`
	Levels     int     `default:"8" help:"halvings in the generators"`
	Width      int     `default:"64" help:"feature maps of the first layer of all networks"`
	Head       string  `default:"global" choices:"global,patch" help:"what the author's critics judge: the whole picture or a map of patches"`
	Dropout    float64 `help:"part of the elements that three layers of the author's generators drop, in translating, too: their noise"`
	Loss       string  `default:"wgan-gp" choices:"wgan-gp,wgan,classic" help:"game: a critic with gradient penalty or clipped weights, or cross entropy with two steps of the generators"`
	Lambda     float64 `default:"500" help:"weight of the way there and back"`
	Penalty    float64 `default:"10" help:"weight of the gradient penalty"`
	WeightClip float64 `default:"0.01" help:"bound of the critics' weights with --loss wgan"`
	Critic     int     `default:"1" help:"steps of the critics, each on a batch of its own, for one of the generators"`
	Optimizer  string  `default:"rmsprop" choices:"rmsprop,adam" help:"RMSprop of TensorFlow with decay 0.9, or Adam with beta 0.5 and 0.999"`
	LR         float64 `default:"0.00005" help:"learning rate of both optimisers"`
}

// Presets are the settings of the author's program and its examples, those of PyTorch-GAN, and settings for emoji.
var Presets = map[string]Config{
	"paper":        {},
	"sketch-photo": {Lambda: 1000},
	"clipping":     {Loss: "wgan"},
	"unet":         {Net: "unet", Size: 128, Levels: 7, Optimizer: "adam", LR: 2e-4, Lambda: 10, Critic: 5},
	"emoji64":      {Size: 64, Levels: 6, Width: 32, Lambda: 100, Optimizer: "adam", LR: 2e-4},
}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	switch {
	case c.Levels < 4 || c.Levels > 10 || c.Net == "unet" && c.Levels != 7:
		return c, fmt.Errorf("dualgan: --levels %d is not from 4 to 10, or 7 with --net unet", c.Levels)
	case c.Size < 64 || c.Size%c.multiple() != 0:
		return c, fmt.Errorf("dualgan: --size %d is not a multiple of %d from 64 on, as --levels %d needs", c.Size, c.multiple(), c.Levels)
	case c.Channels != 1 && c.Channels != 3:
		return c, fmt.Errorf("dualgan: --channels %d is neither 1 nor 3", c.Channels)
	case c.Width < 1 || c.Critic < 1:
		return c, fmt.Errorf("dualgan: --width %d and --critic %d must be at least 1", c.Width, c.Critic)
	case c.Dropout < 0 || c.Dropout >= 1:
		return c, fmt.Errorf("dualgan: --dropout %g must be in [0, 1)", c.Dropout)
	case c.Lambda < 0 || c.Penalty < 0 || c.WeightClip < 0 || c.LR < 0:
		return c, fmt.Errorf("dualgan: --lambda %g, --penalty %g, --weight-clip %g and --lr %g must not be negative", c.Lambda, c.Penalty, c.WeightClip, c.LR)
	}
	return c, nil
}

// multiple is what the sides of pictures are multiples of. The critic halves five times.
func (c Config) multiple() int { return 1 << max(c.Levels, 5) }
