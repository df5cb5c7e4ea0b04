// Package vid2vid makes videos of videos of label maps, edges or poses, after Wang, Liu, Zhu, Liu, Tao, Kautz and Catanzaro,
// "Video-to-Video Synthesis", NeurIPS 2018: each frame is made of the condition maps of the last frames and of the frames
// before, which are moved by a flow that the generator makes and blended with what it draws anew. Discriminators judge
// frames, and triples of frames at several distances in time.
//
// Networks, names and the order of a step are those of NVIDIA/vid2vid, whose weights load here.
package vid2vid

import (
	"fmt"
	"strings"

	"github.com/forgergan/forger/gan/config"
)

// Config are the settings of the networks and their training. The zero value of a field is its default.
type Config struct {
	Size        int    `default:"512" help:"side of the frames in pixels, as --resize uses it"`
	Load        int    `help:"side to which frames are brought before a crop of --size; --size if 0"`
	Resize      string `default:"scaleWidth" help:"how frames are brought to size: scaleWidth, scaleHeight, …_and_scaledCrop and others of the official loader"`
	NoFlip      bool   `help:"never mirror training clips"`
	MaxStep     int    `default:"1" help:"frames of a training window are up to so many apart"`
	PerFrame    bool   `help:"an epoch has as many windows as frames, not as sequences"`
	Kind        string `default:"maps" choices:"maps,face,pose" help:"what videos are made of: maps or pictures, points of a face, or poses"`
	Classes     *int   `default:"35" help:"labels of the label maps; 0 if pictures take their place"`
	Channels    int    `default:"3" help:"channels of pictures in place of label maps"`
	Instances   bool   `help:"the data have instance maps, whose edges are shown to the networks"`
	Foreground  bool   `help:"draw the pixels of --fore-label by a network of their own"`
	ForeLabel   int    `default:"26" help:"the label of the foreground: cars"`
	Frames      int    `default:"30" help:"frames made of a training window, at first"`
	MaxFrames   int    `default:"126" help:"most that they become"`
	Chunk       int    `default:"1" help:"frames made between two updates, at most"`
	Back        int    `default:"1" help:"frames through which gradients go back, at most"`
	LengthEvery int    `default:"5" help:"epochs after which windows are twice as long, and gradients go back twice as far"`

	Width       int    `default:"128" help:"feature maps of the coarsest generator's first layer; each finer one has half as many"`
	Downs       int    `default:"3" help:"halvings of the coarsest generator"`
	Blocks      int    `default:"9" help:"residual blocks of the coarsest generator"`
	Levels      int    `default:"1" help:"generators, each for twice the resolution of the one before"`
	LocalBlocks int    `default:"3" help:"residual blocks of a finer generator"`
	Norm        string `default:"batch" choices:"batch,instance" help:"kind of the norms"`
	Window      int    `default:"3" help:"frames that G sees, with the one that it makes"`
	NoFlow      bool   `help:"draw each frame anew, without flow from the one before"`
	First       string `default:"real" choices:"real,none,single" help:"the frames before the first one: given, none, or made by --single"`
	Single      string `help:"file of a generator of single frames, vid2vid's or pix2pixHD's"`
	Running     bool   `help:"make videos with the running statistics of batch norms, not with those of each frame"`

	DWidth     int  `default:"64" help:"feature maps of a discriminator's first layer"`
	DLayers    int  `default:"3" help:"layers of a discriminator that halve the resolution"`
	Scales     int  `default:"2" help:"resolutions that discriminators see"`
	DFrames    int  `default:"3" help:"frames that a temporal discriminator sees"`
	TimeScales int  `default:"2" help:"temporal discriminators, each for frames farther apart"`
	Face       bool `help:"a discriminator of faces, where the third channel of DensePose's maps is largest"`

	Flow       string  `default:"lucas-kanade" choices:"lucas-kanade,flownet2" help:"estimator of the flow that G learns from"`
	FlowFile   string  `help:"file of FlowNet2's published weights"`
	Perceptual string  `default:"none" choices:"none,vgg19,effnet-lite0" help:"the classifier of the perceptual loss"`
	Lambda     float64 `default:"10" help:"weight of feature matching, of the perceptual loss, of flow and of warped frames"`

	LR          float64  `default:"0.0002" help:"learning rate of all Adams"`
	Beta1       *float64 `default:"0.5" help:"Adam's decay of the averaged gradient"`
	TTUR        bool     `help:"half the rate for G, twice it for D, without averaged gradients"`
	FullEpochs  *int     `default:"10" help:"epochs at the full learning rate"`
	DecayEpochs *int     `default:"10" help:"epochs in which it falls to 0 after these, but for temporal discriminators"`
	FixedEpochs int      `help:"epochs in which only the finest generator learns"`

	GradientCheckpointing bool `help:"compute the generators twice a step to save memory, with the same numbers"`
}

// streets, faces and poses are what the official scripts of these kinds of video share.
func streets(change func(c *Config)) Config {
	c := Config{Instances: true, Foreground: true, Perceptual: "vgg19", Flow: "flownet2"}
	change(&c)
	return c
}

func faces(change func(c *Config)) Config {
	c := Config{Size: 512, Load: 512, Resize: "scaleWidth_and_scaledCrop", Kind: "face", Classes: new(0), Perceptual: "vgg19", Flow: "flownet2",
		Frames: 12, FullEpochs: new(20), DecayEpochs: new(20)}
	change(&c)
	return c
}

func poses(change func(c *Config)) Config {
	c := Config{Resize: "randomScaleHeight_and_scaledCrop", NoFlip: true, PerFrame: true, Kind: "pose", Classes: new(0), First: "none",
		MaxStep: 4, Frames: 12, FullEpochs: new(5), DecayEpochs: new(5), Perceptual: "vgg19", Flow: "flownet2"}
	change(&c)
	return c
}

// Presets are the settings of the official scripts, and settings for the sets that need no account. Where a script has
// several GPUs make the frames of a chunk, Chunk is what they make together.
var Presets = map[string]Config{
	"street512": streets(func(c *Config) { c.Frames, c.Chunk = 6, 12 }),
	"street1024": streets(func(c *Config) {
		c.Size, c.Levels, c.Scales, c.Frames, c.Chunk, c.LengthEvery, c.FixedEpochs, c.LR = 1024, 2, 3, 4, 4, 2, 10, 1e-4
	}),
	"street2048": streets(func(c *Config) {
		c.Size, c.Levels, c.Scales, c.Frames, c.Chunk, c.LengthEvery, c.FixedEpochs, c.LR = 2048, 3, 4, 4, 4, 1, 5, 5e-5
		c.FullEpochs, c.DecayEpochs = new(5), new(5)
	}),
	"street256-1gpu": streets(func(c *Config) { c.Size, c.Downs, c.Scales, c.Frames, c.Chunk = 256, 2, 1, 6, 6 }),
	"street512-1gpu": streets(func(c *Config) {
		c.Levels, c.Downs, c.Frames, c.Chunk, c.LengthEvery, c.FixedEpochs, c.DecayEpochs = 2, 2, 4, 2, 2, 8, new(5)
	}),
	"street1024-1gpu": streets(func(c *Config) {
		c.Size, c.Levels, c.Downs, c.DFrames, c.Scales, c.Frames, c.LengthEvery = 896, 3, 2, 2, 3, 4, 2
		c.FixedEpochs, c.DecayEpochs, c.LR = 8, new(5), 1e-4
	}),

	"face512":      faces(func(c *Config) { c.Scales, c.Chunk = 3, 6 }),
	"face256-1gpu": faces(func(c *Config) { c.Size, c.Load, c.Width, c.Chunk = 256, 256, 64, 6 }),
	"face512-1gpu": faces(func(c *Config) {
		c.Width, c.Levels, c.Scales, c.Frames, c.LengthEvery, c.FixedEpochs = 64, 2, 3, 6, 2, 5
	}),

	"pose256": poses(func(c *Config) { c.Size, c.Load, c.Chunk = 256, 384, 3 }),
	"pose512": poses(func(c *Config) {
		c.Size, c.Load, c.Levels, c.Scales, c.Face, c.FixedEpochs, c.LR = 512, 768, 2, 3, true, 3, 1e-4
	}),
	"pose1024": poses(func(c *Config) {
		c.Size, c.Load, c.Levels, c.Scales, c.Face, c.FixedEpochs, c.LR = 1024, 1536, 3, 4, true, 3, 5e-5
	}),
	"pose256-1gpu": poses(func(c *Config) { c.Size, c.Load, c.Width, c.Chunk = 256, 384, 64, 4 }),

	"vtest": {
		Size: 128, Classes: new(0), Width: 16, Downs: 2, Blocks: 4, DWidth: 16, Scales: 2, TimeScales: 2, PerFrame: true, NoFlip: true,
		Frames: 4, MaxFrames: 8, Chunk: 2, FullEpochs: new(1), DecayEpochs: new(1), LengthEvery: 1,
	},
	"carphone": {
		Size: 160, Classes: new(0), Width: 16, Downs: 2, Blocks: 4, DWidth: 16, Scales: 2, TimeScales: 2, PerFrame: true, NoFlip: true,
		Frames: 4, MaxFrames: 8, Chunk: 2, FullEpochs: new(2), DecayEpochs: new(2), LengthEvery: 1,
	},
}

// past is how many frames before G sees.
func (c Config) past() int { return c.Window - 1 }

// maps are the channels of the condition maps of one frame.
func (c Config) maps() int {
	n := *c.Classes
	if n == 0 {
		n = c.Channels
	}
	if c.Instances {
		n++
	}
	return n
}

// multiple is what the sides of frames must be multiples of.
func (c Config) multiple() int { return 1 << (c.Downs + c.Levels - 1) }

// recurs says that an epoch shows pictures of earlier ones again, to the bit; crops are drawn anew.
func (c Config) recurs() bool { return !strings.Contains(c.Resize, "_and_") }

// stage counts the times that windows have got longer after so many epochs.
func (c Config) stage(epochs int) int { return epochs / c.LengthEvery }

// frames is how many frames are made of a window in a stage: a multiple of a chunk.
func (c Config) frames(stage int) int {
	n := c.Frames
	for range stage {
		if n >= c.MaxFrames {
			break
		}
		n = min(2*n, c.MaxFrames)
	}
	return n / c.chunk(n) * c.chunk(n)
}

// chunk is how many of so many frames are made between two updates.
func (c Config) chunk(frames int) int { return min(c.Chunk, frames) }

// back is through how many frames gradients go back in a stage.
func (c Config) back(stage int) int { return min(c.Back, 1<<min(stage, 20)) }

// faceChannels and poseChannels are those that points of a face, and poses, are drawn in.
const faceChannels, poseChannels = 15, 6

// withDefaults fills in defaults and refuses settings that no network has.
func (c Config) withDefaults() (Config, error) {
	config.SetDefaults(&c)
	switch c.Kind {
	case "face":
		c.Channels = faceChannels
	case "pose":
		c.Channels = poseChannels
	}
	for _, f := range []struct {
		flag  string
		value int
		least int
	}{
		{"size", c.Size, 8}, {"load", c.Load, 0}, {"max-step", c.MaxStep, 1}, {"classes", *c.Classes, 0}, {"channels", c.Channels, 1},
		{"fore-label", c.ForeLabel, 0}, {"frames", c.Frames, 1}, {"max-frames", c.MaxFrames, 1}, {"chunk", c.Chunk, 1}, {"back", c.Back, 1},
		{"length-every", c.LengthEvery, 1}, {"width", c.Width, 1}, {"downs", c.Downs, 1}, {"blocks", c.Blocks, 0}, {"levels", c.Levels, 1},
		{"local-blocks", c.LocalBlocks, 0}, {"window", c.Window, 2}, {"d-width", c.DWidth, 1}, {"d-layers", c.DLayers, 1},
		{"scales", c.Scales, 1}, {"d-frames", c.DFrames, 2}, {"time-scales", c.TimeScales, 0}, {"full-epochs", *c.FullEpochs, 0},
		{"decay-epochs", *c.DecayEpochs, 0}, {"fixed-epochs", c.FixedEpochs, 0},
	} {
		if f.value < f.least {
			return c, fmt.Errorf("vid2vid: --%s %d must be at least %d", f.flag, f.value, f.least)
		}
	}
	switch {
	case c.Width>>(c.Levels-1) < 2:
		return c, fmt.Errorf("vid2vid: --width %d leaves no feature maps for the finest of --levels %d", c.Width, c.Levels)
	case c.Foreground && *c.Classes <= c.ForeLabel:
		return c, fmt.Errorf("vid2vid: --fore-label %d is none of --classes %d: name another one, or do without --foreground", c.ForeLabel, *c.Classes)
	case c.Instances && *c.Classes == 0:
		return c, fmt.Errorf("vid2vid: --instances needs label maps, which --classes 0 says are not there")
	case c.Kind != "maps" && *c.Classes > 0:
		return c, fmt.Errorf("vid2vid: --kind %s has no label maps: --classes 0", c.Kind)
	case c.Face && c.Kind != "pose":
		return c, fmt.Errorf("vid2vid: --face finds faces in maps of poses, --kind pose, which are not there")
	case (c.First == "single") != (c.Single != ""):
		return c, fmt.Errorf("vid2vid: --first single and --single FILE go together")
	case c.FixedEpochs > 0 && c.Levels == 1:
		return c, fmt.Errorf("vid2vid: --fixed-epochs %d needs --levels, of which the finest one learns alone", c.FixedEpochs)
	case c.FlowFile != "" && c.Flow != "flownet2":
		return c, fmt.Errorf("vid2vid: --flow-file is for --flow flownet2")
	case c.LR < 0 || *c.Beta1 < 0 || *c.Beta1 >= 1 || c.Lambda < 0:
		return c, fmt.Errorf("vid2vid: --lr %g and --lambda %g must not be negative, --beta1 %g must be in [0, 1)", c.LR, c.Lambda, *c.Beta1)
	}
	return c, nil
}
