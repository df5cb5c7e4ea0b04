// Package sngan is the GAN with spectral normalisation of Miyato, Kataoka, Koyama and Yoshida, "Spectral Normalization for
// Generative Adversarial Networks", ICLR 2018: each weight of the discriminator is divided by its largest singular value, so
// that the discriminator is nowhere steep. Two systems of kwotsin/mimicry that add a task of self-supervision to it are
// settings here: SSGAN (Chen et al. 2019), whose discriminator tells turns of pictures, and InfoMax-GAN (Lee et al. 2021),
// whose discriminator tells which parts belong to one picture.
//
// Networks and order of a step are those of pfnet-research/sngan_projection or, where Net says so, those of mimicry, whose
// weights load here. For classes see zoo/cgan.
package sngan

import (
	"fmt"
	"strconv"

	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/zoo/internal/snresnet"
)

// Config are the settings of the networks and their training. The zero value of a field is its default.
type Config struct {
	Size      int      `default:"32" help:"picture side in pixels: 32, 48, 64, 128 or 256"`
	Channels  int      `default:"3" help:"1 for grey pictures, 3 for colour"`
	Net       string   `default:"official" choices:"official,mimicry,cnn" help:"whose residual networks, or plain convolutions at 32 pixels"`
	Small     bool     `help:"at 128 pixels: the narrower networks that the authors trained on dogs and cats"`
	Task      string   `default:"none" choices:"none,rotation,infomax" help:"with mimicry's networks: SSGAN's self-supervision, or InfoMax-GAN's at 32 pixels"`
	Latent    int      `default:"128" help:"length of the latent vector z"`
	Width     int      `help:"most feature maps of the generator, 0 for as many as published"`
	DWidth    int      `help:"most feature maps of the discriminator, 0 for as many as published"`
	Loss      string   `default:"hinge" choices:"hinge,non-saturating,wasserstein" help:"the game"`
	LR        float64  `default:"0.0002" help:"learning rate of both Adams"`
	Beta1     *float64 `default:"0" help:"Adam's decay of the averaged gradient"`
	Beta2     float64  `default:"0.9" help:"Adam's decay of the averaged square"`
	DecayFrom int      `help:"step from which both learning rates fall in a line"`
	Decay     *int     `default:"50000" help:"step at which they reach 0, 0 to keep them"`
	Critic    int      `default:"5" help:"steps of the discriminator, each on a batch of its own, for one of the generator"`
	GenBatch  int      `default:"2" help:"pictures of a step of the generator, in batches"`
	Flip      bool     `help:"mirror every second training picture"`
}

// Presets are published settings, and settings for small pictures.
var Presets = map[string]Config{
	"paper":         {},
	"paper64":       {Size: 64, DecayFrom: 200000, Decay: new(250000), GenBatch: 1},
	"paper128":      {Size: 128, DecayFrom: 400000, Decay: new(450000)},
	"cnn":           {Net: "cnn", Loss: "non-saturating", Beta1: new(0.5), Beta2: 0.999, Decay: new(0), Critic: 1, GenBatch: 1},
	"mimicry":       {Net: "mimicry", Decay: new(100000), GenBatch: 1},
	"mimicry48":     {Net: "mimicry", Size: 48, Decay: new(100000), GenBatch: 1},
	"mimicry64":     {Net: "mimicry", Size: 64, Decay: new(100000), GenBatch: 1},
	"mimicry128":    {Net: "mimicry", Size: 128, Decay: new(100000), Critic: 2, GenBatch: 1},
	"ssgan":         {Net: "mimicry", Task: "rotation", Decay: new(100000), Critic: 2, GenBatch: 1},
	"infomax":       {Net: "mimicry", Task: "infomax", Decay: new(100000), GenBatch: 1},
	"fashion-mnist": {Channels: 1, Width: 64, DWidth: 32, GenBatch: 1, Decay: new(20000)},
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
	switch {
	case !known && c.Small:
		return c, fmt.Errorf("sngan: --small is for 128 pixels, not --size %d", c.Size)
	case !known:
		return c, fmt.Errorf("sngan: --size %d is not 32, 48, 64, 128 or 256", c.Size)
	case c.Net == "cnn" && c.Size != 32:
		return c, fmt.Errorf("sngan: --net cnn is for 32 pixels, not --size %d", c.Size)
	case c.Task != "none" && c.Net != "mimicry":
		return c, fmt.Errorf("sngan: --task %s needs --net mimicry, not %s", c.Task, c.Net)
	case c.Task == "infomax" && c.Size != 32:
		return c, fmt.Errorf("sngan: --task infomax is for 32 pixels, not --size %d", c.Size)
	case c.Channels != 1 && c.Channels != 3:
		return c, fmt.Errorf("sngan: --channels %d is neither 1 nor 3", c.Channels)
	case c.Latent < 1 || c.Width < 0 || c.DWidth < 0:
		return c, fmt.Errorf("sngan: --latent %d must be at least 1, --width %d and --d-width %d must not be negative", c.Latent, c.Width, c.DWidth)
	case c.Critic < 1 || c.GenBatch < 1:
		return c, fmt.Errorf("sngan: --critic %d and --gen-batch %d must be at least 1", c.Critic, c.GenBatch)
	case c.LR < 0 || *c.Beta1 < 0 || *c.Beta1 >= 1 || c.Beta2 < 0 || c.Beta2 >= 1:
		return c, fmt.Errorf("sngan: --lr %g must not be negative, --beta1 %g and --beta2 %g must be in [0, 1)", c.LR, *c.Beta1, c.Beta2)
	case *c.Decay < 0 || c.DecayFrom < 0 || *c.Decay > 0 && c.DecayFrom >= *c.Decay:
		return c, fmt.Errorf("sngan: --decay-from %d must be at least 0 and before --decay %d", c.DecayFrom, *c.Decay)
	}
	if c.Net == "cnn" {
		plan = snresnet.Plan{Width: 512, DWidth: 512, Up: []int{8}}
	}
	if c.Width == 0 {
		c.Width = plan.Width
	}
	if c.DWidth == 0 {
		c.DWidth = plan.DWidth
	}
	if narrowest := plan.Narrowest(); c.Width%narrowest != 0 || c.DWidth%narrowest != 0 {
		return c, fmt.Errorf("sngan: --width %d and --d-width %d must be multiples of %d at this size", c.Width, c.DWidth, narrowest)
	}
	return c, nil
}

// fall is the factor of the learning rates after so many steps.
func (c Config) fall(step int) float64 {
	return min(1, max(0, 1-float64(step-c.DecayFrom)/float64(*c.Decay-c.DecayFrom)))
}
