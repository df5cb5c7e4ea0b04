package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

// translateFlags are those of translate and upscale.
var translateFlags = []cli.Flag{
	&cli.StringFlag{Name: "out", Usage: "folder for the pictures, or - to write one to the standard output", Value: "translated"},
	&cli.IntFlag{Name: "tile", Usage: "side of the squares that a large picture is cut into, with overlap, to save memory", DefaultText: "256 where an output depends on a margin alone, else the whole"},
	&cli.Int64Flag{Name: "seed", Usage: "of dropout and whatever else is random", Value: 1},
	rawFlag, threadsFlag, deviceFlag, jsonFlag,
}

func translateCommand() *cli.Command {
	return &cli.Command{
		Name:      "translate",
		Usage:     "make pictures of pictures or label maps with a trained system",
		ArgsUsage: "RUN-DIR|CHECKPOINT [FILE|FOLDER|-]...",
		Description: "Without files it translates the test pictures of the run's data. index.html in the output folder shows inputs, outputs\n" +
			"and targets side by side. Pictures may be of any size; - reads one from the standard input.\n\n" +
			"A system for videos takes folders of frames, folders of such folders, and video files (through ffmpeg; GIF without it), and\n" +
			"makes the frames, a GIF and, with ffmpeg, an MP4 of each.",
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "back", Usage: "in the other direction, for a system that learns both", DisableDefaultText: true},
			&cli.StringFlag{Name: "instances", Usage: "folder of instance maps, for a system that takes them beside label maps"},
			&cli.StringFlag{Name: "style", Usage: "picture whose style all outputs take, for a system that learns styles"},
			&cli.StringFlag{Name: "targets", Usage: "folder of pictures of the same names to show beside the outputs"},
			&cli.IntFlag{Name: "n", Usage: "test pictures to translate, where no files are given; of a system for videos frames of each sequence", Value: 50},
			&cli.StringFlag{Name: "first", Usage: "folder or video of the frames that a video begins with, for a system that needs some"},
			&cli.Float64Flag{Name: "fps", Usage: "frames a second of the videos that are written", Value: 10},
		}, translateFlags...),
		Action: translate,
	}
}

func upscaleCommand() *cli.Command {
	return &cli.Command{
		Name:      "upscale",
		Usage:     "enlarge photos with a trained system",
		ArgsUsage: "FILE|FOLDER|-...",
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "run", Usage: "run folder or checkpoint of a system that enlarges", Value: "runs/srgan-photos"},
		}, translateFlags...),
		Action: func(c *cli.Context) error {
			if !c.Args().Present() {
				return usage("upscale takes photos or folders of photos")
			}
			t, err := openTranslator(c, c.String("run"))
			if err != nil {
				return fmt.Errorf("%w; name a run with --run, or train one: forger train srgan", err)
			}
			if t.does.Scale == 1 {
				return fmt.Errorf("%s does not enlarge: use forger translate %s", t.saved.System, c.String("run"))
			}
			return t.files(c.Args().Slice())
		},
	}
}

func translate(c *cli.Context) error {
	if !c.Args().Present() {
		return usage("translate takes a run folder or checkpoint, then pictures or folders")
	}
	t, err := openTranslator(c, c.Args().First())
	if err != nil {
		return err
	}
	if t.back && !t.does.Back {
		return fmt.Errorf("%s translates in one direction only: leave out --back", t.saved.System)
	}
	if c.IsSet("style") && !t.does.Style {
		return fmt.Errorf("%s with these settings learns no styles: leave out --style", t.saved.System)
	}
	for _, flag := range []string{"first", "fps"} {
		if c.IsSet(flag) && t.video == nil {
			return fmt.Errorf("%s makes single pictures: leave out --%s", t.saved.System, flag)
		}
	}
	if t.video != nil {
		return t.videos(c.Args().Tail())
	}
	if c.NArg() > 1 {
		return t.files(c.Args().Tail())
	}
	return t.test()
}

// translator is a trained Translator or Sequencer at work.
type translator struct {
	c        *cli.Context
	model    train.Translator // nil for a Sequencer
	video    train.Sequencer  // nil for a Translator
	does     train.Translation
	system   train.System
	saved    train.Settings
	settings any
	device   torch.Device
	back     bool
	tile     int
	paths    map[string]map[string]string // of the pictures in a flag's folder, by name, as they were at first
}

func openTranslator(c *cli.Context, from string) (*translator, error) {
	path, err := train.FindCheckpoint(from)
	if err != nil {
		return nil, err
	}
	if c.Int("tile") < 0 {
		return nil, usage("--tile must not be negative")
	}
	t := &translator{c: c, paths: map[string]map[string]string{}, back: c.Bool("back"), tile: c.Int("tile")}
	if t.device, err = torch.ParseDevice(c.String("device")); err != nil {
		return nil, err
	}
	if t.saved, t.system, err = systemOf(path); err != nil {
		return nil, err
	}
	t.settings = t.system.NewConfig()
	if err := config.Unmarshal(t.saved.Config, t.settings); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	model, err := loadModel(path, t.device, c.Bool("raw"))
	if err != nil {
		return nil, err
	}
	switch m := model.(type) {
	case train.Translator:
		t.model, t.does = m, m.Translation()
	case train.Sequencer:
		t.video, t.does = m, m.Sequence().Translation
	default:
		return nil, fmt.Errorf("%s makes pictures of random numbers, not of pictures: use forger sample", model.System())
	}
	setThreads(c)
	torch.ManualSeed(c.Int64("seed"))
	return t, nil
}

// source is one picture to translate.
type source struct {
	name string // of the output, without ending
	path string // "-" for the standard input
}

// sources are the pictures that arguments name, sorted within folders. Two of one name would overwrite each other.
func sources(args []string) (all []source, err error) {
	from := map[string]string{}
	for _, arg := range args {
		paths := []string{arg}
		if info, err := os.Stat(arg); arg != "-" && err != nil {
			return nil, fmt.Errorf("there is no file or folder %s", arg)
		} else if arg != "-" && info.IsDir() {
			if paths, err = data.Pictures(arg); err != nil {
				return nil, err
			}
		}
		for _, path := range paths {
			name := "stdin"
			if path != "-" {
				name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
			}
			if other := from[name]; other != "" {
				return nil, fmt.Errorf("%s and %s would both become %s.png: translate them into two folders", other, path, name)
			}
			from[name] = path
			all = append(all, source{name, path})
		}
	}
	return all, nil
}

// files translates the pictures that arguments name.
func (t *translator) files(args []string) error {
	all, err := sources(args)
	if err != nil {
		return err
	}
	if t.c.String("out") == "-" {
		if len(all) != 1 {
			return usage("--out - takes one picture, not %d", len(all))
		}
		_, made, err := t.file(all[0])
		if err != nil {
			return err
		}
		return vision.EncodePNG(t.c.App.Writer, made)
	}
	page, err := t.newPage()
	if err != nil {
		return err
	}
	for _, s := range all {
		shown, made, err := t.file(s)
		if err != nil {
			return err
		}
		target, err := t.target(s.name)
		if err != nil {
			return err
		}
		if err := page.add(s.name, shown, made, target); err != nil {
			return err
		}
		if err := t.c.Context.Err(); err != nil {
			return err
		}
	}
	return page.finish(t.c)
}

// file translates one picture. shown is the input as it may be looked at.
func (t *translator) file(s source) (shown, made *vision.Image, err error) {
	in := train.Input{Name: s.path, Back: t.back}
	if s.path == "-" {
		in.Name = "the standard input"
		in.Picture, err = io.ReadAll(t.c.App.Reader)
	} else {
		in.Picture, err = vision.Read(s.path)
	}
	if err != nil {
		return nil, nil, err
	}
	if in.Instance, err = t.instance(in.Name, s.name); err != nil {
		return nil, nil, err
	}
	if path := t.c.String("style"); path != "" {
		if in.Style, err = vision.Read(path); err != nil {
			return nil, nil, err
		}
	}
	fields, err := t.system.Input(t.settings, in)
	if err != nil {
		return nil, nil, err
	}
	return t.item(fields)
}

// item translates the fields of one item, each (1, …).
func (t *translator) item(fields []data.Array) (shown, made *vision.Image, err error) {
	from := t.does.Inputs[0]
	if t.back {
		from = t.does.Target
	}
	shown = show(fields, from)
	err = torchTry(func() (err error) {
		torch.Scope(func() {
			made, err = picture(t.translate(fields))
		})
		return err
	})
	return shown, made, err
}

// picture is the first picture of x (N, C, H, W) in [−1, 1].
func picture(x *torch.Tensor) (*vision.Image, error) {
	if x.IsFinite().All().Int() == 0 {
		return nil, fmt.Errorf("the picture that was made holds numbers that are not finite: the run has diverged")
	}
	s := x.Shape()
	return vision.FromFloats(torch.Values[float32](x.Detach().ToDType(torch.Float32).Select(0, 0).Contiguous()), s[1], s[2], s[3], -1, 1, vision.HalfUp), nil
}

// instance reads the instance map of a picture, from the folder that --instances names; nil where it names none.
func (t *translator) instance(picture, name string) ([]byte, error) {
	path, err := t.named("instances", name)
	switch {
	case err != nil || !t.c.IsSet("instances"):
		return nil, err
	case path == "":
		return nil, fmt.Errorf("%s: there is no instance map %s in %s", picture, name, t.c.String("instances"))
	}
	return vision.Read(path)
}

// target is the picture of that name in the folder that --targets names, nil where there is none.
func (t *translator) target(name string) (*vision.Image, error) {
	path, err := t.named("targets", name)
	if err != nil || path == "" {
		return nil, err
	}
	return vision.Decode(path, vision.RGB)
}

// named is the picture of that name, with any ending, in the folder that a flag names; "" where there is none.
func (t *translator) named(flag, name string) (string, error) {
	dir := t.c.String(flag)
	if dir == "" {
		return "", nil
	}
	if t.paths[flag] == nil {
		paths, err := data.Pictures(dir)
		if err != nil {
			return "", fmt.Errorf("--%s: %w", flag, err)
		}
		t.paths[flag] = map[string]string{}
		for _, p := range slices.Backward(paths) { // of two endings the first
			t.paths[flag][strings.TrimSuffix(filepath.Base(p), filepath.Ext(p))] = p
		}
	}
	return t.paths[flag][name], nil
}

// test translates test pictures of the run's data.
func (t *translator) test() error {
	n := t.c.Int("n")
	if n < 1 {
		return usage("--n must be at least 1, not %d", n)
	}
	set, err := openData(t.c, t.system, t.settings, train.DataRequest{Name: t.saved.Data, Split: data.Test, Plain: true}, "")
	if err != nil {
		return err
	}
	page, err := t.newPage()
	if err != nil {
		return err
	}
	for i := range min(n, set.Len()) {
		if err := t.testItem(page, set, i); err != nil {
			return err
		}
		if err := t.c.Context.Err(); err != nil {
			return err
		}
	}
	return page.finish(t.c)
}

func (t *translator) testItem(page *resultPage, set data.Dataset, i int) error {
	b, err := data.ReadItems(set, i, 1)
	if err != nil {
		return err
	}
	fields := b.Arrays
	shown, made, err := t.item(fields)
	if err != nil {
		return err
	}
	var target *vision.Image
	if t.does.Paired {
		other := t.does.Target
		if t.back {
			other = t.does.Inputs[0]
		}
		target = show(fields, other)
	}
	return page.add(fmt.Sprintf("%06d", i), shown, made, target)
}

// newPage begins the result page of this model.
func (t *translator) newPage() (*resultPage, error) {
	return newResultPage(t.c.String("out"), fmt.Sprintf("%s trained on %s", t.saved.System, t.saved.Data))
}
