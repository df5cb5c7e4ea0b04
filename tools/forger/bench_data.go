package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/train/progress"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

func benchDataCommand() *cli.Command {
	return &cli.Command{
		Name:      "data",
		Usage:     "time the loader on a folder of pictures or a shard: resize (bicubic), random crop, flip, normalise",
		ArgsUsage: "FOLDER",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "batch", Usage: "pictures a batch", Value: 16},
			&cli.IntFlag{Name: "epochs", Usage: "timed passes through the set, after one to warm up; the median counts", Value: 3},
			&cli.IntFlag{Name: "workers", Usage: "goroutines that read", Value: 2},
			&cli.IntFlag{Name: "load", Usage: "side that the shorter side is brought to", Value: 286},
			&cli.IntFlag{Name: "size", Usage: "side of the crop", Value: 256},
			jsonFlag,
		},
		Action: benchData,
	}
}

// dataReport has the field names of the usual PyTorch benchmark line.
type dataReport struct {
	Bench         string      `json:"bench"`
	Images        int         `json:"images"`
	Batch         int         `json:"batch"`
	Workers       int         `json:"workers"`
	Epochs        int         `json:"epochs"`
	ImagesPerS    float64     `json:"images_per_s"`
	ImagesPerSMax float64     `json:"images_per_s_max"`
	PeakRSSMB     float64     `json:"peak_rss_mb"`
	Metric        benchMetric `json:"metric"`
}

func benchData(c *cli.Context) error {
	dir, err := oneArg(c, "folder")
	if err != nil {
		return err
	}
	if c.Int("epochs") < 1 || c.Int("workers") < 1 {
		return usage("--epochs and --workers must be at least 1")
	}
	o := data.Options{Size: c.Int("size"), Load: c.Int("load"), Flip: true}
	if info, err := os.Stat(dir); err == nil && info.IsDir() { // a shard is resized already
		o.Filter = vision.Bicubic
	}
	set, err := data.Open(c.Context, dir, o)
	if err != nil {
		return err
	}
	loader, err := data.NewLoader(set, data.LoaderOptions{Batch: c.Int("batch"), Shuffle: true, DropLast: true, Workers: c.Int("workers")})
	if err != nil {
		return err
	}
	defer loader.Close()
	r := dataReport{Bench: fmt.Sprintf("data/w%d", c.Int("workers")), Images: set.Len(), Batch: c.Int("batch"), Workers: c.Int("workers"), Epochs: c.Int("epochs")}
	var rates []float64
	for epoch := range 1 + r.Epochs {
		start := time.Now()
		for range loader.Len() {
			batch, err := loader.Next(c.Context)
			if err != nil {
				return err
			}
			batch.Release()
		}
		if epoch > 0 {
			rates = append(rates, float64(loader.Len()*r.Batch)/time.Since(start).Seconds())
		}
	}
	slices.Sort(rates)
	r.ImagesPerS, r.ImagesPerSMax = (rates[(len(rates)-1)/2]+rates[len(rates)/2])/2, rates[len(rates)-1]
	r.PeakRSSMB = float64(progress.PeakRSS()) / (1 << 20)
	r.Metric = benchMetric{"images_per_s", r.ImagesPerS, "higher"}
	if c.Bool("json") {
		return json.NewEncoder(c.App.Writer).Encode(r)
	}
	fmt.Fprintf(c.App.Writer, "%s: %d pictures, %d workers: %.0f pictures/s (median of %d passes, fastest %.0f), peak RSS %.0f MB\n",
		r.Bench, r.Images, r.Workers, r.ImagesPerS, r.Epochs, r.ImagesPerSMax, r.PeakRSSMB)
	return nil
}
