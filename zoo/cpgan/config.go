// Package cpgan is CP-GAN, the classifier's-posterior GAN of Kaneko, Ushiku and Harada, "Class-Distinct and Class-Mutual
// Image Generation with GANs", BMVC 2019, for data whose classes overlap, so that a picture may belong to several although
// it has one label. The generator is given a posterior over classes, which the discriminator's own classifier finds for a
// real picture, and learns to make pictures with that posterior. A posterior of one class then makes what belongs to it
// alone, an even one of several what they have in common.
//
// Networks and order of a step are those of takuhirok/CP-GAN, with its baseline, AC-GAN, and that of the paper, cGAN.
package cpgan

import (
	"fmt"
	"strconv"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/torch/data/labels"
)

// Config are the settings of the networks and their training. The zero value of a field is its default.
type Config struct {
	Method    string   `default:"cpgan" choices:"cpgan,acgan,cgan" help:"what the generator is given: posteriors of the classifier, or labels, judged by a classifier or by projection"`
	Classes   string   `default:"10" help:"number of labels, or how classes overlap, as in 10to5; the data are then labelled so, as by --labels 10to5"`
	Net       string   `default:"resnet" choices:"resnet,dcgan" help:"the networks; dcgan has no dropout"`
	Size      int      `default:"32" help:"picture side in pixels, a multiple of 8"`
	Channels  int      `default:"3" help:"1 for grey pictures, 3 for colour"`
	Latent    int      `default:"128" help:"length of the latent vector z"`
	Width     int      `default:"128" help:"feature maps of the generator; in dcgan at the highest resolution"`
	DWidth    int      `default:"128" help:"feature maps of the discriminator; in dcgan at the highest resolution"`
	NoDropout bool     `help:"no dropout in the discriminator; it is what keeps posteriors soft"`
	Spectral  bool     `help:"spectral norm in the discriminator, but not in its classifier"`
	Pool      string   `default:"mean" choices:"mean,sum,flat" help:"how the discriminator joins the last map for its score; flat, for dcgan, keeps its places apart, for classes too"`
	Loss      string   `default:"wgan" choices:"wgan,hinge,gan" help:"the adversarial game"`
	Lambda    *float64 `default:"10" help:"weight of the gradient penalty"`
	ClassG    float64  `default:"0.4" help:"weight of the class loss of the generator"`
	ClassD    float64  `default:"1" help:"weight of the class loss of the discriminator"`
	LR        float64  `default:"0.0002" help:"learning rate of both Adams"`
	Beta1     *float64 `default:"0" help:"Adam's decay of the averaged gradient"`
	Decay     *int     `default:"100000" help:"steps over which both learning rates fall to 0, 0 to keep them"`
	Critic    int      `default:"5" help:"steps of the discriminator, each on a batch of its own, for one of the generator"`
	GenBatch  int      `default:"2" help:"pictures of a step of the generator, in batches; at most as many as --critic"`
}

// Presets are published settings, and settings for 2 cores.
var Presets = map[string]Config{
	"cifar10":             {},
	"cifar10to5":          {Classes: "10to5"},
	"cifar7to3":           {Classes: "7to3"},
	"cifar10to5-acgan":    {Classes: "10to5", Method: "acgan"},
	"cifar10to5-cgan":     {Classes: "10to5", Method: "cgan"},
	"fashion-small":       small("cpgan"),
	"fashion-small-acgan": small("acgan"),
	"fashion-small-cgan":  small("cgan"),
}

// small is for grey pictures and two cores. A DCGAN's classifier learns classes in hundreds of steps, where the residual one
// takes thousands. Both its judgements are of the map place by place: after averages pictures of any class pass for the one
// asked for.
func small(method string) Config {
	return Config{
		Method: method, Classes: "10to5", Net: "dcgan", Channels: 1, Width: 32, DWidth: 16, Pool: "flat", Loss: "gan", Lambda: new(0.0),
		ClassG: 4, LR: 5e-4, Beta1: new(0.5), Decay: new(0), Critic: 1, GenBatch: 1,
	}
}

var games = map[string]gan.Loss{"wgan": gan.Wasserstein, "hinge": gan.Hinge, "gan": gan.NonSaturatingLogits}

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	_, _, err := c.classes()
	switch {
	case err != nil:
		return c, err
	case c.Size < 8 || c.Size%8 != 0:
		return c, fmt.Errorf("cpgan: --size %d is not a multiple of 8", c.Size)
	case c.Channels != 1 && c.Channels != 3:
		return c, fmt.Errorf("cpgan: --channels %d is neither 1 nor 3", c.Channels)
	case c.Net == "dcgan" && c.Spectral:
		return c, fmt.Errorf("cpgan: --spectral is for --net resnet, not dcgan")
	case c.Net != "dcgan" && c.Pool == "flat":
		return c, fmt.Errorf("cpgan: --pool flat is for --net dcgan, not %s", c.Net)
	case c.Net == "dcgan" && *c.Lambda > 0:
		return c, fmt.Errorf("cpgan: --net dcgan has batch norm, which mixes pictures: it takes --lambda 0, not %g", *c.Lambda)
	case c.Latent < 1 || c.Width < 1 || c.DWidth < 1:
		return c, fmt.Errorf("cpgan: --latent %d, --width %d and --d-width %d must be at least 1", c.Latent, c.Width, c.DWidth)
	case c.GenBatch < 1 || c.Critic < c.GenBatch:
		return c, fmt.Errorf("cpgan: --gen-batch %d must be at least 1 and at most --critic, %d", c.GenBatch, c.Critic)
	case c.LR < 0 || *c.Beta1 < 0 || *c.Beta1 >= 1:
		return c, fmt.Errorf("cpgan: --lr %g must not be negative, --beta1 %g must be in [0, 1)", c.LR, *c.Beta1)
	case *c.Lambda < 0 || c.ClassG < 0 || c.ClassD < 0 || *c.Decay < 0:
		return c, fmt.Errorf("cpgan: --lambda %g, --class-g %g, --class-d %g and --decay %d must not be negative", *c.Lambda, c.ClassG, c.ClassD, *c.Decay)
	}
	return c, nil
}

// classes is the number of labels, and how classes overlap; the zero value where they do not.
func (c Config) classes() (n int, overlap labels.Overlap, err error) {
	if n, err = strconv.Atoi(c.Classes); err == nil && n >= 2 {
		return n, overlap, nil
	}
	o, err := labels.Parse(c.Classes)
	if err != nil || o.Overlap.String() != c.Classes {
		return 0, overlap, fmt.Errorf("cpgan: --classes %q is neither a number of at least 2 nor an overlap such as 10to5 or 7to3", c.Classes)
	}
	return o.Overlap.Labels, o.Overlap, nil
}
