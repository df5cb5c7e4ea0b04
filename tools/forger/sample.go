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
	path, device, err := trainedModel(c)
	if err != nil {
		return err
	}
	model, err := loadModel(path, device, c.Bool("raw"))
	if err != nil {
		return err
	}
	out := c.String("out")
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	torch.ManualSeed(c.Int64("seed"))
	leave, err := standing(c, model, batch)
	if err != nil {
		return err
	}
	defer leave()
	var pictures []float32
	var shape []int
	for made := 0; made < n; made += batch {
		torch.Scope(func() {
			x := model.Sample(min(batch, n-made)).ToDType(torch.Float32)
			pictures, shape = append(pictures, torch.Values[float32](x)...), x.Shape()
		})
		if err := c.Context.Err(); err != nil {
			return err
		}
	}
	shape[0] = n
	return saveSamples(c, out, pictures, shape)
}

// trainedModel reads what commands on a trained model take: its checkpoint, a device and a number of threads, which it
// sets.
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
	if c.Int("threads") > 0 {
		torch.SetThreads(c.Int("threads"))
	}
	return path, device, nil
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
	saved, s, err := systemOf(path)
	if err != nil {
		return nil, err
	}
	model, _, err := s.Build(saved.Config)
	if err != nil {
		return nil, err
	}
	if err := train.LoadCheckpoint(path, model, train.LoadOptions{Raw: raw}); err != nil {
		return nil, err
	}
	train.Move(model, device, torch.DefaultFormat)
	return model, nil
}

// saveSamples writes one PNG a picture and one grid of all.
func saveSamples(c *cli.Context, out string, pictures []float32, shape []int) error {
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
