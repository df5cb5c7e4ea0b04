// Package wgangp is the Wasserstein GAN with a gradient penalty of Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville,
// "Improved Training of Wasserstein GANs", NIPS 2017: residual networks, a critic without batch norm, and the penalty
// λ·E(‖∇D(x̂)‖ − 1)² on points x̂ between real and generated pictures.
//
// Networks and order of a step are those of igul222/improved_wgan_training, without its classifier, or, where Net says
// so, those of kwotsin/mimicry, whose weights load here.
package wgangp

import (
	"fmt"

	"github.com/forgergan/forger/gan/config"
)

// Config are the settings of the networks and their training. The zero value of a field is its default.
type Config struct {
	Size        int      `default:"32" help:"picture side in pixels: 32 or 64"`
	Channels    int      `default:"3" help:"1 for grey pictures, 3 for colour"`
	Net         string   `default:"official" choices:"official,mimicry,cnn" help:"the networks at 32 pixels: whose residual blocks, or SNGAN's plain convolutions"`
	Latent      int      `default:"128" help:"length of the latent vector z"`
	Width       int      `default:"128" help:"feature maps of the generator; at 64 pixels those of the highest resolution"`
	CriticWidth int      `default:"128" help:"feature maps of the critic; at 64 pixels those of the highest resolution"`
	Pool        string   `default:"mean" choices:"mean,sum" help:"how the critic at 32 pixels joins the last map"`
	LR          float64  `default:"0.0002" help:"learning rate of both Adams"`
	Beta1       *float64 `default:"0" help:"Adam's decay of the averaged gradient"`
	Decay       *int     `default:"100000" help:"steps over which both learning rates fall to 0, 0 to keep them"`
	Critic      int      `default:"5" help:"steps of the critic, each on a batch of its own, for one of the generator"`
	GenBatch    int      `default:"2" help:"pictures of a step of the generator, in batches"`
	Lambda      float64  `default:"10" help:"weight of the gradient penalty"`
	Flip        bool     `help:"mirror every second training picture"`
	BNEval      bool     `help:"sample with running statistics instead of those of the batch"`
}

// Presets are published settings, and settings for small pictures.
var Presets = map[string]Config{
	"paper":         {},
	"paper64":       {Size: 64, Width: 64, CriticWidth: 64, LR: 1e-4, Decay: new(0), GenBatch: 1},
	"mimicry":       {Net: "mimicry", Width: 256, GenBatch: 1},
	"cifar10":       {Width: 256, Pool: "sum", Flip: true, BNEval: true},
	"cifar10-cnn":   {Net: "cnn", Latent: 100, Width: 64, CriticWidth: 64, Critic: 1, Flip: true, BNEval: true},
	"fashion-mnist": {Channels: 1, Width: 32, CriticWidth: 32, GenBatch: 1, Decay: new(20000)},
	"emoji64":       {Size: 64, Width: 16, CriticWidth: 16, LR: 2e-4, Decay: new(0), Critic: 2, GenBatch: 1},
}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	switch {
	case c.Size != 32 && c.Size != 64:
		return c, fmt.Errorf("wgangp: --size %d is neither 32 nor 64", c.Size)
	case c.Size == 64 && (c.Net != "official" || c.Pool != "mean"):
		return c, fmt.Errorf("wgangp: --net %s with --pool %s is for 32 pixels, not --size %d", c.Net, c.Pool, c.Size)
	case c.Channels != 1 && c.Channels != 3:
		return c, fmt.Errorf("wgangp: --channels %d is neither 1 nor 3", c.Channels)
	case c.Latent < 1 || c.Width < 1 || c.CriticWidth < 1:
		return c, fmt.Errorf("wgangp: --latent %d, --width %d and --critic-width %d must be at least 1", c.Latent, c.Width, c.CriticWidth)
	case c.Critic < 1 || c.GenBatch < 1:
		return c, fmt.Errorf("wgangp: --critic %d and --gen-batch %d must be at least 1", c.Critic, c.GenBatch)
	case c.LR < 0 || *c.Beta1 < 0 || *c.Beta1 >= 1:
		return c, fmt.Errorf("wgangp: --lr %g must not be negative, --beta1 %g must be in [0, 1)", c.LR, *c.Beta1)
	case c.Lambda < 0 || *c.Decay < 0:
		return c, fmt.Errorf("wgangp: --lambda %g and --decay %d must not be negative", c.Lambda, *c.Decay)
	}
	return c, nil
}
