// Package spade is the label-map-to-photograph system of Park, Liu, Wang and Zhu, "Semantic Image Synthesis with
// Spatially-Adaptive Normalization", CVPR 2019, known as GauGAN: a generator whose norms take scale and shift of each pixel
// from the label map, a discriminator of patches at several sizes, and, with VAE, an encoder whose latent vector is the
// style of a picture.
//
// Networks, losses and order of a step are those of NVlabs/SPADE.
package spade

import (
	"fmt"

	"github.com/forgergan/forger/gan/config"
)

// Config are the settings of the networks and their training. The zero value of a field is its default.
type Config struct {
	Size     int  `default:"256" help:"width of pictures in pixels"`
	Height   int  `help:"height of pictures in pixels; that of --size if 0"`
	Load     int  `help:"width that pictures are brought to before a random crop; that of --size, without one, if 0"`
	NoFlip   bool `help:"never mirror training pictures"`
	Channels int  `default:"3" help:"1 for grey pictures, 3 for colour"`

	Classes  int  `default:"13" help:"labels of the label maps, from 0 on"`
	DontCare bool `help:"pixels of 255 are one more class, don't care"`
	Instance bool `help:"instance maps belong to the label maps; their edges are one more map"`

	Upsampling string `default:"normal" choices:"normal,more,most" help:"doublings from the first map to the picture: 5, 6 or 7"`
	Norm       string `default:"batch" choices:"batch,instance" help:"norm under SPADE's scales and shifts"`
	Width      int    `default:"64" help:"feature maps of generator and encoder at the highest resolution"`
	Hidden     int    `default:"128" help:"feature maps between a label map and its scales and shifts"`
	DWidth     int    `default:"64" help:"feature maps of a discriminator's first layer"`
	DLayers    int    `default:"4" help:"layers of a discriminator before its scores"`
	Scales     int    `default:"2" help:"resolutions that discriminators see"`
	VAE        bool   `help:"learn an encoder of styles, which pictures are made in"`
	Latent     int    `default:"256" help:"length of a style with --vae"`
	BatchStats bool   `help:"make pictures with the statistics of their batch, as in training, instead of the running ones"`

	Loss       string   `default:"hinge" choices:"hinge,ls,original,w" help:"adversarial loss"`
	Feature    *float64 `default:"10" help:"weight of feature matching"`
	Perceptual string   `default:"none" choices:"none,vgg19,effnet-lite0" help:"network that compares pictures besides; vgg19 is the paper's"`
	Similarity *float64 `default:"10" help:"weight of that comparison"`
	KLD        *float64 `default:"0.05" help:"weight of the Kullback-Leibler divergence with --vae"`

	LR          float64 `default:"0.0002" help:"learning rate, halved for the generator and doubled for the discriminator"`
	NoTTUR      bool    `help:"one learning rate for both, and Adam's β of 0.5 and 0.999 instead of 0 and 0.9"`
	DSteps      int     `default:"1" help:"steps of the discriminator, each on a batch of its own, for one of the generator"`
	FullEpochs  *int    `default:"50" help:"epochs at the full learning rates"`
	DecayEpochs int     `help:"further epochs, in which they fall to 0"`
}

// Presets are published settings, and settings for label maps that the command can fetch.
var Presets = map[string]Config{
	"ade20k": {Load: 286, Classes: 150, DontCare: true, Perceptual: "vgg19", FullEpochs: new(100), DecayEpochs: 100},
	"coco":   {Load: 286, Classes: 182, DontCare: true, Instance: true, Perceptual: "vgg19", FullEpochs: new(100)},
	"cityscapes": {
		Size: 512, Height: 256, Classes: 35, Instance: true, Upsampling: "more", Perceptual: "vgg19", FullEpochs: new(100), DecayEpochs: 100,
	},
	"facades":     {Load: 286, Perceptual: "vgg19"},
	"custom":      {Load: 286, Instance: true, Perceptual: "vgg19"},
	"mr":          {Size: 128, NoFlip: true, Channels: 1, Classes: mrClasses, Width: 8, Hidden: 32, DWidth: 16},
	"earth":       {Load: 286, Classes: earthClasses, Perceptual: "effnet-lite0"},
	"earth-small": {Size: 128, Load: 143, Classes: earthClasses, Width: 8, Hidden: 32, DWidth: 16},
}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	if c.Height == 0 {
		c.Height = c.Size
	}
	if c.Load == 0 {
		c.Load = c.Size
	}
	switch {
	case c.Size < 1 || c.Size%c.multiple() != 0:
		return c, fmt.Errorf("spade: --size %d is not a multiple of %d, as --upsampling %s needs", c.Size, c.multiple(), c.Upsampling)
	case c.Height < 1 || c.Height%c.multiple() != 0:
		return c, fmt.Errorf("spade: --height %d is not a multiple of %d, as --upsampling %s needs", c.Height, c.multiple(), c.Upsampling)
	case c.Load < c.Size:
		return c, fmt.Errorf("spade: --load %d is less than --size %d, which is cut out of it", c.Load, c.Size)
	case c.Channels != 1 && c.Channels != 3:
		return c, fmt.Errorf("spade: --channels %d is neither 1 nor 3", c.Channels)
	case c.Classes < 1 || c.Classes > 255:
		return c, fmt.Errorf("spade: --classes %d is not between 1 and 255", c.Classes)
	case c.Width < 1 || c.Hidden < 1 || c.DWidth < 1 || c.Latent < 1:
		return c, fmt.Errorf("spade: --width %d, --hidden %d, --d-width %d and --latent %d must be at least 1",
			c.Width, c.Hidden, c.DWidth, c.Latent)
	case c.Upsampling == "most" && c.Width%2 != 0:
		return c, fmt.Errorf("spade: --upsampling most halves --width %d, which must be even", c.Width)
	case c.DLayers < 2 || c.Scales < 1 || c.DSteps < 1:
		return c, fmt.Errorf("spade: --d-layers %d must be at least 2, --scales %d and --d-steps %d at least 1",
			c.DLayers, c.Scales, c.DSteps)
	case *c.Feature < 0 || *c.Similarity < 0 || *c.KLD < 0 || c.LR < 0:
		return c, fmt.Errorf("spade: --feature %g, --similarity %g, --kld %g and --lr %g must not be negative",
			*c.Feature, *c.Similarity, *c.KLD, c.LR)
	case *c.FullEpochs < 0 || c.DecayEpochs < 0:
		return c, fmt.Errorf("spade: --full-epochs %d and --decay-epochs %d must not be negative", *c.FullEpochs, c.DecayEpochs)
	}
	return c, nil
}

// multiple is what sides are multiples of: the picture's side for one of the first map.
func (c Config) multiple() int {
	switch c.Upsampling {
	case "more":
		return 64
	case "most":
		return 128
	}
	return 32
}

// classes is the number of classes with that of don't care.
func (c Config) classes() int {
	if c.DontCare {
		return c.Classes + 1
	}
	return c.Classes
}

// maps is the number of channels that the networks see of a label map: official semantic_nc.
func (c Config) maps() int {
	if c.Instance {
		return c.classes() + 1
	}
	return c.classes()
}
