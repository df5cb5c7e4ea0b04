package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/metrics"
	"github.com/forgergan/forger/internal/atomicfile"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/fetch"
	"github.com/forgergan/forger/torch/data/labels"
)

func noiseCommand() *cli.Command {
	return &cli.Command{
		Name:      "noise",
		Usage:     "estimate from noisy labels alone how they were corrupted, as a file for --transition matrix:FILE",
		ArgsUsage: "DIR|NAME OUT.json",
		Description: "A classifier learns the labels. For each class a picture that it is very sure of is taken to belong there, and what the\n" +
			"classifier says of it is the class's row. rGAN's paper takes the surest, --outliers 0, but a classifier may know the\n" +
			"labels of those by heart. Grey pictures of 28×28 in 10 classes take a small network and a few minutes on a CPU, others\n" +
			"a ResNet-32.",
		Flags: []cli.Flag{
			labelsFlag,
			&cli.IntFlag{Name: "size", Usage: "side of the pictures of a folder", Value: 32},
			&cli.IntFlag{Name: "epochs", Usage: "passes of the ResNet-32 over the data; too many learn the noise by heart", Value: 90},
			&cli.Float64Flag{Name: "outliers", Usage: "share of a class that is passed over, the pictures that the classifier is the surest of", Value: 0.3},
			&cli.Int64Flag{Name: "seed", Usage: "of the classifier", Value: 1},
			threadsFlag, deviceFlag,
			jsonFlag,
		},
		Action: estimateNoise,
	}
}

func estimateNoise(c *cli.Context) error {
	if c.NArg() != 2 {
		return usage("noise takes a data set and the file to write")
	}
	name, out := c.Args().Get(0), c.Args().Get(1)
	change, err := labels.Parse(c.String("labels"))
	if err != nil {
		return usage("--%v", err)
	}
	if c.Int("size") < 1 || c.Int("epochs") < 1 || c.Float64("outliers") < 0 || c.Float64("outliers") >= 1 {
		return usage("--size and --epochs must be at least 1, and --outliers in [0, 1)")
	}
	device, err := torch.ParseDevice(c.String("device"))
	if err != nil {
		return err
	}
	log := func(line string) { fmt.Fprintln(c.App.ErrWriter, line) }
	o := data.Options{Size: c.Int("size"), Log: log}
	if _, known := fetch.Find(name); known {
		o.Size = 0 // its own
	}
	set, err := data.Open(c.Context, name, o)
	if err == nil {
		set, err = changeLabels(set, c.String("labels"))
	}
	if err != nil {
		return err
	}
	known, ok := set.(data.Labelled)
	if !ok || len(known.Classes()) == 0 {
		return fmt.Errorf("data %s: the set has no labels", name)
	}
	if change.Keep != 0 {
		return fmt.Errorf("data %s: every picture needs a label, which --labels %s takes away", name, change)
	}
	setThreads(c)
	matrix, err := metrics.EstimateTransition(c.Context, set, len(known.Classes()), metrics.TransitionOptions{
		AccuracyOptions: metrics.AccuracyOptions{Epochs: c.Int("epochs"), Seed: c.Int64("seed"), Device: device, Log: log},
		Outliers:        c.Float64("outliers"),
	})
	if err != nil {
		return err
	}
	if err := atomicfile.Write(out, func(w io.Writer) error { return json.NewEncoder(w).Encode(matrix) }); err != nil {
		return err
	}
	return tellNoise(c, known, matrix, change.Noise, out)
}

// tellNoise prints an estimate, and how far it is from the noise that --labels made.
func tellNoise(c *cli.Context, set data.Labelled, matrix labels.Matrix, made labels.Noise, out string) error {
	actual, err := made.Matrix(set)
	if err != nil {
		return err
	}
	off, n := 0.0, float64(len(matrix))
	for i, row := range matrix {
		for j, p := range row {
			off += math.Abs(p-actual[i][j]) / (n * n)
		}
	}
	if c.Bool("json") {
		return printJSON(c, map[string]any{"file": out, "classes": set.Classes(), "matrix": matrix, "error": off})
	}
	for i, row := range matrix {
		fmt.Fprintf(c.App.Writer, "%-20s", set.Classes()[i])
		for _, p := range row {
			fmt.Fprintf(c.App.Writer, " %5.3f", p)
		}
		fmt.Fprintln(c.App.Writer)
	}
	if c.String("labels") != "" {
		fmt.Fprintf(c.App.Writer, "on average %.4f from what --labels did\n", off)
	}
	fmt.Fprintln(c.App.Writer, "written to", out)
	return nil
}
