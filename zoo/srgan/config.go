// Package srgan is the super-resolution GAN of Ledig, Theis, Huszár, Caballero, Cunningham, Acosta, Aitken, Tejani, Totz,
// Wang and Shi, "Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network", CVPR 2017: SRResNet,
// a residual network with sub-pixel convolutions that enlarges pictures, trained for small squared errors, and SRGAN, the
// same network trained further for features like the original's that a discriminator cannot tell from an original's.
//
// The authors published no program. Networks have the names of Lornatang/SRGAN-PyTorch, the implementation nearest to the
// paper, or, where Net and Critic say so, are those of leftthomas/SRGAN and eriklindernoren/PyTorch-GAN.
package srgan

import (
	"fmt"

	"github.com/forgergan/forger/gan/config"
)

// Config are the settings of the networks and their training. The zero value of a field is its default.
type Config struct {
	Scale         int      `default:"4" help:"how many times the sides of pictures grow: 2, 4 or 8"`
	Crop          int      `default:"96" help:"side of the square crops of training pictures, in pixels of the large ones"`
	Net           string   `default:"srresnet" choices:"srresnet,leftthomas,eriklindernoren" help:"the generator: the paper's, or that of a published program"`
	Blocks        int      `default:"16" help:"residual blocks of the generator"`
	Width         int      `default:"64" help:"feature maps of the generator"`
	Unit          bool     `help:"srresnet makes values in [0, 1], as published weights of Lornatang's do, not in [−1, 1]"`
	ICNR          bool     `help:"srresnet's upsampling begins without a checkerboard"`
	Critic        string   `default:"dense" choices:"dense,pool,patch" help:"the discriminator's end: the paper's for crops of one size, leftthomas' or eriklindernoren's for any"`
	DWidth        int      `default:"64" help:"feature maps of the discriminator's first layers"`
	Content       string   `default:"mse" choices:"mse,vgg22,vgg54,effnet-lite0" help:"what of the original is to be met: pixels, or the features that a network sees"`
	ContentWeight float64  `help:"weight of the features' squared error; 0 is 0.006 for VGG19, 0.0001 for EfficientNet-Lite0"`
	Pixel         float64  `help:"weight of the pixels' squared error beside features"`
	TV            float64  `help:"weight of the total variation"`
	Adversarial   *float64 `default:"0.001" help:"weight of the adversarial loss, 0 to train SRResNet, without a discriminator"`
	Loss          string   `default:"bce" choices:"bce,probability" help:"the adversarial loss: cross entropy, or leftthomas' differences of probabilities"`
	LR            float64  `default:"0.0001" help:"learning rate of both Adams"`
	Beta1         *float64 `default:"0.9" help:"Adam's decay of the averaged gradient"`
	Drop          *int     `default:"100000" help:"steps after which both learning rates fall to a tenth, 0 to keep them"`
	Flip          bool     `help:"mirror every second training crop"`
	Turn          bool     `help:"turn training crops by a random quarter"`
}

// Presets are published settings, and settings for 2 cores. Those named srresnet are to be trained first, those of an SRGAN
// to begin with their weights.
var Presets = map[string]Config{
	"paper":          {Content: "vgg54"},
	"paper-x2":       {Content: "vgg54", Scale: 2},
	"paper-x8":       {Content: "vgg54", Scale: 8},
	"vgg22":          {Content: "vgg22"},
	"mse":            {},
	"srresnet":       {Adversarial: new(0.0), Drop: new(0)},
	"srresnet-x2":    {Adversarial: new(0.0), Drop: new(0), Scale: 2},
	"srresnet-x8":    {Adversarial: new(0.0), Drop: new(0), Scale: 8},
	"srresnet-vgg22": {Adversarial: new(0.0), Drop: new(0), Content: "vgg22", TV: 2e-8},
	"small":          {Blocks: 8, Width: 32, DWidth: 32, Crop: 48, Content: "effnet-lite0", Pixel: 1, Flip: true, Turn: true},
	"small-srresnet": {Blocks: 8, Width: 32, Crop: 48, Adversarial: new(0.0), LR: 1e-3, Drop: new(0), Flip: true, Turn: true},
}

// contentWeights are those of the features' squared error where none is asked for. VGG19's is the paper's factor of 1/12.75
// on feature maps, squared. EfficientNet-Lite0's brings its error to the size of that of pixels, too: of bicubic enlargements of
// photographs it is about 110, that of pixels 0.015.
var contentWeights = map[string]float64{"vgg22": 0.006, "vgg54": 0.006, "effnet-lite0": 1e-4}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	if c.ContentWeight == 0 {
		c.ContentWeight = contentWeights[c.Content]
	}
	switch {
	case c.Scale != 2 && c.Scale != 4 && c.Scale != 8:
		return c, fmt.Errorf("srgan: --scale %d is neither 2 nor 4 nor 8", c.Scale)
	case c.Crop < 16 || c.Crop%c.Scale != 0:
		return c, fmt.Errorf("srgan: --crop %d is not a multiple of --scale %d of at least 16", c.Crop, c.Scale)
	case *c.Adversarial != 0 && c.Critic == "dense" && c.Crop%16 != 0:
		return c, fmt.Errorf("srgan: --crop %d is not a multiple of 16, as --critic dense needs", c.Crop)
	case c.Blocks < 1 || c.Width < 1 || c.DWidth < 1:
		return c, fmt.Errorf("srgan: --blocks %d, --width %d and --d-width %d must be at least 1", c.Blocks, c.Width, c.DWidth)
	case c.Net == "leftthomas" && c.Blocks != thomasBlocks:
		return c, fmt.Errorf("srgan: --net leftthomas has --blocks %d, not %d", thomasBlocks, c.Blocks)
	case c.Net != "srresnet" && (c.Unit || c.ICNR):
		return c, fmt.Errorf("srgan: --unit and --icnr are for --net srresnet, not %s", c.Net)
	case c.ContentWeight < 0 || c.Pixel < 0 || c.TV < 0 || *c.Adversarial < 0:
		return c, fmt.Errorf("srgan: --content-weight %g, --pixel %g, --tv %g and --adversarial %g must not be negative",
			c.ContentWeight, c.Pixel, c.TV, *c.Adversarial)
	case c.LR < 0 || *c.Beta1 < 0 || *c.Beta1 >= 1 || *c.Drop < 0:
		return c, fmt.Errorf("srgan: --lr %g and --drop %d must not be negative, --beta1 %g must be in [0, 1)", c.LR, *c.Drop, *c.Beta1)
	}
	return c, nil
}

// margin is the number of pixels around a pixel of the low-resolution picture that its enlargement depends on.
func (c Config) margin() int {
	reach := 4 // of the last convolution, in large pixels
	for range doublings(c.Scale) {
		reach = (reach+1)/2 + 1
	}
	return reach + 1 + 2*c.Blocks + 4 // of the convolutions before the enlargement
}
