package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/zoo"
)

// runFlags are the flags of every training.
func runFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "steps", Usage: "training steps in all", Value: 3000},
		&cli.IntFlag{Name: "threads", Usage: "threads of one operator on the CPU (0: LibTorch's choice)"},
		&cli.StringFlag{Name: "device", Usage: "auto, cpu, cuda or cuda:N", Value: "auto"},
		&cli.IntFlag{Name: "every", Usage: "steps between checkpoints", Value: 500},
		&cli.IntFlag{Name: "sample-every", Usage: "steps between sample grids (0: a tenth of the steps)"},
		&cli.IntFlag{Name: "log-every", Usage: "steps between log records", Value: 10},
		&cli.IntFlag{Name: "keep", Usage: "numbered checkpoints to keep", Value: 3},
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
			_, err := zoo.Find(c.Args().First())
			return err
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
	flags := []cli.Flag{
		&cli.StringFlag{Name: "data", Usage: "data set by name (forger data list) or folder of pictures", Value: s.Data},
		&cli.StringFlag{Name: "out", Usage: "run folder (default: runs/" + s.Name + "-DATA)"},
		&cli.StringFlag{Name: "preset", Usage: "published settings: " + strings.Join(s.PresetNames(), ", ")},
		&cli.IntFlag{Name: "batch", Usage: "pictures a step", Value: 64},
		&cli.Int64Flag{Name: "seed", Usage: "of weights, data order and latents", Value: 1},
	}
	flags = append(flags, runFlags()...)
	for _, f := range config.Fields(s.NewConfig()) {
		flags = append(flags, settingFlag(f))
	}
	return &cli.Command{
		Name: s.Name, Usage: s.Title, Description: s.Paper, Flags: flags,
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usage("train %s takes flags only, not %q", s.Name, c.Args().First())
			}
			settings, preset, err := s.Settings(c.String("preset"), c.String("data"))
			if err != nil {
				return err
			}
			for _, f := range config.Fields(settings) {
				if c.IsSet(f.Name) {
					if err := f.Set(fmt.Sprint(c.Value(f.Name))); err != nil {
						return err
					}
				}
			}
			out := c.String("out")
			if out == "" {
				out = filepath.Join("runs", s.Name+"-"+filepath.Base(c.String("data")))
			}
			o, err := runOptions(c)
			if err != nil {
				return err
			}
			o.Batch, o.Seed, o.Data = c.Int("batch"), c.Int64("seed"), c.String("data")
			if preset != "" {
				fmt.Fprintf(c.App.ErrWriter, "%s with preset %s\n", s.Name, preset)
			}
			return trainRun(c, s, settings, out, o)
		},
	}
}

// settingFlag makes a flag of a setting. Its value is parsed by the setting itself, so that both ways
// give the same messages.
func settingFlag(f config.Field) cli.Flag {
	help := f.Help
	if f.Choices != nil {
		help += " (" + strings.Join(f.Choices, ", ") + ")"
	}
	if f.Bool {
		return &cli.BoolFlag{Name: f.Name, Usage: help, Category: "SYSTEM"}
	}
	return &cli.StringFlag{Name: f.Name, Usage: help, DefaultText: f.Default, Category: "SYSTEM"}
}

// runOptions reads the flags of runFlags.
func runOptions(c *cli.Context) (o train.Options, err error) {
	if o.Device, err = torch.ParseDevice(c.String("device")); err != nil {
		return o, err
	}
	for _, name := range []string{"steps", "every", "log-every", "keep"} {
		if c.Int(name) < 1 {
			return o, usage("--%s must be at least 1, not %d", name, c.Int(name))
		}
	}
	o.Steps, o.Threads = c.Int("steps"), c.Int("threads")
	o.Every, o.Sample, o.Log, o.Keep = c.Int("every"), c.Int("sample-every"), c.Int("log-every"), c.Int("keep")
	return o, nil
}

// trainRun builds the model and trains until the last step or Ctrl-C.
func trainRun(c *cli.Context, s train.System, settings any, out string, o train.Options) error {
	dataOptions := s.DataOptions(settings)
	dataOptions.Log = func(line string) { fmt.Fprintln(c.App.ErrWriter, line) }
	if err := torch.Available(); err != nil {
		return err
	}
	set, err := data.Open(c.Context, o.Data, dataOptions)
	if err != nil {
		return err
	}
	torch.ManualSeed(o.Seed)
	model, err := s.New(settings)
	if err != nil {
		return err
	}
	o.Progress = c.App.ErrWriter
	run, err := train.Open(out, model, set, o)
	if err != nil {
		return err
	}
	defer run.Close()
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
		return err
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
