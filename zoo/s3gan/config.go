// Package s3gan is the family of GANs with few labels of Lucic, Tschannen, Ritter, Zhai, Bachem and Gelly, "High-Fidelity
// Image Generation With Fewer Labels", ICML 2019: a class-conditional BigGAN whose training pictures lack most of their
// labels. S2GAN and S3GAN learn from labels that a classifier has inferred (InferLabels); the co-trained S2GAN-CO and
// S3GAN-CO let a head of the discriminator predict them meanwhile. In S3GAN and S3GAN-CO the discriminator also tells by
// how many quarters a picture has been turned, and the generator helps it.
//
//	           SelfSupervision  Predictor   labels
//	S2GAN      none             no          inferred before training
//	S2GAN-CO   none             yes         -1 where missing
//	S3GAN      rotation         no          inferred before training
//	S3GAN-CO   rotation         yes         -1 where missing
//
// Networks, losses and order of a step are those of google/compare_gan, whose BigGAN differs from others.
package s3gan

import (
	"fmt"

	"github.com/forgergan/forger/gan/config"
)

// Config are the settings of the networks and their training. The zero value of a field is its default.
type Config struct {
	Size     int `default:"128" help:"picture side in pixels: 32, 64, 128 or 256"`
	Channels int `default:"3" help:"1 for grey pictures, 3 for colour"`
	Classes  int `default:"1000" help:"classes of the data"`
	Latent   int `help:"length of the latent vector z; if 0 128, 100, 120 or 140 at 32, 64, 128 or 256 pixels"`
	Width    int `default:"96" help:"the unit of feature maps of both networks"`

	SelfSupervision string `default:"rotation" choices:"rotation,none" help:"what the discriminator also tells: the turn of a picture (S3GAN), or nothing (S2GAN)"`
	Predictor       bool   `help:"let a head of the discriminator predict labels that are missing (-CO)"`
	SoftPred        bool   `help:"take all that the predictor says, not the likeliest class"`
	SoftLabels      bool   `help:"train on the probabilities in a file of labels, not on its labels"`
	ProjectY        *bool  `default:"true" help:"condition the discriminator on labels by a projection"`
	Baseline        string `default:"none" choices:"none,single,random" help:"give all training pictures one label, or labels at random, whatever theirs are"`

	RotatedFraction int      `default:"2" help:"the turned pictures are a batch divided by this number, a quarter for each turn"`
	RotationD       *float64 `default:"1" help:"weight of the discriminator's loss of turns"`
	RotationG       *float64 `default:"0.2" help:"weight of the generator's loss of turns"`
	ClassWeight     *float64 `default:"1" help:"weight of the predictor's loss"`

	LR          float64  `default:"0.0001" help:"learning rate of the generator's Adam"`
	DLR         float64  `default:"0.0005" help:"learning rate of the discriminator's Adam"`
	DSteps      int      `default:"2" help:"steps of the discriminator, each on a batch of its own, for one of the generator"`
	Average     *float64 `default:"0.9999" help:"decay of the moving average of the generator's weights, 0 for none"`
	AverageFrom *int     `default:"40000" help:"step from which on weights are averaged; before they are copied"`
}

// Presets are published settings, and settings for small pictures.
var Presets = map[string]Config{
	"imagenet128-10pct": {},
	"cifar10-10pct":     {Size: 32, Classes: 10, AverageFrom: new(2000)},
	"fashion-small": {
		Size: 32, Channels: 1, Classes: 10, Latent: 64, Width: 16, LR: 4e-4, DLR: 4e-4, DSteps: 1, Average: new(0.999), AverageFrom: new(500),
	},
	"emoji64": {Size: 64, Classes: 8, Width: 16, LR: 2e-4, DLR: 4e-4, Average: new(0.999), AverageFrom: new(1000)},
}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	p, known := plans[c.Size]
	if c.Latent == 0 {
		c.Latent = p.latent
	}
	switch {
	case !known:
		return c, fmt.Errorf("s3gan: --size %d is none of 32, 64, 128 and 256", c.Size)
	case c.Channels != 1 && c.Channels != 3:
		return c, fmt.Errorf("s3gan: --channels %d is neither 1 nor 3", c.Channels)
	case c.Classes < 1:
		return c, fmt.Errorf("s3gan: --classes %d must be at least 1", c.Classes)
	case c.Latent < 1 || c.Latent%len(p.g) != 0:
		return c, fmt.Errorf("s3gan: --latent %d is not a multiple of %d, its pieces at %d pixels", c.Latent, len(p.g), c.Size)
	case c.Width < 1 || c.Width < 8 && p.attendD > 0:
		return c, fmt.Errorf("s3gan: --width %d must be at least 1, and 8 from 128 pixels on", c.Width)
	case c.Predictor && !*c.ProjectY:
		return c, fmt.Errorf("s3gan: --predictor is of no use with --project-y=false: what it predicts is projected")
	case c.SoftPred && !c.Predictor:
		return c, fmt.Errorf("s3gan: --soft-pred needs --predictor")
	case c.Baseline != "none" && (c.Predictor || c.SoftLabels):
		return c, fmt.Errorf("s3gan: --baseline %s has no labels, so neither --predictor nor --soft-labels is for it", c.Baseline)
	case c.RotatedFraction < 1 || c.DSteps < 1:
		return c, fmt.Errorf("s3gan: --rotated-fraction %d and --d-steps %d must be at least 1", c.RotatedFraction, c.DSteps)
	case *c.RotationD < 0 || *c.RotationG < 0 || *c.ClassWeight < 0:
		return c, fmt.Errorf("s3gan: --rotation-d %g, --rotation-g %g and --class-weight %g must not be negative", *c.RotationD, *c.RotationG, *c.ClassWeight)
	case c.LR < 0 || c.DLR < 0:
		return c, fmt.Errorf("s3gan: --lr %g and --dlr %g must not be negative", c.LR, c.DLR)
	case *c.Average < 0 || *c.Average >= 1 || *c.AverageFrom < 0:
		return c, fmt.Errorf("s3gan: --average %g must be in [0, 1), --average-from %d must not be negative", *c.Average, *c.AverageFrom)
	}
	return c, nil
}

// classes is the number of classes that the networks know.
func (c Config) classes() int {
	if c.Baseline == "single" {
		return 1
	}
	return c.Classes
}

func (c Config) rotates() bool { return c.SelfSupervision == "rotation" }
