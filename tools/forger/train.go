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
	return []cli.Flag{
		&cli.StringFlag{Name: "data", Usage: "data set by name (forger data list), folder of pictures or shard (forger data pack)", Value: s.Data},
		labelsFlag,
		&cli.StringFlag{Name: "out", Usage: "run folder", DefaultText: "runs/" + s.Name + "-DATA"},
		&cli.StringFlag{Name: "preset", Usage: "one of the presets above", DefaultText: "by the data"},
		&cli.IntFlag{Name: "steps", Usage: "training steps in all", Value: 3000},
		&cli.IntFlag{Name: "batch", Usage: "pictures a step", Value: 64},
		&cli.Int64Flag{Name: "seed", Usage: "of weights, data order and latents", Value: 1},
		&cli.StringFlag{Name: "init", Usage: "file to begin from: a checkpoint, or networks and optimisers that Python saved (forger convert)"},
		deviceFlag, threadsFlag, channelsLastFlag,
		&cli.IntFlag{Name: "every", Usage: "steps between checkpoints", Value: 500},
		&cli.IntFlag{Name: "keep", Usage: "numbered checkpoints to keep", Value: 3},
		&cli.IntFlag{Name: "sample-every", Usage: "steps between sample grids", DefaultText: "a tenth of the steps"},
		&cli.IntFlag{Name: "log-every", Usage: "steps between log records", Value: 10},
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
			out := c.String("out")
			if out == "" {
				out = filepath.Join("runs", s.Name+"-"+filepath.Base(o.Data))
			}
			title := fmt.Sprintf("%s on %s", s.Name, o.Data)
			if preset != "" {
				title += " with preset " + preset
			}
			return trainRun(c, s, title, settings, out, o)
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
	for name, least := range map[string]int{"steps": 1, "batch": 1, "every": 1, "keep": 1, "log-every": 1, "sample-every": 0, "threads": 0} {
		if c.Int(name) < least {
			return o, usage("--%s must be at least %d, not %d", name, least, c.Int(name))
		}
	}
	if o.Device, err = torch.ParseDevice(c.String("device")); err != nil {
		return o, err
	}
	o.Steps, o.Batch, o.Seed, o.Threads = c.Int("steps"), c.Int("batch"), c.Int64("seed"), c.Int("threads")
	o.ChannelsLast = c.Bool("channels-last")
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

// trainRun builds the model and trains until the last step or Ctrl-C.
func trainRun(c *cli.Context, s train.System, title string, settings any, out string, o train.Options) error {
	torch.ManualSeed(o.Seed)
	model, err := s.New(settings) // before the data, which take longer: it refuses settings that cannot be
	if err != nil {
		return err
	}
	dataOptions := s.DataOptions(settings)
	dataOptions.Log = func(line string) { fmt.Fprintln(c.App.ErrWriter, line) }
	set, err := openData(c, o.Data, o.Labels, dataOptions)
	if err != nil {
		return err
	}
	o.Progress = c.App.ErrWriter
	run, err := train.Open(out, model, set, o)
	if err != nil {
		return err
	}
	defer run.Close()
	fmt.Fprintln(c.App.ErrWriter, title)
	if differ := differences(s, settings); differ != "" {
		fmt.Fprintln(c.App.ErrWriter, "differs from default:", differ)
	}
	from := run.Step()
	if from > 0 {
		fmt.Fprintf(c.App.ErrWriter, "going on after step %d\n", from)
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
