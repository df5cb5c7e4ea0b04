// Package pix2pixhd makes photographs of up to 2048×1024 pixels of label maps, after Wang, Liu, Zhu, Tao, Kautz and
// Catanzaro, "High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs", CVPR 2018: a generator for
// half the resolution and another around it, discriminators at several resolutions, a loss by their features, boundaries of
// instances, and an encoder of what each instance looks like.
//
// Networks, names and the order of a step are those of NVIDIA/pix2pixHD, whose weights load here.
package pix2pixhd

import (
	"fmt"

	"github.com/forgergan/forger/gan/config"
)

// Config are the settings of the networks and their training. The zero value of a field is its default.
type Config struct {
	Size       int  `default:"1024" help:"width of pictures in pixels"`
	Height     int  `default:"512" help:"height of pictures in pixels"`
	Crop       int  `help:"side of random crops to train on; whole pictures without"`
	NoFlip     bool `help:"never mirror training pictures"`
	Classes    *int `default:"35" help:"labels of the label maps; 0 if pictures take their place"`
	NoInstance bool `help:"the data have no instance maps"`

	Features        string `default:"none" choices:"none,instance,label" help:"learn features of each instance, or of each label's area, that choose its look"`
	FeatureChannels int    `default:"3" help:"features of an instance"`
	EncoderWidth    int    `default:"16" help:"feature maps of their encoder at full resolution"`
	EncoderDowns    int    `default:"4" help:"halvings of their encoder"`

	Net         string `default:"global" choices:"global,local" help:"one generator, or one at lower resolution with enhancers around it"`
	Width       int    `default:"64" help:"feature maps of the generator at full resolution"`
	Downs       int    `default:"4" help:"halvings of the global generator"`
	Blocks      int    `default:"9" help:"residual blocks of the global generator"`
	Enhancers   int    `default:"1" help:"enhancers of --net local, each of which doubles the resolution"`
	LocalBlocks int    `default:"3" help:"residual blocks of an enhancer"`
	Norm        string `default:"instance" choices:"instance,batch" help:"kind of the norms"`
	DWidth      int    `default:"64" help:"feature maps of a discriminator's first layer"`
	DLayers     int    `default:"3" help:"layers of a discriminator that halve the resolution"`
	Scales      int    `default:"2" help:"resolutions that discriminators see"`

	Loss       string  `default:"lsgan" choices:"lsgan,bce" help:"adversarial loss: least squares or cross entropy"`
	NoMatching bool    `help:"leave out feature matching"`
	Perceptual string  `default:"none" choices:"none,vgg19,effnet-lite0" help:"the classifier of the perceptual loss"`
	Lambda     float64 `default:"10" help:"weight of feature matching and of the perceptual loss"`

	LR          float64  `default:"0.0002" help:"learning rate of both Adams"`
	Beta1       *float64 `default:"0.5" help:"Adam's decay of the averaged gradient"`
	FullEpochs  *int     `default:"100" help:"epochs at the full learning rate"`
	DecayEpochs *int     `default:"100" help:"epochs in which it falls to 0 after these"`
	FixedEpochs int      `help:"epochs in which only the last enhancer of --net local learns, and the encoder"`

	GradientCheckpointing bool `help:"compute the generator twice a step to save memory, with the same numbers"`
}

// Presets are published settings, and settings for the sets that need no account.
var Presets = map[string]Config{
	"cityscapes":          {Perceptual: "vgg19"},
	"cityscapes-features": {Perceptual: "vgg19", Features: "instance"},
	"cityscapes-2048": {
		Size: 2048, Height: 1024, Net: "local", Width: 32, Scales: 3, Perceptual: "vgg19",
		FullEpochs: new(50), DecayEpochs: new(50), FixedEpochs: 10, GradientCheckpointing: true,
	},
	"earth512": {Size: 512, Classes: new(earthClasses), NoInstance: true, Perceptual: "effnet-lite0"},
	"earth256": {
		Size: 256, Height: 256, Classes: new(earthClasses), NoInstance: true,
		Width: 16, Downs: 3, Blocks: 3, DWidth: 16, FullEpochs: new(20), DecayEpochs: new(20),
	},
	"openmoji": {
		Size: 512, Classes: new(0), NoInstance: true, Perceptual: "effnet-lite0", Width: 32, FullEpochs: new(10), DecayEpochs: new(10),
	},
}

// multiple is what the sides of pictures must be multiples of.
func (c Config) multiple() int {
	m := 1 << c.Downs
	if c.Net == "local" {
		m <<= c.Enhancers
	}
	if c.Features != "none" {
		m = max(m, 1<<c.EncoderDowns)
	}
	return m
}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	for _, f := range []struct {
		flag  string
		value int
		least int
	}{
		{"classes", *c.Classes, 0}, {"feature-channels", c.FeatureChannels, 1}, {"encoder-width", c.EncoderWidth, 1},
		{"encoder-downs", c.EncoderDowns, 1}, {"width", c.Width, 1}, {"downs", c.Downs, 1}, {"blocks", c.Blocks, 0},
		{"enhancers", c.Enhancers, 1}, {"local-blocks", c.LocalBlocks, 0}, {"d-width", c.DWidth, 1},
		{"d-layers", c.DLayers, 1}, {"scales", c.Scales, 1}, {"crop", c.Crop, 0}, {"full-epochs", *c.FullEpochs, 0},
		{"decay-epochs", *c.DecayEpochs, 0}, {"fixed-epochs", c.FixedEpochs, 0},
	} {
		if f.value < f.least {
			return c, fmt.Errorf("pix2pixhd: --%s %d must be at least %d", f.flag, f.value, f.least)
		}
	}
	for _, side := range []struct {
		flag  string
		value int
	}{{"size", c.Size}, {"height", c.Height}, {"crop", c.Crop}} {
		m := c.multiple()
		if side.flag == "crop" && c.Crop == 0 {
			continue
		}
		if side.value%m != 0 || side.value < 2*m {
			return c, fmt.Errorf("pix2pixhd: --%s %d is not a multiple of %d, at least %d, which these networks need", side.flag, side.value, m, 2*m)
		}
	}
	switch {
	case c.Crop > min(c.Size, c.Height):
		return c, fmt.Errorf("pix2pixhd: --crop %d is larger than pictures of --size %d and --height %d", c.Crop, c.Size, c.Height)
	case c.Features == "instance" && c.NoInstance:
		return c, fmt.Errorf("pix2pixhd: --features instance needs instance maps, which --no-instance says are not there")
	case c.Features == "label" && *c.Classes == 0:
		return c, fmt.Errorf("pix2pixhd: --features label needs label maps, which --classes 0 says are not there")
	case c.FixedEpochs > 0 && c.Net != "local":
		return c, fmt.Errorf("pix2pixhd: --fixed-epochs %d is for --net local, whose enhancer learns alone", c.FixedEpochs)
	case c.LR < 0 || *c.Beta1 < 0 || *c.Beta1 >= 1 || c.Lambda < 0:
		return c, fmt.Errorf("pix2pixhd: --lr %g and --lambda %g must not be negative, --beta1 %g must be in [0, 1)", c.LR, c.Lambda, *c.Beta1)
	}
	return c, nil
}
