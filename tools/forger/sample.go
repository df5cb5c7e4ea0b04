package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/vision"
	"github.com/forgergan/forger/zoo"
)

func sampleCommand() *cli.Command {
	return &cli.Command{
		Name:      "sample",
		Usage:     "make pictures with a trained system",
		ArgsUsage: "RUN-DIR|CHECKPOINT",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "n", Usage: "number of pictures", Value: 64},
			&cli.StringFlag{Name: "out", Usage: "folder for the pictures and grid.png", Value: "samples"},
			&cli.Int64Flag{Name: "seed", Usage: "of the latents", Value: 1},
			&cli.IntFlag{Name: "batch", Usage: "pictures made at once; batch norm joins them unless the system samples with running statistics", Value: 64},
			&cli.IntFlag{Name: "interpolate", Usage: "instead: walks of so many pictures between two latents, a row each, in interpolation.png"},
			&cli.BoolFlag{Name: "straight", Usage: "with --interpolate: walk straight, not on the arc between the latents", DisableDefaultText: true},
			&cli.StringFlag{Name: "truncate", Usage: "instead: a row for each threshold, as in 2,1,0.5, above which latents are drawn anew, in truncation.png"},
			&cli.BoolFlag{Name: "classes", Usage: "instead: a row for each class, in classes.png", DisableDefaultText: true},
			&cli.StringFlag{Name: "mix", Usage: "instead: a row for each mixture of classes, as in 0,0+1,1 for class 0, what it has in common with 1, and 1, in mixtures.png"},
			&cli.StringSliceFlag{Name: "text", Usage: "instead: a row of pictures of this sentence, in text.png; once for each row"},
			&cli.StringFlag{Name: "sentences", Usage: "as --text, with the sentences of a file, one a line"},
			&cli.IntFlag{Name: "between", Usage: "with two sentences or more: so many pictures from each to the next, both included, a row each"},
			&cli.IntFlag{Name: "neighbours", Usage: "instead: each picture with so many nearest training pictures, in neighbours.png"},
			rawFlag, standingFlag, threadsFlag, deviceFlag,
			jsonFlag,
		},
		Action: sample,
	}
}

var (
	rawFlag      = &cli.BoolFlag{Name: "raw", Usage: "the last weights, not their moving average, where the run has one", DisableDefaultText: true}
	standingFlag = &cli.IntFlag{Name: "standing", Usage: "batches from which batch norm's statistics are made anew first; pictures then do not depend on their batch", DefaultText: "as the system samples"}
)

// standing makes standing statistics if --standing asks for them.
func standing(c *cli.Context, model train.Model, batch int) (leave func(), err error) {
	switch n := c.Int("standing"); {
	case n < 0:
		return nil, usage("--standing must not be negative")
	case n == 0:
		return func() {}, nil
	default:
		return train.Standing(model, n, batch)
	}
}

func sample(c *cli.Context) error {
	n, batch := c.Int("n"), c.Int("batch")
	if n < 1 || batch < 1 {
		return usage("--n and --batch must be at least 1, not %d and %d", n, batch)
	}
	look, err := readLook(c)
	if err != nil {
		return err
	}
	path, device, err := trainedModel(c)
	if err != nil {
		return err
	}
	model, err := loadModel(path, device, c.Bool("raw"))
	if err != nil {
		return err
	}
	sampler, err := train.SamplerOf(model)
	if err != nil {
		return err
	}
	setThreads(c)
	torch.ManualSeed(c.Int64("seed"))
	leave, err := standing(c, model, batch)
	if err != nil {
		return err
	}
	defer leave()
	if look != nil {
		return look(path, sampler)
	}
	if err := os.MkdirAll(c.String("out"), 0o777); err != nil { // before the work
		return err
	}
	made, err := collect(c, n, func(_, k int) *torch.Tensor { return sampler.Sample(k) })
	if err != nil {
		return err
	}
	return saveSamples(c, made)
}

// collect makes n pictures, --batch of them at once with f, which is told how many there are already, on the CPU.
func collect(c *cli.Context, n int, f func(from, k int) *torch.Tensor) (made *torch.Tensor, err error) {
	var parts []*torch.Tensor
	for from := 0; from < n; from += c.Int("batch") {
		parts = append(parts, torch.Tidy(func() *torch.Tensor {
			return f(from, min(c.Int("batch"), n-from)).To(torch.ToOptions{Device: new(torch.Device), DType: torch.Float32})
		}))
		if err := c.Context.Err(); err != nil {
			return nil, err
		}
	}
	return torch.Cat(parts), nil
}

// trainedModel reads what commands on a trained model take: its checkpoint and a device.
func trainedModel(c *cli.Context) (path string, device torch.Device, err error) {
	from, err := oneArg(c, "run folder or checkpoint")
	if err != nil {
		return "", device, err
	}
	if path, err = train.FindCheckpoint(from); err != nil {
		return "", device, err
	}
	if device, err = torch.ParseDevice(c.String("device")); err != nil {
		return "", device, err
	}
	return path, device, nil
}

// setThreads follows --threads. It opens LibTorch, during which Load could already read.
func setThreads(c *cli.Context) {
	if c.Int("threads") > 0 {
		torch.SetThreads(c.Int("threads"))
	}
}

// systemOf reads how the run of a checkpoint was set up, and finds its system.
func systemOf(path string) (saved train.Settings, s train.System, err error) {
	if saved, err = train.ReadCheckpointSettings(path); err == nil {
		s, err = zoo.Find(saved.System)
	}
	return saved, s, err
}

// loadModel builds the system of a checkpoint and loads its networks, for the generators the averages unless raw.
func loadModel(path string, device torch.Device, raw bool) (train.Model, error) {
	model, err := train.Load(path, zoo.Find, train.LoadOptions{Raw: raw})
	if err != nil {
		return nil, err
	}
	train.Move(model, device, torch.DefaultFormat)
	return model, nil
}

// saveSamples writes one PNG a picture and one grid of all.
func saveSamples(c *cli.Context, made *torch.Tensor) error {
	out, pictures, shape := c.String("out"), torch.Values[float32](made), made.Shape()
	each := shape[1] * shape[2] * shape[3]
	for i := range shape[0] {
		im := vision.FromFloats(pictures[i*each:(i+1)*each], shape[1], shape[2], shape[3], -1, 1, vision.HalfUp)
		if err := vision.SavePNG(filepath.Join(out, fmt.Sprintf("%06d.png", i)), im); err != nil {
			return err
		}
	}
	grid := filepath.Join(out, "grid.png")
	if err := vision.SaveGrid(grid, pictures, shape, vision.Grid{}); err != nil {
		return err
	}
	if c.Bool("json") {
		return printJSON(c, map[string]any{"pictures": shape[0], "folder": out, "grid": grid})
	}
	fmt.Fprintf(c.App.Writer, "%d pictures in %s, all of them in %s\n", shape[0], out, grid)
	return nil
}
