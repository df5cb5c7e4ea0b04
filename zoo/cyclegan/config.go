// Package cyclegan is CycleGAN of Zhu, Park, Isola and Efros, "Unpaired Image-to-Image Translation using Cycle-Consistent
// Adversarial Networks", ICCV 2017: a generator in each direction between two sets of pictures, whose detour through the
// other set must lead back.
//
// Networks, losses and order of a step are those of junyanz/pytorch-CycleGAN-and-pix2pix, whose weights load here.
package cyclegan

import (
	"fmt"

	"github.com/forgergan/forger/gan/config"
)

// Config are the settings of the networks and their training. The zero value of a field is its default.
type Config struct {
	Size        int      `default:"256" help:"side of the training pictures in pixels, a multiple of 4; translated ones may have other sides"`
	Load        int      `default:"286" help:"side that pictures are brought to before they are cropped to --size at random"`
	Preprocess  string   `default:"resize_and_crop" choices:"resize_and_crop,scale_width_and_crop,scale_shortside_and_crop" help:"what is brought to --load: both sides, or one of them in proportion"`
	NoFlip      bool     `help:"do not mirror every second picture"`
	Channels    int      `default:"3" help:"1 for grey pictures, 3 for colour"`
	Blocks      int      `default:"9" help:"residual blocks of the generators"`
	Width       int      `default:"64" help:"feature maps of the generators at the highest resolution (ngf)"`
	DWidth      int      `default:"64" help:"feature maps of the discriminators at the highest resolution (ndf)"`
	InitGain    float64  `default:"0.02" help:"standard deviation of initial weights"`
	LambdaA     float64  `default:"10" help:"weight of the way from A to B and back"`
	LambdaB     float64  `default:"10" help:"weight of the way from B to A and back"`
	Identity    *float64 `default:"0.5" help:"weight of leaving pictures of the other set as they are, times --lambda-a or --lambda-b; 0 for none"`
	Pool        *int     `default:"50" help:"earlier pictures that a discriminator may be shown, 0 for none"`
	LR          float64  `default:"0.0002" help:"learning rate of both Adams"`
	Beta1       *float64 `default:"0.5" help:"Adam's decay of the averaged gradient"`
	FullEpochs  *int     `default:"100" help:"epochs at the full learning rate"`
	DecayEpochs *int     `default:"100" help:"further epochs, in which it falls to 0; 0 to keep it"`
}

// Presets are published settings, and settings for emoji.
var Presets = map[string]Config{
	"horse2zebra": {},
	"128":         {Size: 128, Load: 143, Blocks: 6},
	"no-identity": {Identity: new(0.0)},
	"gta":         {Size: 360, Load: 1024, Preprocess: "scale_width_and_crop", Identity: new(1.0)},
	"emoji64": {
		Size: 64, Load: 64, NoFlip: true, Blocks: 3, Width: 16, DWidth: 16, FullEpochs: new(4), DecayEpochs: new(4),
	},
}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	switch {
	case c.Size < 32 || c.Size%4 != 0:
		return c, fmt.Errorf("cyclegan: --size %d is not a multiple of 4 from 32 on", c.Size)
	case c.Load < c.Size:
		return c, fmt.Errorf("cyclegan: --load %d is smaller than --size %d: no crop fits", c.Load, c.Size)
	case c.Channels != 1 && c.Channels != 3:
		return c, fmt.Errorf("cyclegan: --channels %d is neither 1 nor 3", c.Channels)
	case c.Blocks < 1 || c.Width < 1 || c.DWidth < 1:
		return c, fmt.Errorf("cyclegan: --blocks %d, --width %d and --d-width %d must be at least 1", c.Blocks, c.Width, c.DWidth)
	case c.LambdaA < 0 || c.LambdaB < 0 || *c.Identity < 0:
		return c, fmt.Errorf("cyclegan: --lambda-a %g, --lambda-b %g and --identity %g must not be negative", c.LambdaA, c.LambdaB, *c.Identity)
	case *c.Pool < 0 || c.InitGain < 0:
		return c, fmt.Errorf("cyclegan: --pool %d and --init-gain %g must not be negative", *c.Pool, c.InitGain)
	case c.LR < 0 || *c.Beta1 < 0 || *c.Beta1 >= 1:
		return c, fmt.Errorf("cyclegan: --lr %g must not be negative, --beta1 %g must be in [0, 1)", c.LR, *c.Beta1)
	case *c.FullEpochs < 0 || *c.DecayEpochs < 0 || *c.FullEpochs+*c.DecayEpochs < 1:
		return c, fmt.Errorf("cyclegan: --full-epochs %d and --decay-epochs %d must be at least 1 together", *c.FullEpochs, *c.DecayEpochs)
	}
	return c, nil
}
