// Package wgan is the Wasserstein GAN with clipped weights of Arjovsky, Chintala and Bottou, "Wasserstein Generative
// Adversarial Networks", ICML 2017: a critic without a sigmoid, all its parameters clamped to [−c, c] and trained several
// steps for each step of the generator, estimates the earth mover's distance.
//
// Networks, initialisation and schedule are those of martinarjovsky/WassersteinGAN; the signs are the paper's: the critic
// scores real pictures higher.
package wgan

import (
	"fmt"
	"math/bits"

	"github.com/forgergan/forger/gan/config"
)

// Config are the settings of the networks and their training. The zero value of a field is its default.
type Config struct {
	Size       int     `default:"64" help:"picture side in pixels: 16, 32, 64 or 128"`
	Channels   int     `default:"3" help:"1 for grey pictures, 3 for colour"`
	Latent     int     `default:"100" help:"length of the latent vector z (nz)"`
	G          string  `default:"dcgan" choices:"dcgan,mlp,cnn" help:"the generator: convolutions of DCGAN, linear layers, or SNGAN's convolutions for 32 pixels"`
	D          string  `default:"dcgan" choices:"dcgan,mlp,cnn" help:"the critic, likewise"`
	Width      int     `default:"64" help:"feature maps at the highest resolution of both networks (ngf, ndf)"`
	Hidden     int     `default:"512" help:"units of a hidden linear layer"`
	NoBN       bool    `help:"no batch norm in DCGAN's generator"`
	Optimizer  string  `default:"rmsprop" choices:"rmsprop,adam" help:"of both networks; Adam with betas 0 and 0.9"`
	LR         float64 `default:"0.00005" help:"learning rate of both optimisers"`
	Decay      int     `help:"steps over which both learning rates fall to 0, 0 to keep them"`
	WeightClip float64 `default:"0.01" help:"bound of the critic's parameters"`
	ClipBefore bool    `help:"clip before a step of the critic, as the authors' program, instead of after it"`
	Critic     int     `default:"5" help:"steps of the critic, each on a batch of its own, for one of the generator"`
	Warmup     int     `help:"steps of the critic in the first 25 steps and in every 500th, 0 for as many as else"`
	GenBatch   int     `default:"1" help:"pictures of a step of the generator, in batches"`
	Flip       bool    `help:"mirror every second training picture"`
	BNEval     bool    `help:"sample with running statistics instead of those of the batch"`
}

// Presets are published settings, and settings for small pictures.
var Presets = map[string]Config{
	"paper":       {},
	"authors":     {Warmup: 100, ClipBefore: true},
	"paper-mlp":   {G: "mlp"},
	"digits":      {Size: 32, Channels: 1, Width: 32},
	"cifar10-cnn": {Size: 32, G: "cnn", D: "cnn", Optimizer: "adam", LR: 2e-4, Decay: 100000, WeightClip: 0.1, Critic: 1, GenBatch: 2, Flip: true, BNEval: true},
}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	switch {
	case c.Size < 16 || c.Size > 128 || bits.OnesCount(uint(c.Size)) != 1:
		return c, fmt.Errorf("wgan: --size %d is not 16, 32, 64 or 128", c.Size)
	case c.Size != 32 && (c.G == "cnn" || c.D == "cnn"):
		return c, fmt.Errorf("wgan: --g cnn and --d cnn are for 32 pixels, not --size %d", c.Size)
	case c.Channels != 1 && c.Channels != 3:
		return c, fmt.Errorf("wgan: --channels %d is neither 1 nor 3", c.Channels)
	case c.Latent < 1 || c.Width < 1 || c.Hidden < 1:
		return c, fmt.Errorf("wgan: --latent %d, --width %d and --hidden %d must be at least 1", c.Latent, c.Width, c.Hidden)
	case c.Critic < 1 || c.GenBatch < 1:
		return c, fmt.Errorf("wgan: --critic %d and --gen-batch %d must be at least 1", c.Critic, c.GenBatch)
	case c.LR < 0 || c.Decay < 0 || c.Warmup < 0 || c.WeightClip <= 0:
		return c, fmt.Errorf("wgan: --lr %g, --decay %d and --warmup %d must not be negative, --weight-clip %g must be above 0", c.LR, c.Decay, c.Warmup, c.WeightClip)
	}
	return c, nil
}
