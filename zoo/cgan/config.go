// Package cgan holds conditional GANs: the projection discriminator of Miyato and Koyama, "cGANs with Projection
// Discriminator", ICLR 2018, its baseline that joins the class to the maps of the discriminator, and the first conditional
// GAN, of Mirza and Osindero, "Conditional Generative Adversarial Nets", 2014, of linear layers on digits.
//
// Networks and order of a step are those of pfnet-research/sngan_projection or, where Net says so, those of kwotsin/mimicry,
// whose weights load here.
package cgan

import (
	"fmt"
	"strconv"

	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/zoo/internal/snresnet"
)

// Config are the settings of the networks and their training. The zero value of a field is its default.
type Config struct {
	Size      int      `default:"32" help:"picture side in pixels: 32, 48, 64, 128 or 256; 28 with Net maxout"`
	Channels  int      `default:"3" help:"1 for grey pictures, 3 for colour"`
	Classes   int      `default:"10" help:"classes of the data"`
	Net       string   `default:"official" choices:"official,mimicry,maxout" help:"whose residual networks, or the linear layers of 2014"`
	Head      string   `default:"projection" choices:"projection,concat" help:"how the official discriminator takes the class"`
	Small     bool     `help:"at 128 pixels: the narrower networks that the authors trained on dogs and cats"`
	Latent    int      `default:"128" help:"length of the latent vector z"`
	Width     int      `help:"most feature maps of the generator, 0 for as many as published"`
	DWidth    int      `help:"most feature maps of the discriminator, 0 for as many as published"`
	Loss      string   `default:"hinge" choices:"hinge,non-saturating" help:"the game"`
	Optimizer string   `default:"adam" choices:"adam,sgd" help:"of both networks; the rate of SGD shrinks by 1.00004 in each step, to a millionth at least"`
	LR        float64  `default:"0.0002" help:"learning rate of both optimisers"`
	Beta1     *float64 `default:"0" help:"Adam's decay of the averaged gradient, or SGD's momentum"`
	Beta2     float64  `default:"0.9" help:"Adam's decay of the averaged square"`
	DecayFrom int      `help:"step from which Adam's learning rates fall in a line"`
	Decay     *int     `default:"50000" help:"step at which they reach 0, 0 to keep them"`
	Critic    int      `default:"5" help:"steps of the discriminator, each on a batch of its own, for one of the generator"`
	GenBatch  int      `default:"2" help:"pictures of a step of the generator, in batches"`
	Flip      bool     `help:"mirror every second training picture"`
}

// Presets are published settings, and settings for small pictures.
var Presets = map[string]Config{
	"paper":         {},
	"paper64":       {Size: 64, Classes: 1000, DecayFrom: 200000, Decay: new(250000), GenBatch: 1},
	"paper128":      {Size: 128, Classes: 1000, DecayFrom: 400000, Decay: new(450000)},
	"concat128":     {Size: 128, Classes: 1000, Head: "concat", DecayFrom: 400000, Decay: new(450000)},
	"dogcat128":     {Size: 128, Small: true, Classes: 143, DecayFrom: 400000, Decay: new(450000), Flip: true},
	"mimicry":       {Net: "mimicry", Decay: new(100000), GenBatch: 1},
	"mimicry128":    {Net: "mimicry", Size: 128, Classes: 1000, Decay: new(0), GenBatch: 1},
	"fashion-mnist": {Channels: 1, Width: 64, DWidth: 32, GenBatch: 1, Decay: new(20000)},
	"mnist-2014": {
		Size: 28, Channels: 1, Net: "maxout", Latent: 100, Loss: "non-saturating", Optimizer: "sgd", LR: 0.1, Beta1: new(0.5),
		Critic: 1, GenBatch: 1, Decay: new(0),
	},
}

// plan names the plan of the residual networks.
func (c Config) plan() string {
	if c.Small {
		return "small" + strconv.Itoa(c.Size)
	}
	return strconv.Itoa(c.Size)
}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	plan, known := snresnet.Plans[c.plan()]
	if c.Net == "maxout" {
		plan, known = snresnet.Plan{Up: []int{1}}, c.Size == 28 && c.Channels == 1 && !c.Small
	}
	switch {
	case !known && c.Net == "maxout":
		return c, fmt.Errorf("cgan: --net maxout is for --size 28 and --channels 1, not %d and %d, and has no --small", c.Size, c.Channels)
	case !known && c.Small:
		return c, fmt.Errorf("cgan: --small is for 128 pixels, not --size %d", c.Size)
	case !known:
		return c, fmt.Errorf("cgan: --size %d is not 32, 48, 64, 128 or 256", c.Size)
	case c.Head == "concat" && c.Net != "official":
		return c, fmt.Errorf("cgan: --head concat needs --net official, not %s", c.Net)
	case c.Channels != 1 && c.Channels != 3:
		return c, fmt.Errorf("cgan: --channels %d is neither 1 nor 3", c.Channels)
	case c.Classes < 1:
		return c, fmt.Errorf("cgan: --classes %d must be at least 1", c.Classes)
	case c.Latent < 1 || c.Width < 0 || c.DWidth < 0:
		return c, fmt.Errorf("cgan: --latent %d must be at least 1, --width %d and --d-width %d must not be negative", c.Latent, c.Width, c.DWidth)
	case c.Critic < 1 || c.GenBatch < 1:
		return c, fmt.Errorf("cgan: --critic %d and --gen-batch %d must be at least 1", c.Critic, c.GenBatch)
	case c.LR < 0 || *c.Beta1 < 0 || *c.Beta1 >= 1 || c.Beta2 < 0 || c.Beta2 >= 1:
		return c, fmt.Errorf("cgan: --lr %g must not be negative, --beta1 %g and --beta2 %g must be in [0, 1)", c.LR, *c.Beta1, c.Beta2)
	case *c.Decay < 0 || c.DecayFrom < 0 || *c.Decay > 0 && c.DecayFrom >= *c.Decay:
		return c, fmt.Errorf("cgan: --decay-from %d must be at least 0 and before --decay %d", c.DecayFrom, *c.Decay)
	}
	if c.Width == 0 {
		c.Width = plan.Width
	}
	if c.DWidth == 0 {
		c.DWidth = plan.DWidth
	}
	if narrowest := plan.Narrowest(); c.Width%narrowest != 0 || c.DWidth%narrowest != 0 {
		return c, fmt.Errorf("cgan: --width %d and --d-width %d must be multiples of %d at this size", c.Width, c.DWidth, narrowest)
	}
	return c, nil
}
