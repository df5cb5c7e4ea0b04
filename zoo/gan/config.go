// Package gan is the first generative adversarial network, of Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair,
// Courville and Bengio, "Generative Adversarial Nets", NIPS 2014: linear layers on digits, and on Gaussians in the plane,
// where the densities of data and generator and the best possible discriminator can be seen beside the trained one.
package gan

import (
	"fmt"

	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/torch/data"
)

// Config are the settings of the networks and their training. The zero value of a field is its default.
type Config struct {
	Net       string   `default:"points" choices:"points,maxout,torch" help:"linear layers for points of the plane, those of the paper for digits, or those that PyTorch users know"`
	Mixture   string   `default:"ring8" choices:"ring8,grid25" help:"the data of Net points, for its pictures and statistics"`
	Latent    int      `default:"100" help:"length of the latent vector z"`
	Hidden    int      `default:"128" help:"units of a hidden layer of Net points"`
	Loss      string   `default:"non-saturating" choices:"non-saturating,minimax" help:"the generator's loss"`
	Optimizer string   `default:"adam" choices:"adam,sgd" help:"of both networks; the rate of SGD shrinks by 1.000004 in each step, as in the paper's program"`
	LR        float64  `default:"0.0002" help:"learning rate of both optimisers"`
	Beta1     *float64 `default:"0.5" help:"Adam's decay of the averaged gradient, or SGD's momentum"`
	R1        float64  `help:"weight γ of a penalty on D's slope at samples, γ/2·|∇D(x)|², of Mescheder et al. 2018; 0 for none"`
	K         int      `default:"1" help:"steps of the discriminator, each on a batch of its own, for one of the generator"`
}

// Presets are published settings, and settings for points.
var Presets = map[string]Config{
	"mnist":  {Net: "maxout", Optimizer: "sgd", LR: 0.1},
	"torch":  {Net: "torch"},
	"ring8":  {Latent: 16, LR: 1e-3},
	"grid25": {Latent: 16, LR: 1e-3, Hidden: 256, Mixture: "grid25"},

	"ring8-r1": {Latent: 16, LR: 1e-3, Beta1: new(0.0), R1: 0.1}, // which keeps all modes
}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	switch {
	case data.FindMixture(c.Mixture) == nil:
		return c, fmt.Errorf("gan: --mixture %s is neither ring8 nor grid25", c.Mixture)
	case c.Latent < 1 || c.Hidden < 1 || c.K < 1:
		return c, fmt.Errorf("gan: --latent %d, --hidden %d and --k %d must be at least 1", c.Latent, c.Hidden, c.K)
	case c.R1 < 0:
		return c, fmt.Errorf("gan: --r1 %g must not be negative", c.R1)
	case c.LR < 0 || *c.Beta1 < 0 || *c.Beta1 >= 1:
		return c, fmt.Errorf("gan: --lr %g must not be negative, --beta1 %g must be in [0, 1)", c.LR, *c.Beta1)
	}
	return c, nil
}
