// Package biggan is BigGAN and BigGAN-deep of Brock, Donahue and Simonyan, "Large Scale GAN Training for High Fidelity
// Natural Image Synthesis", ICLR 2019: a class-conditional GAN with spectral norms in both networks, self-attention, a
// shared embedding of the class and a piece of the latent in every norm of the generator, wide networks and large batches.
//
// Networks, names and the order of a step are those of ajbrock/BigGAN-PyTorch, whose weights load here. Without the
// shared embedding and the pieces of the latent they are SAGAN's.
package biggan

import (
	"fmt"

	"github.com/forgergan/forger/gan/config"
)

// Config are the settings of the networks and their training. The zero value of a field is its default; the defaults are
// those of launch_cifar_ema.sh.
type Config struct {
	Size         int  `default:"32" help:"picture side in pixels: 32, 64, 128 or 256"`
	Channels     int  `default:"3" help:"1 for grey pictures, 3 for colour"`
	Classes      int  `default:"10" help:"classes of the data"`
	Deep         bool `help:"BigGAN-deep: bottleneck blocks, and the whole latent in every norm"`
	Depth        int  `default:"2" help:"blocks for each resolution of BigGAN-deep"`
	Latent       int  `default:"128" help:"length of the latent vector z, less what does not divide among the pieces"`
	Width        int  `default:"64" help:"unit of the generator's feature maps (G_ch)"`
	DWidth       int  `default:"64" help:"unit of the discriminator's feature maps (D_ch)"`
	Shared       int  `help:"length of the embedding of the class that all norms share; 0 for a table in each norm"`
	Hierarchical bool `help:"give each block its own piece of the latent"`
	Attention    int  `help:"resolution of the feature maps that get self-attention, 0 for none"`
	OwnBN        bool `help:"normalise by BigGAN-PyTorch's own batch norm (mybn)"`
	BNEval       bool `help:"sample with running statistics instead of those of the batch (G_eval_mode)"`

	WeightInit  string  `default:"N02" choices:"N02,ortho,xavier" help:"initial weights: normal with deviation 0.02, orthogonal, or Xavier-uniform"`
	LR          float64 `default:"0.0002" help:"learning rate of the generator's Adam"`
	DLR         float64 `default:"0.0002" help:"learning rate of the discriminator's Adam"`
	AdamEps     float64 `default:"1e-8" help:"Adam's epsilon"`
	SNEps       float64 `default:"1e-12" help:"least length by which spectral norms divide a vector"`
	DSteps      int     `default:"4" help:"steps of the discriminator, each on a batch of its own, for one of the generator"`
	Ortho       float64 `help:"strength of the orthogonal regularisation of the generator, 1e-4 in the paper"`
	AverageFrom int     `default:"1000" help:"step from which the average of the generator is more than a copy; it forgets with decay 0.9999"`

	Truncation float64  `help:"limit of the latents' numbers in samples: larger ones are drawn anew; 0 for none"`
	ZStd       *float64 `default:"1" help:"factor of the latents in samples (z_var)"`
}

// Presets are the settings of the program's scripts under their names, of the paper, and for small pictures.
var Presets = map[string]Config{
	"launch_cifar_ema": {},
	"bs256x8":          imagenet,
	"deep": {
		Size: 128, Classes: 1000, Deep: true, Latent: 128, Width: 128, DWidth: 128, Shared: 128, Attention: 64, BNEval: true,
		WeightInit: "ortho", LR: 1e-4, DLR: 4e-4, AdamEps: 1e-6, SNEps: 1e-6, DSteps: 1, AverageFrom: 20000,
	},
	"sagan128": {
		Size: 128, Classes: 1000, Attention: 64, BNEval: true,
		WeightInit: "xavier", LR: 1e-4, DLR: 4e-4, SNEps: 1e-8, DSteps: 1, AverageFrom: 2000,
	},
	"paper128":      paper(128, 120),
	"paper256":      paper(256, 140),
	"emoji64":       emoji(8),
	"emoji64-pairs": emoji(32),
	"fashion-small": {
		Channels: 1, Latent: 64, Width: 8, DWidth: 8, Shared: 16, Hierarchical: true,
		WeightInit: "ortho", LR: 4e-4, DLR: 4e-4, AdamEps: 1e-6, SNEps: 1e-6, DSteps: 2,
	},
}

// imagenet is launch_BigGAN_bs256x8.sh.
var imagenet = Config{
	Size: 128, Classes: 1000, Latent: 120, Width: 96, DWidth: 96, Shared: 128, Hierarchical: true, Attention: 64, BNEval: true,
	WeightInit: "ortho", LR: 1e-4, DLR: 4e-4, AdamEps: 1e-6, SNEps: 1e-6, DSteps: 1, AverageFrom: 20000,
}

// paper is the paper's training.
func paper(size, latent int) Config {
	c := imagenet
	c.Size, c.Latent = size, latent
	c.LR, c.DLR, c.DSteps, c.Ortho = 5e-5, 2e-4, 2, 1e-4
	return c
}

// emoji is for the set emoji64, labelled by category or by category and style.
func emoji(classes int) Config {
	return Config{
		Size: 64, Classes: classes, Latent: 80, Width: 8, DWidth: 8, Shared: 32, Hierarchical: true, Attention: 32,
		WeightInit: "ortho", LR: 2e-4, DLR: 4e-4, AdamEps: 1e-6, SNEps: 1e-6, DSteps: 1,
	}
}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	switch {
	case generatorStages[c.Size].in == nil:
		return c, fmt.Errorf("biggan: --size %d is not 32, 64, 128 or 256", c.Size)
	case c.Channels != 1 && c.Channels != 3:
		return c, fmt.Errorf("biggan: --channels %d is neither 1 nor 3", c.Channels)
	case c.Classes < 1 || c.Latent < 1 || c.Width < 1 || c.DWidth < 1 || c.Depth < 1:
		return c, fmt.Errorf("biggan: --classes %d, --latent %d, --width %d, --d-width %d and --depth %d must be at least 1",
			c.Classes, c.Latent, c.Width, c.DWidth, c.Depth)
	case c.Shared < 0 || c.Shared == 0 && (c.Hierarchical || c.Deep):
		return c, fmt.Errorf("biggan: --shared %d must be at least 1 with --hierarchical or --deep, which join it to the latent", c.Shared)
	case c.Deep && c.Hierarchical:
		return c, fmt.Errorf("biggan: --deep gives every block the whole latent, not a piece of it as --hierarchical does")
	case c.Latent < c.pieces():
		return c, fmt.Errorf("biggan: --latent %d is too short for %d pieces", c.Latent, c.pieces())
	case c.Deep && min(c.Width, c.DWidth) < bottleneck:
		return c, fmt.Errorf("biggan: --width %d and --d-width %d must be at least %d with --deep", c.Width, c.DWidth, bottleneck)
	case c.DSteps < 1 || c.AverageFrom < 1:
		return c, fmt.Errorf("biggan: --d-steps %d and --average-from %d must be at least 1", c.DSteps, c.AverageFrom)
	case c.LR < 0 || c.DLR < 0 || c.AdamEps < 0 || c.SNEps < 0:
		return c, fmt.Errorf("biggan: --lr %g, --dlr %g, --adam-eps %g and --sn-eps %g must not be negative", c.LR, c.DLR, c.AdamEps, c.SNEps)
	case c.Ortho < 0 || c.Truncation < 0 || *c.ZStd < 0:
		return c, fmt.Errorf("biggan: --ortho %g, --truncation %g and --z-std %g must not be negative", c.Ortho, c.Truncation, *c.ZStd)
	case c.Truncation > 0 && c.Truncation < 0.01:
		return c, fmt.Errorf("biggan: --truncation %g is below 0.01, and drawing latents anew would take long", c.Truncation)
	}
	c.Latent -= c.Latent % c.pieces()
	return c, nil
}

// pieces is how many the latent is cut into: one for the first layer and one for each block.
func (c Config) pieces() int {
	if !c.Hierarchical {
		return 1
	}
	return 1 + len(generatorStages[c.Size].in)
}
