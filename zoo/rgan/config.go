// Package rgan is the label-noise robust GAN of Kaneko, Ushiku and Harada, "Label-Noise Robust Generative Adversarial
// Networks", CVPR 2019: it learns a generator of clean classes from labels of which a part is wrong, by knowing how they
// came to be wrong. A transition matrix T holds p(label | class).
//
//   - rAC-GAN: the discriminator's classifier is trained on real pictures through T, so that it predicts clean classes,
//     and the generator without T.
//   - rcGAN: the discriminator sees pictures with noisy labels; the generator is given clean classes, drawn by T backwards.
//
// Without T they are AC-GAN, with a class loss of real pictures alone, and the projection cGAN: the paper's baselines.
// Networks and order of the updates are those of takuhirok/rGAN.
package rgan

import (
	"fmt"

	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/torch/data/labels"
)

// Config are the settings of the networks and their training. The zero value of a field is its default, and those are
// rAC-WGAN-GP.
type Config struct {
	D          string `default:"classifier" choices:"classifier,projection" help:"the discriminator: rAC-GAN's, which classifies, or rcGAN's, which sees labels"`
	Transition string `default:"labels" help:"what is known of the noise in labels: what --labels makes (labels), nothing (none), or a text as --labels takes, such as matrix:FILE of forger data noise"`

	Net      string `default:"resnet" choices:"resnet,dcgan" help:"the networks"`
	Size     int    `default:"32" help:"picture side in pixels, a multiple of 8"`
	Channels int    `default:"3" help:"1 for grey pictures, 3 for colour"`
	Classes  int    `default:"10" help:"classes of the data"`
	Latent   int    `default:"128" help:"length of the latent vector z"`
	Width    int    `default:"128" help:"feature maps of the generator; in dcgan at the highest resolution"`
	DWidth   int    `default:"128" help:"feature maps of the discriminator; in dcgan at the highest resolution"`

	Spectral bool   `help:"spectral norm in the discriminator"`
	Xavier   bool   `help:"begin layers with a spectral norm with Xavier's weights, as the official program does on a CPU, not with PyTorch's, as on a GPU"`
	Dropout  bool   `help:"dropout in the discriminator"`
	Gains    string `default:"one" choices:"one,uniform" help:"the generator's scales of classes at first: 1, as in the official program, or from U(0, 1), as CP-GAN's"`
	Pool     string `default:"mean" choices:"mean,sum,flat" help:"how the discriminator joins the last map for its score; flat, for dcgan, keeps its places apart, for classes too"`

	Loss        string   `default:"wgan" choices:"wgan,hinge,gan" help:"the adversarial game"`
	Lambda      *float64 `default:"10" help:"weight of the gradient penalty"`
	Consistency float64  `default:"0" help:"weight of the consistency of two passes with dropout"`
	ClassG      *float64 `default:"0.1" help:"weight of the generator's class loss"`
	ClassD      *float64 `default:"1" help:"weight of the discriminator's class loss"`

	LR       float64  `default:"0.0002" help:"learning rate of both Adams"`
	Beta1    *float64 `default:"0" help:"Adam's decay of the averaged gradient"`
	Beta2    float64  `default:"0.9" help:"Adam's decay of the averaged squared gradient"`
	Decay    *int     `default:"100000" help:"steps over which both learning rates fall to 0, 0 to keep them"`
	Critic   int      `default:"5" help:"steps of the discriminator, each on a batch of its own, for one of the generator"`
	GenBatch int      `default:"2" help:"pictures of a step of the generator, in batches"`
}

// Presets are the settings of the official scripts/train.sh for both discriminators, with the names of the paper:
// cifar10-rac-ct is rAC-CT-GAN, cifar10-c-sn the baseline cSN-GAN. DCGAN's and those for 2 cores are ours.
var Presets = presets()

func presets() map[string]Config {
	all := map[string]Config{}
	for name, c := range map[string]Config{
		"cifar10-%s-gp": {},
		"cifar10-%s-ct": {Dropout: true, Consistency: 2},
		"cifar10-%s-sn": {Width: 256, Spectral: true, Pool: "sum", Loss: "hinge", Lambda: new(0.0)},
		"cifar10-%s-dc": {
			Net: "dcgan", Width: 64, DWidth: 64, Gains: "uniform", Loss: "gan", Lambda: new(0.0),
			Beta1: new(0.5), Beta2: 0.999, Decay: new(0), Critic: 1, GenBatch: 1,
		},
		"fashion-small-%s": {
			Net: "dcgan", Channels: 1, Width: 32, DWidth: 32, Gains: "uniform", Loss: "gan", Lambda: new(0.0),
			LR: 5e-4, Beta1: new(0.5), Beta2: 0.999, Decay: new(0), Critic: 1, GenBatch: 1,
		},
	} {
		for kind, d := range map[string]string{"ac": "classifier", "c": "projection"} {
			c.D, c.Transition = d, "labels"
			all[fmt.Sprintf(name, "r"+kind)] = c
			c.Transition = "none"
			all[fmt.Sprintf(name, kind)] = c
		}
	}
	return all
}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	switch {
	case c.Size < 8 || c.Size%8 != 0:
		return c, fmt.Errorf("rgan: --size %d is not a multiple of 8", c.Size)
	case c.Channels != 1 && c.Channels != 3:
		return c, fmt.Errorf("rgan: --channels %d is neither 1 nor 3", c.Channels)
	case c.Classes < 2 || c.Latent < 1 || c.Width < 1 || c.DWidth < 1:
		return c, fmt.Errorf("rgan: --classes %d must be at least 2, --latent %d, --width %d and --d-width %d at least 1",
			c.Classes, c.Latent, c.Width, c.DWidth)
	case c.Net == "dcgan" && (c.Spectral || c.Dropout):
		return c, fmt.Errorf("rgan: --spectral and --dropout are for --net resnet, not dcgan")
	case c.Net != "dcgan" && c.Pool == "flat":
		return c, fmt.Errorf("rgan: --pool flat is for --net dcgan, not %s", c.Net)
	case c.Net == "dcgan" && *c.Lambda > 0:
		return c, fmt.Errorf("rgan: --net dcgan has batch norm, which mixes pictures: it takes --lambda 0, not %g", *c.Lambda)
	case c.Xavier && !c.Spectral:
		return c, fmt.Errorf("rgan: --xavier is for --spectral; other layers begin so anyway")
	case c.Consistency > 0 && !c.Dropout:
		return c, fmt.Errorf("rgan: --consistency %g compares two passes with --dropout", c.Consistency)
	case *c.Lambda < 0 || c.Consistency < 0 || *c.ClassG < 0 || *c.ClassD < 0 || *c.Decay < 0:
		return c, fmt.Errorf("rgan: --lambda %g, --consistency %g, --class-g %g, --class-d %g and --decay %d must not be negative",
			*c.Lambda, c.Consistency, *c.ClassG, *c.ClassD, *c.Decay)
	case c.LR < 0 || *c.Beta1 < 0 || *c.Beta1 >= 1 || c.Beta2 < 0 || c.Beta2 >= 1:
		return c, fmt.Errorf("rgan: --lr %g must not be negative, --beta1 %g and --beta2 %g must be in [0, 1)", c.LR, *c.Beta1, c.Beta2)
	case c.Critic < 1 || c.GenBatch < 1:
		return c, fmt.Errorf("rgan: --critic %d and --gen-batch %d must be at least 1", c.Critic, c.GenBatch)
	}
	if c.Transition == "labels" || c.Transition == "none" {
		return c, nil
	}
	o, err := labels.Parse(c.Transition)
	if err != nil {
		return c, fmt.Errorf("rgan: --transition is labels, none or noise: %w", err)
	}
	if only := (labels.Options{Noise: o.Noise}); only.String() != o.String() || o.String() == "" {
		return c, fmt.Errorf("rgan: --transition %q is to be noise alone, such as symmetric:0.5", c.Transition)
	}
	c.Transition = o.String() // a file's matrix is spelled out, so that the run does not depend on the file
	return c, nil
}
