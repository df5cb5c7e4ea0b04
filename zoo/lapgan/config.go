// Package lapgan is the Laplacian pyramid of GANs of Denton, Chintala, Szlam and Fergus, "Deep Generative Image Models using a
// Laplacian Pyramid of Adversarial Networks", NIPS 2015: a GAN makes a coarse picture; at each finer level, twice as large as a
// rule, a conditional GAN makes what the enlarged coarser picture lacks. The levels learn independently of each other, each from
// the true coarser picture.
//
// Networks, losses, optimiser and schedule are those of the official program facebook/eyescream for Torch7.
package lapgan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/forgergan/forger/gan/config"
)

// Config are the settings of the networks and their training. The zero value of a field is its default.
type Config struct {
	Sides       string   `default:"8,16,32" help:"picture sides of the levels in pixels, the coarsest first"`
	Channels    int      `default:"3" help:"1 for grey pictures, 3 for colour"`
	Classes     int      `help:"classes of the data, which pictures are made of; 0 to make them of none"`
	Load        int      `help:"side that the shorter side of training pictures is brought to for a crop at random; 0 for none"`
	Flip        bool     `help:"mirror every second training picture"`
	Normalise   string   `default:"pixel" choices:"pixel,channel,none" help:"what of the training pictures is brought to mean 0 and variance 1 first: each pixel, each colour, or nothing"`
	Net         string   `default:"cifar" choices:"cifar,small,large" help:"networks of the official program for CIFAR-10, or one of the two for LSUN and ImageNet, whose steps train the one network or the other"`
	Latent      int      `default:"100" help:"length of the latent vector of the coarsest level"`
	BaseWidth   int      `default:"1200" help:"hidden units of the coarsest generator"`
	BaseDWidth  int      `default:"600" help:"hidden units of the coarsest discriminator"`
	Width       int      `default:"64" help:"feature maps of the finer generators, but those of --net large"`
	DWidth      int      `default:"64" help:"feature maps of the finer discriminators, but those of --net large"`
	Levels      string   `default:"all" help:"levels that learn, 0 the coarsest, as in 0,2; the others stay as --init read them"`
	Optimizer   string   `default:"sgd" choices:"sgd,adam" help:"sgd with momentum and as much dampening, as published, or Adam"`
	LR          float64  `default:"0.02" help:"learning rate at first"`
	Beta1       *float64 `default:"0.5" help:"Adam's decay of the averaged gradient"`
	Epoch       int      `default:"704" help:"steps after which momentum and learning rate change"`
	Momentum    *float64 `default:"0.5" help:"momentum of the finer levels at first; the coarsest begins with 0"`
	MaxMomentum *float64 `default:"0.7" help:"what the momentum rises to, by 0.0008 an epoch"`
	Decay       *float64 `default:"1.000004" help:"what the learning rate of the finer levels is divided by after an epoch; that of the coarsest by 1.000004"`
}

// Presets are published settings, and settings for small pictures.
var Presets = map[string]Config{
	"cifar10":       {Sides: "8,14,28", Load: 32},
	"cifar10-32":    {},
	"cifar10-class": {Classes: 10, Momentum: new(0.0), Decay: new(1.00004)},
	"stl10":         {Sides: "8,16,32,64,96"},
	"lsun": {Sides: "4,8,16,32,64", Net: "large", Normalise: "channel", Load: 96, Flip: true,
		Latent: 16, BaseWidth: 600, LR: 0.01, Momentum: new(0.0), Epoch: 5000},
	"emoji64": {Sides: "16,32,64", Normalise: "channel", BaseWidth: 400, BaseDWidth: 400, Width: 8, DWidth: 12, Optimizer: "adam", LR: 5e-4},
	"fashion-small": {Sides: "7,14,28", Channels: 1, Normalise: "channel", BaseWidth: 400, BaseDWidth: 400, Width: 16, DWidth: 16,
		Optimizer: "adam", LR: 5e-4},
}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	sides, err := numbers(c.Sides)
	if err != nil || !slices.IsSorted(sides) || len(slices.Compact(sides)) != strings.Count(c.Sides, ",")+1 || sides[0] < 1 {
		return c, fmt.Errorf("lapgan: --sides %s are no rising numbers such as 8,16,32", c.Sides)
	}
	if levels, err := numbers(c.Levels); c.Levels != "all" &&
		(err != nil || slices.Min(levels) < 0 || slices.Max(levels) >= len(sides) || len(slices.Compact(slices.Sorted(slices.Values(levels)))) < len(levels)) {
		return c, fmt.Errorf("lapgan: --levels %s are neither all nor different numbers from 0 to %d, the finest of --sides %s", c.Levels, len(sides)-1, c.Sides)
	}
	switch {
	case len(sides) > 1 && sides[1] < 5:
		return c, fmt.Errorf("lapgan: --sides %s have a level of %d pixels that is not the coarsest, and the kernels have up to 7", c.Sides, sides[1])
	case c.Channels != 1 && c.Channels != 3:
		return c, fmt.Errorf("lapgan: --channels %d is neither 1 nor 3", c.Channels)
	case c.Classes < 0:
		return c, fmt.Errorf("lapgan: --classes %d must not be negative", c.Classes)
	case c.Classes > 0 && c.Net != "cifar":
		return c, fmt.Errorf("lapgan: --net %s has no form with --classes %d", c.Net, c.Classes)
	case c.Load != 0 && c.Load < c.size():
		return c, fmt.Errorf("lapgan: --load %d is smaller than the %d pixels of a crop", c.Load, c.size())
	case min(c.Latent, c.BaseWidth, c.BaseDWidth, c.Width, c.DWidth) < 1:
		return c, fmt.Errorf("lapgan: --latent %d, --base-width %d, --base-d-width %d, --width %d and --d-width %d must be at least 1",
			c.Latent, c.BaseWidth, c.BaseDWidth, c.Width, c.DWidth)
	case c.LR < 0 || *c.Beta1 < 0 || *c.Beta1 >= 1 || c.Epoch < 1 || *c.Decay < 1:
		return c, fmt.Errorf("lapgan: --lr %g must not be negative, --beta1 %g must be in [0, 1), --epoch %d and --decay %g at least 1", c.LR, *c.Beta1, c.Epoch, *c.Decay)
	case *c.Momentum < 0 || *c.Momentum >= 1 || *c.MaxMomentum < 0 || *c.MaxMomentum >= 1:
		return c, fmt.Errorf("lapgan: --momentum %g and --max-momentum %g must be in [0, 1)", *c.Momentum, *c.MaxMomentum)
	}
	return c, nil
}

// numbers reads a list such as 8,16,32.
func numbers(list string) ([]int, error) {
	var all []int
	for _, text := range strings.Split(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

// sides are the picture sides of the levels, which withDefaults has checked.
func (c Config) sides() []int {
	all, _ := numbers(c.Sides)
	return all
}

// size is the side of the finest level.
func (c Config) size() int {
	all := c.sides()
	return all[len(all)-1]
}

// learning are the numbers of the levels that learn.
func (c Config) learning() []int {
	if c.Levels == "all" {
		all := make([]int, len(c.sides()))
		for k := range all {
			all[k] = k
		}
		return all
	}
	all, _ := numbers(c.Levels)
	slices.Sort(all)
	return all
}

// plainBase says whether the coarsest networks are those of train_cifar.lua, with its initialisation.
func (c Config) plainBase() bool { return c.Net == "cifar" && c.Classes == 0 }

// mapsOfClass is the number of maps that tell the class to a finer network.
func (c Config) mapsOfClass() int { return min(c.Classes, 1) }

// dropout is what the finer discriminators drop.
func (c Config) dropout() float64 {
	if c.Net == "cifar" {
		return 0.5
	}
	return 0
}
