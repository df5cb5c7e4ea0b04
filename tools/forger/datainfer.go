package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/labels"
	"github.com/forgergan/forger/zoo/s3gan"
)

func inferCommand() *cli.Command {
	return &cli.Command{
		Name: "infer", Usage: "label a set of which only some items have a label, by a classifier that learns from them and from turned pictures of all",
		ArgsUsage: "DIR|NAME FILE",
		Flags: []cli.Flag{
			labelsFlag,
			&cli.IntFlag{Name: "size", Usage: "side of the pictures", Value: 32},
			&cli.IntFlag{Name: "channels", Usage: "1 grey, 3 colour", Value: 3},
			&cli.IntFlag{Name: "steps", Usage: "steps of the classifier", Value: 3000},
			&cli.IntFlag{Name: "batch", Usage: "labelled pictures of a step, and as many turned ones", Value: 64},
			&cli.Int64Flag{Name: "seed", Usage: "of its weights and of the order of the data"},
			&cli.BoolFlag{Name: "probabilities", Usage: "also write what it thinks of each class, for s3gan's --soft-labels", DisableDefaultText: true},
			threadsFlag, deviceFlag, jsonFlag,
		},
		Action: inferLabels,
	}
}

func inferLabels(c *cli.Context) error {
	if c.NArg() != 2 {
		return usage("infer takes a set and the file to write")
	}
	name, out := c.Args().Get(0), c.Args().Get(1)
	for _, flag := range []string{"size", "channels", "steps", "batch"} {
		if c.Int(flag) < 1 {
			return usage("--%s must be at least 1, not %d", flag, c.Int(flag))
		}
	}
	change, err := labels.Parse(c.String("labels"))
	if err != nil {
		return usage("--%v", err)
	}
	device, err := torch.ParseDevice(c.String("device"))
	if err != nil {
		return err
	}
	setThreads(c)
	log := func(line string) { fmt.Fprintln(c.App.ErrWriter, line) }
	pictures, err := data.Open(c.Context, name, data.Options{Size: c.Int("size"), Channels: c.Int("channels"), Middle: true, Log: log})
	if err != nil {
		return err
	}
	set, err := labels.Apply(pictures, change)
	if err != nil {
		return err
	}
	file, right, err := s3gan.InferLabels(c.Context, set, s3gan.InferOptions{
		Steps: c.Int("steps"), Batch: c.Int("batch"), Seed: c.Int64("seed"), Probabilities: c.Bool("probabilities"), Device: device, Log: log,
	})
	if err != nil {
		return err
	}
	if err := labels.Write(out, file); err != nil {
		return err
	}
	inferred := set.Report().Unlabelled
	if c.Bool("json") {
		return printJSON(c, map[string]any{"file": out, "items": set.Len(), "inferred": inferred, "right": right})
	}
	fmt.Fprintf(c.App.Writer, "%d labels in %s, %d of them inferred, %.1f %% of these right: train with --labels file:%s\n",
		set.Len(), out, inferred, 100*right, out)
	return nil
}
