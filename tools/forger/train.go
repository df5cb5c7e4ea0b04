package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/fetch"
	"github.com/forgergan/forger/torch/data/labels"
	"github.com/forgergan/forger/zoo"
)

var (
	threadsFlag = &cli.IntFlag{Name: "threads", Usage: "threads of one operator on the CPU", DefaultText: "LibTorch's choice"}
	deviceFlag  = &cli.StringFlag{Name: "device", Usage: "auto, cpu, cuda or cuda:N", Value: "auto"}

	channelsLastFlag = &cli.BoolFlag{Name: "channels-last", Usage: "keep convolutions in channels-last layout: often faster, other in the last bits"}
)

// runFlags are the flags of every training, in the order in which a person thinks of them.
func runFlags(s train.System) []cli.Flag {
	settings, _, _ := s.Settings("", s.Data)
	d, steps, epochs := s.RunDefaults(settings), "", ""
	if d.Epochs > 0 {
		epochs = fmt.Sprintf("%d, or as the preset", d.Epochs)
	} else {
		steps = fmt.Sprint(d.Steps)
	}
	return []cli.Flag{
		&cli.StringFlag{Name: "data", Usage: "data set by name (forger data list), folder of pictures or shard (forger data pack)", Value: s.Data},
		labelsFlag,
		&cli.StringFlag{Name: "out", Usage: "run folder", DefaultText: "runs/" + s.Name + "-DATA"},
		&cli.StringFlag{Name: "preset", Usage: "one of the presets above", DefaultText: "by the data"},
		&cli.IntFlag{Name: "steps", Usage: "training steps in all", DefaultText: steps},
		&cli.IntFlag{Name: "epochs", Usage: "instead: passes over the data in all", DefaultText: epochs},
		&cli.IntFlag{Name: "batch", Usage: "items a step", DefaultText: fmt.Sprint(d.Batch)},
		&cli.Int64Flag{Name: "seed", Usage: "of weights, data order and latents", Value: 1},
		&cli.StringFlag{Name: "init", Usage: "file to begin from: a checkpoint, or networks and optimisers that Python saved (forger convert)"},
		&cli.BoolFlag{Name: "new", Usage: "start afresh; an old run in the folder is moved aside, to a name with .1, .2 …", DisableDefaultText: true},
		deviceFlag, threadsFlag, channelsLastFlag,
		&cli.StringFlag{Name: "amp", Usage: "mixed precision, for GPUs: bf16, or fp16 with scaled losses", DefaultText: "float32"},
		&cli.StringFlag{Name: "ema", Usage: "moving average of the generator's weights, which pictures and scores are then made with: a decay (0.999, less at first), 0.999:constant, a half-life in pictures (10000img) or off", DefaultText: "as the system"},
		&cli.IntFlag{Name: "accumulate", Usage: "parts in which a batch passes the networks: less memory, the same update but for batch norm", Value: 1},
		&cli.Float64Flag{Name: "clip", Usage: "the most that the norm of an optimiser's gradients may be", DefaultText: "no limit"},
		&cli.BoolFlag{Name: "deterministic", Usage: "on a GPU only operators that give the same bits each time: slower, and some are refused. The CPU always does", DisableDefaultText: true},
		&cli.IntFlag{Name: "eval-every", Usage: "steps between scores, the Fréchet distance that forger eval measures; best.safetensors is the best", DefaultText: "none"},
		&cli.IntFlag{Name: "eval-n", Usage: "pictures of such a score", Value: 2000},
		&cli.StringFlag{Name: "eval-network", Usage: "feature network of such a score: digits, effnet-lite0 or inception", DefaultText: networkText},
		standingFlag,
		&cli.IntFlag{Name: "every", Usage: "steps between checkpoints", Value: 500},
		&cli.IntFlag{Name: "keep", Usage: "numbered checkpoints to keep", Value: 3},
		&cli.IntFlag{Name: "sample-every", Usage: "steps between sample grids", DefaultText: "a tenth of the steps"},
		&cli.IntFlag{Name: "log-every", Usage: "steps between log records", Value: 10},
		&cli.BoolFlag{Name: "dry-run", Usage: "only show settings, networks and what memory a step takes", DisableDefaultText: true},
		&cli.BoolFlag{Name: "fast", Usage: "only try everything: train, save, resume, sample and score two batches in a temporary folder", DisableDefaultText: true},
		jsonFlag,
	}
}

func trainCommand() *cli.Command {
	c := &cli.Command{
		Name:      "train",
		Usage:     "train a system, or go on where its run stopped",
		ArgsUsage: "SYSTEM",
		Action: func(c *cli.Context) error {
			if !c.Args().Present() {
				return usage("train takes a system: %s", strings.Join(systemNames(), ", "))
			}
			return usage("there is no system %q, only %s", c.Args().First(), strings.Join(systemNames(), ", "))
		},
	}
	for _, s := range zoo.Systems {
		c.Subcommands = append(c.Subcommands, trainSystem(s))
	}
	return c
}

func systemNames() []string {
	var names []string
	for _, s := range zoo.Systems {
		names = append(names, s.Name)
	}
	return names
}

func trainSystem(s train.System) *cli.Command {
	flags := runFlags(s)
	help := trainHelp(s, len(flags))
	for _, f := range config.Fields(s.NewConfig()) {
		flags = append(flags, settingFlag(f))
	}
	return &cli.Command{
		Name: s.Name, Usage: s.Title, Description: s.Paper, Flags: flags, CustomHelpTemplate: help,
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usage("train %s takes flags only, not %q", s.Name, c.Args().First())
			}
			settings, preset, err := readSettings(c, s)
			if err != nil {
				return err
			}
			o, err := runOptions(c)
			if err != nil {
				return err
			}
			d := s.RunDefaults(settings)
			epochs, err := runLength(c, &o, d)
			if err != nil {
				return err
			}
			if !c.IsSet("labels") {
				o.Labels = d.Labels
			}
			out := c.String("out")
			if out == "" {
				out = filepath.Join("runs", s.Name+"-"+filepath.Base(o.Data))
			}
			title := fmt.Sprintf("%s on %s", s.Name, o.Data)
			if preset != "" {
				title += " with preset " + preset
			}
			t := training{c, s, title, settings, out, o, epochs}
			switch {
			case c.Bool("dry-run"):
				return t.dryRun()
			case c.Bool("fast"):
				return t.fast()
			}
			t.o.New = c.Bool("new")
			return t.run()
		},
	}
}

// settingFlag makes a flag of a setting. Its value is parsed by the setting itself, so that both ways
// give the same messages.
func settingFlag(f config.Field) cli.Flag {
	help := f.Help
	if f.Choices != nil {
		help += ": " + strings.Join(f.Choices, ", ")
	}
	if f.Bool {
		return &cli.BoolFlag{Name: f.Name, Usage: help, DisableDefaultText: true}
	}
	return &cli.StringFlag{Name: f.Name, Usage: help, DefaultText: f.Default}
}

// readSettings are the system's settings: defaults, the preset, flags, the later before the earlier.
func readSettings(c *cli.Context, s train.System) (settings any, preset string, err error) {
	settings, preset, err = s.Settings(c.String("preset"), c.String("data"))
	if err != nil {
		return nil, "", usage("%v", err)
	}
	for _, f := range config.Fields(settings) {
		if c.IsSet(f.Name) {
			if err := f.Set(fmt.Sprint(c.Value(f.Name))); err != nil {
				return nil, "", usage("%v", err)
			}
		}
	}
	return settings, preset, nil
}

// runOptions reads the flags of runFlags.
func runOptions(c *cli.Context) (o train.Options, err error) {
	for name, least := range map[string]int{"every": 1, "keep": 1, "log-every": 1, "sample-every": 0, "threads": 0,
		"accumulate": 1, "eval-every": 0, "eval-n": 2, "standing": 0} {
		if c.Int(name) < least {
			return o, usage("--%s must be at least %d, not %d", name, least, c.Int(name))
		}
	}
	if o.Device, err = torch.ParseDevice(c.String("device")); err != nil {
		return o, err
	}
	o.Seed, o.Threads = c.Int64("seed"), c.Int("threads")
	o.ChannelsLast, o.AMP, o.EMA, o.Deterministic = c.Bool("channels-last"), c.String("amp"), c.String("ema"), c.Bool("deterministic")
	o.Clip, o.EvalEvery, o.Standing = c.Float64("clip"), c.Int("eval-every"), c.Int("standing")
	if c.Int("accumulate") > 1 {
		o.Accumulate = c.Int("accumulate")
	}
	if o.EvalEvery > 0 {
		o.EvalN, o.EvalNetwork = c.Int("eval-n"), c.String("eval-network")
	}
	o.Every, o.Sample, o.Log, o.Keep = c.Int("every"), c.Int("sample-every"), c.Int("log-every"), c.Int("keep")
	if o.Init = c.String("init"); o.Init != "" {
		if o.Init, err = filepath.Abs(o.Init); err != nil {
			return o, err
		}
	}
	o.Data, o.Labels = c.String("data"), c.String("labels")
	if _, err := labels.Parse(o.Labels); err != nil {
		return o, usage("--%v", err)
	}
	// A folder or shard by its whole path, so that the run can be resumed from anywhere.
	_, known := fetch.Find(o.Data)
	if _, statErr := os.Stat(o.Data); !known && statErr == nil {
		o.Data, err = filepath.Abs(o.Data)
	}
	return o, err
}

// training is what a command line asks for.
type training struct {
	c        *cli.Context
	system   train.System
	title    string
	settings any
	out      string // run folder
	o        train.Options
	epochs   int // passes over the data in all; 0 for o.Steps
}

// runLength reads --steps, --epochs and --batch.
func runLength(c *cli.Context, o *train.Options, d train.Defaults) (epochs int, err error) {
	if c.IsSet("steps") && c.IsSet("epochs") {
		return 0, usage("--steps and --epochs say the same: give one of them")
	}
	o.Batch, o.Steps, epochs = d.Batch, d.Steps, d.Epochs
	for name, field := range map[string]*int{"steps": &o.Steps, "epochs": &epochs, "batch": &o.Batch} {
		if c.IsSet(name) {
			if *field = c.Int(name); *field < 1 {
				return 0, usage("--%s must be at least 1, not %d", name, *field)
			}
		}
	}
	if c.IsSet("steps") {
		epochs = 0
	}
	return epochs, nil
}

// log shows a line beside the progress.
func (t training) log(line string) { fmt.Fprintln(t.c.App.ErrWriter, line) }

// open builds the model, opens the data and the run.
func (t training) open() (*train.Run, train.Model, error) {
	c, o := t.c, t.o
	torch.ManualSeed(o.Seed)
	model, err := t.system.New(t.settings) // before the data, which take longer: it refuses settings that cannot be
	if err != nil {
		return nil, nil, err
	}
	set, err := openData(c, t.system, t.settings, train.DataRequest{Name: o.Data}, o.Labels)
	if err != nil {
		return nil, nil, err
	}
	if _, ok := model.(train.Exhibitor); ok {
		// Without a test split the grid shows training items.
		o.Exhibits, _ = openData(c, t.system, t.settings, train.DataRequest{Name: o.Data, Split: data.Test, Plain: true}, "")
	}
	if t.epochs > 0 {
		o.Steps = t.epochs * (set.Len() / o.Batch)
	}
	o.Progress = c.App.ErrWriter
	if o.Evaluators, err = evaluators(c, t.system, model, t.settings, o); err != nil {
		return nil, nil, err
	}
	run, err := train.Open(t.out, model, set, o)
	return run, model, err
}

// run trains until the last step or Ctrl-C.
func (t training) run() error {
	c := t.c
	run, _, err := t.open()
	if err != nil {
		return err
	}
	defer run.Close()
	t.log(t.title)
	if differ := differences(t.system, t.settings); differ != "" {
		t.log("differs from default: " + differ)
	}
	from := run.Step()
	if from > 0 {
		t.log(fmt.Sprintf("going on after step %d", from))
	}
	err = run.Train(c.Context)
	run.Close()
	var interrupted *train.Interrupted
	if errors.As(err, &interrupted) {
		return cli.Exit(err.Error(), 130)
	}
	if err != nil {
		return cli.Exit(err.Error(), 1) // also after Ctrl-C: what was to be saved is not
	}
	return trained(c, run, from)
}

// trained tells where the results of a run are.
func trained(c *cli.Context, run *train.Run, from int) error {
	r := map[string]any{
		"run": run.Dir(), "from": from, "step": run.Step(),
		"checkpoint": filepath.Join(run.Dir(), "checkpoints", "latest.safetensors"),
		"samples":    filepath.Join(run.Dir(), "samples", fmt.Sprintf("%06d.png", run.Step())),
		"report":     filepath.Join(run.Dir(), "report.html"),
	}
	if c.Bool("json") {
		return printJSON(c, r)
	}
	fmt.Fprintf(c.App.Writer, "step %d\npictures    %s\nreport      %s\ncheckpoint  %s\n", run.Step(), r["samples"], r["report"], r["checkpoint"])
	return nil
}
