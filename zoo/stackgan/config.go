// Package stackgan is StackGAN of Zhang, Xu, Li, Zhang, Wang, Huang and Metaxas, "StackGAN: Text to Photo-realistic Image
// Synthesis with Stacked Generative Adversarial Networks", ICCV 2017: pictures of sentences in two stages. Stage I draws a
// sketch of 64×64 from the embedding of a sentence and from noise. Stage II, trained when Stage I is done, reads the
// sentence again and makes of the sketch a picture of 256×256.
//
// The authors published two programs, whose networks and losses differ:
//
//	            tf (hanzhanggit/StackGAN: birds, flowers)   pt (hanzhanggit/StackGAN-Pytorch: COCO)
//	condition   LeakyReLU, ε cut off at 2                   ReLU
//	Stage I     [c, z], bottleneck blocks                   [z, c], plain
//	D sees      the embedding                               μ of G's condition
//	wrong pair  a picture of another class                  the condition of the next item of the batch
//	Stage II    conditional D                               conditional and unconditional D
//	a step      draws anew for G                            shares the pictures of D and G
package stackgan

import (
	"fmt"

	"github.com/forgergan/forger/gan/config"
)

// Config are the settings of the networks and their training. The zero value of a field is its default.
type Config struct {
	Stage     int      `default:"1" help:"what is trained: 1, a sketch of a text, or 2, a picture of a sketch and the text"`
	Stage1    string   `help:"the trained Stage I that a run of Stage II begins with: a run, its checkpoint, or netG of the official program"`
	Flavour   string   `default:"tf" choices:"tf,pt" help:"the official program: tf of birds and flowers, pt of COCO"`
	Size      int      `help:"picture side in pixels; if 0 64 in Stage I, 256 in Stage II, which can also make 128"`
	Text      int      `default:"1024" help:"length of the embeddings of texts"`
	Condition int      `default:"128" help:"length of the random code that is made of an embedding"`
	Latent    int      `default:"100" help:"length of the latent vector z"`
	Width     int      `default:"128" help:"the unit of feature maps of the generator"`
	DWidth    int      `default:"64" help:"feature maps of the discriminator's first layer"`
	Blocks    int      `default:"4" help:"residual blocks of Stage II"`
	KL        *float64 `default:"2" help:"weight of the Kullback-Leibler divergence of the condition"`
	LR        float64  `default:"0.0002" help:"learning rate of both Adams"`
	Halve     *int     `default:"50" help:"epochs after which both learning rates are halved again and again, 0 to keep them"`
	Captions  int      `help:"captions of a picture whose embeddings are averaged; if 0 4 with --flavour tf, 1 with pt"`
	NoFlip    bool     `help:"do not mirror every second training picture"`
	BNEval    *bool    `default:"true" help:"sample with running statistics of batch norm, not with those of the batch"`
}

// Presets are published settings, and settings for 2 cores.
var Presets = map[string]Config{
	"birds":           {},
	"birds-stage2":    {Stage: 2, Halve: new(100)},
	"flowers":         {},
	"flowers-stage2":  {Stage: 2, Halve: new(100)},
	"coco":            {Flavour: "pt", Width: 192, DWidth: 96, Blocks: 2, Halve: new(20)},
	"coco-stage2":     {Stage: 2, Flavour: "pt", Width: 192, DWidth: 96, Blocks: 2, Halve: new(20)},
	"emoji64":         {Text: 384, Condition: 32, Latent: 32, Width: 24, DWidth: 16, Halve: new(0)},
	"emoji128-stage2": {Stage: 2, Size: 128, Text: 384, Condition: 32, Latent: 32, Width: 24, DWidth: 12, Blocks: 1, Halve: new(0)},
}

// sketchSize is the side of Stage I's pictures.
const sketchSize = 64

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	if c.Size == 0 {
		c.Size = sketchSize
		if c.Stage == 2 {
			c.Size = 256
		}
	}
	if c.Captions == 0 {
		c.Captions = 4
		if c.shifts() {
			c.Captions = 1
		}
	}
	switch {
	case c.Stage != 1 && c.Stage != 2:
		return c, fmt.Errorf("stackgan: --stage %d is neither 1 nor 2", c.Stage)
	case c.Stage == 1 && c.Size != sketchSize:
		return c, fmt.Errorf("stackgan: --size %d is not that of Stage I, %d", c.Size, sketchSize)
	case c.Stage == 1 && c.Stage1 != "":
		return c, fmt.Errorf("stackgan: --stage1 %s is for --stage 2", c.Stage1)
	case c.Stage == 2 && c.Size != 128 && c.Size != 256:
		return c, fmt.Errorf("stackgan: --size %d of Stage II is neither 128 nor 256", c.Size)
	case c.Text < 1 || c.Condition < 1 || c.Latent < 1:
		return c, fmt.Errorf("stackgan: --text %d, --condition %d and --latent %d must be at least 1", c.Text, c.Condition, c.Latent)
	case c.Width < 4 || c.Width%4 != 0:
		return c, fmt.Errorf("stackgan: --width %d is not a multiple of 4", c.Width)
	case c.DWidth < 1 || c.Blocks < 1 || c.Captions < 1:
		return c, fmt.Errorf("stackgan: --d-width %d, --blocks %d and --captions %d must be at least 1", c.DWidth, c.Blocks, c.Captions)
	case *c.KL < 0 || c.LR < 0 || *c.Halve < 0:
		return c, fmt.Errorf("stackgan: --kl %g, --lr %g and --halve %d must not be negative", *c.KL, c.LR, *c.Halve)
	}
	return c, nil
}

// shifts says that wrong pairs are a shift in the batch.
func (c Config) shifts() bool { return c.Flavour == "pt" }
