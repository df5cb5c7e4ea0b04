// Package pix2pix is the conditional GAN of Isola, Zhu, Zhou and Efros, "Image-to-Image Translation with Conditional
// Adversarial Networks", CVPR 2017, which learns from pairs of pictures to make one of the other: photographs of maps,
// colours of outlines. A U-Net translates; a discriminator of patches sees the input beside the picture that it judges.
//
// Networks, initialisation and the order of a step are those of junyanz/pytorch-CycleGAN-and-pix2pix, the authors' own
// port, whose weights load here and the other way round.
package pix2pix

import (
	"fmt"

	"github.com/forgergan/forger/gan/config"
)

// Config are the settings of the networks, their data and their training. The zero value of a field is its default.
type Config struct {
	Size      int    `default:"256" help:"side of the training pictures in pixels"`
	Load      int    `default:"286" help:"side that pictures are brought to before they are cropped to --size at random"`
	NoFlip    bool   `help:"do not mirror every second pair"`
	Direction string `default:"AtoB" choices:"AtoB,BtoA" help:"which picture of a pair is made of which"`
	Inputs    int    `default:"3" help:"channels of the input: 1 for grey, 3 for colour"`
	Outputs   int    `default:"3" help:"channels of the output: 1 for grey, 3 for colour"`
	Colour    bool   `help:"colour pictures by their lightness; the data are colour pictures, and --inputs, --outputs and --direction do not count"`

	Generator string `default:"unet" choices:"unet,resnet" help:"the network that translates"`
	Downs     int    `default:"8" help:"how often the U-Net halves, at least 5: sides are multiples of 2^downs, and 7 do for 128 pixels"`
	Blocks    int    `default:"9" help:"residual blocks of the ResNet"`
	Width     int    `default:"64" help:"feature maps of the generator at the highest resolution (ngf)"`
	NoDropout bool   `help:"no dropout in the generator: its output depends on its input alone"`
	Norm      string `default:"batch" choices:"batch,instance,none" help:"norms of both networks"`

	Discriminator string   `default:"patch" choices:"patch,pixel,none" help:"what it judges; with none there is no GAN, only L1"`
	Layers        int      `default:"3" help:"how often the patch discriminator halves: patches of 16, 34, 70, 142, 286 pixels for 1 to 5"`
	DWidth        int      `default:"64" help:"feature maps of the discriminator at the highest resolution (ndf)"`
	Loss          string   `default:"vanilla" choices:"vanilla,lsgan,wgangp" help:"the game: cross entropy, least squares, or a critic with gradient penalty"`
	L1            *float64 `default:"100" help:"weight of the mean absolute difference from the target"`

	InitType string   `default:"normal" choices:"normal,xavier,kaiming,orthogonal" help:"how weights begin"`
	InitGain float64  `default:"0.02" help:"standard deviation of normal weights, factor of xavier's and orthogonal ones"`
	LR       float64  `default:"0.0002" help:"learning rate of both Adams"`
	Beta1    *float64 `default:"0.5" help:"Adam's decay of the averaged gradient"`

	LRPolicy    string `default:"linear" choices:"linear,step,cosine,constant" help:"how the learning rates fall from epoch to epoch"`
	FullEpochs  *int   `default:"100" help:"epochs at the full learning rate, and with cosine those of half a period"`
	DecayEpochs *int   `default:"100" help:"further epochs, in which linear falls to 0"`
	StepEpochs  int    `default:"50" help:"epochs after which step divides the learning rates by 10"`

	EvalMode bool `help:"translate without dropout and with running statistics; the paper keeps dropout and the picture's own"`
}

// Presets are published settings, and settings for small pictures.
var Presets = map[string]Config{
	"paper":        {},
	"facades":      {Direction: "BtoA"},
	"maps":         {},
	"edges2shoes":  {FullEpochs: new(15), DecayEpochs: new(0), LRPolicy: "constant"},
	"day2night":    {FullEpochs: new(17), DecayEpochs: new(0), LRPolicy: "constant"},
	"colorization": {Colour: true, FullEpochs: new(6), DecayEpochs: new(0), LRPolicy: "constant", Load: 256},
	"openmoji":     {FullEpochs: new(20), DecayEpochs: new(20)},
	"openmoji128":  small,
	"openmoji-l1":  withoutGAN(small),
}

// small trains on a CPU in minutes.
var small = Config{
	Size: 128, Load: 143, Downs: 7, Width: 32, DWidth: 32, LRPolicy: "constant", FullEpochs: new(6), DecayEpochs: new(0),
}

func withoutGAN(c Config) Config {
	c.Discriminator = "none"
	return c
}

// channels are those of the networks' input and output: of colouring, lightness and the two axes of colour.
func (c Config) channels() (in, out int) {
	if c.Colour {
		return 1, 2
	}
	return c.Inputs, c.Outputs
}

// multiple is what the sides of pictures are multiples of.
func (c Config) multiple() int {
	if c.Generator == "resnet" {
		return 4
	}
	return 1 << c.Downs
}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	switch {
	case c.Downs < 5 || c.Downs > 10:
		return c, fmt.Errorf("pix2pix: --downs %d is not from 5 to 10", c.Downs)
	case c.Size < 1 || c.Size%c.multiple() != 0:
		return c, fmt.Errorf("pix2pix: --size %d is not a multiple of %d%s", c.Size, c.multiple(), c.fewer())
	case c.Load < c.Size:
		return c, fmt.Errorf("pix2pix: --load %d is smaller than --size %d: no crop fits", c.Load, c.Size)
	case c.Inputs != 1 && c.Inputs != 3 || c.Outputs != 1 && c.Outputs != 3:
		return c, fmt.Errorf("pix2pix: --inputs %d and --outputs %d must be 1 or 3", c.Inputs, c.Outputs)
	case c.Blocks < 1 || c.Layers < 1 || c.Width < 1 || c.DWidth < 1:
		return c, fmt.Errorf("pix2pix: --blocks %d, --layers %d, --width %d and --d-width %d must be at least 1",
			c.Blocks, c.Layers, c.Width, c.DWidth)
	case c.Discriminator == "none" && *c.L1 == 0:
		return c, fmt.Errorf("pix2pix: --discriminator none with --l1 0 leaves nothing to learn")
	case c.Discriminator != "none" && c.Loss == "wgangp" && c.Norm == "batch":
		return c, fmt.Errorf("pix2pix: --loss wgangp takes each picture by itself: use --norm instance instead of batch")
	case c.LR < 0 || *c.Beta1 < 0 || *c.Beta1 >= 1:
		return c, fmt.Errorf("pix2pix: --lr %g must not be negative, --beta1 %g must be in [0, 1)", c.LR, *c.Beta1)
	case *c.L1 < 0 || c.InitGain < 0:
		return c, fmt.Errorf("pix2pix: --l1 %g and --init-gain %g must not be negative", *c.L1, c.InitGain)
	case *c.FullEpochs < 0 || *c.DecayEpochs < 0 || *c.FullEpochs+*c.DecayEpochs < 1 || c.StepEpochs < 1:
		return c, fmt.Errorf("pix2pix: --full-epochs %d and --decay-epochs %d must be at least 1 together, --step-epochs %d, too",
			*c.FullEpochs, *c.DecayEpochs, c.StepEpochs)
	case c.LRPolicy == "cosine" && *c.FullEpochs == 0:
		return c, fmt.Errorf("pix2pix: --lr-policy cosine needs --full-epochs of at least 1")
	}
	return c, nil
}

// fewer says which --downs would do for the size.
func (c Config) fewer() string {
	for d := c.Downs - 1; d >= 5 && c.Generator == "unet"; d-- {
		if c.Size > 0 && c.Size%(1<<d) == 0 {
			return fmt.Sprintf("; it is one of %d: use --downs %d", 1<<d, d)
		}
	}
	return ""
}
