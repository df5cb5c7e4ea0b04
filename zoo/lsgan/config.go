// Package lsgan is the least squares GAN of Mao, Li, Xie, Lau, Wang and Smolley, "Least Squares Generative Adversarial
// Networks", ICCV 2017: squared distances of the discriminator's outputs from labels instead of cross-entropy, so that
// samples far from the boundary pull, on either side of it.
//
// Networks and initialisation are those of xudonmao/LSGAN, for LSUN at 112 pixels and for the stability comparison.
package lsgan

import (
	"fmt"

	"github.com/forgergan/forger/gan/config"
)

// Config are the settings of the networks and their training. The zero value of a field is its default.
type Config struct {
	Size     int      `default:"112" help:"picture side in pixels: 32, 64 or 112"`
	Channels int      `default:"3" help:"1 for grey pictures, 3 for colour"`
	Latent   int      `default:"1024" help:"length of the latent vector z"`
	Width    int      `default:"64" help:"feature maps at the highest resolution of both networks"`
	NormG    string   `default:"batch" choices:"batch,none" help:"the generator's normalisation"`
	NormD    string   `default:"batch" choices:"batch,none" help:"the discriminator's normalisation"`
	Loss     string   `default:"0/1" choices:"0/1,pearson" help:"labels of fakes, pictures and the generator's aim: 0, 1, 1 or -1, 1, 0"`
	LR       float64  `default:"0.001" help:"learning rate of both optimisers"`
	Beta1    *float64 `default:"0.5" help:"Adam's decay of the averaged gradient"`
	RMSprop  bool     `help:"RMSprop with TensorFlow's decay 0.9 instead of Adam"`
	BNEval   bool     `help:"sample with running statistics instead of those of the batch"`
}

// Presets are published settings, and settings for small pictures.
var Presets = map[string]Config{
	"paper":         {},
	"stability":     {Size: 64, NormG: "none", LR: 2e-4},
	"stability-rms": {Size: 64, NormG: "none", NormD: "none", LR: 2e-4, Loss: "pearson", RMSprop: true},
	"small":         {Size: 64, Latent: 100, Width: 32, LR: 2e-4},
	"digits":        {Size: 32, Channels: 1, Latent: 100, Width: 32, LR: 2e-4},
}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	switch {
	case c.Size != 32 && c.Size != 64 && c.Size != 112:
		return c, fmt.Errorf("lsgan: --size %d is not 32, 64 or 112", c.Size)
	case c.Channels != 1 && c.Channels != 3:
		return c, fmt.Errorf("lsgan: --channels %d is neither 1 nor 3", c.Channels)
	case c.Latent < 1 || c.Width < 1:
		return c, fmt.Errorf("lsgan: --latent %d and --width %d must be at least 1", c.Latent, c.Width)
	case c.LR < 0 || *c.Beta1 < 0 || *c.Beta1 >= 1:
		return c, fmt.Errorf("lsgan: --lr %g must not be negative, --beta1 %g must be in [0, 1)", c.LR, *c.Beta1)
	}
	return c, nil
}
