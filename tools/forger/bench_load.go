package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/zoo"
)

func benchLoadCommand() *cli.Command {
	return &cli.Command{
		Name:      "load",
		Usage:     "time a new process from its start to the first sampled picture",
		ArgsUsage: "SYSTEM",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "runs", Usage: "processes, after one to warm the file cache; the median counts", Value: 10},
			&cli.StringFlag{Name: "preset", Usage: "settings of the system"},
			threadsFlag, jsonFlag,
		},
		Action: benchLoad,
	}
}

type loadReport struct {
	Bench           string      `json:"bench"`
	Runs            int         `json:"runs"`
	CheckpointBytes int64       `json:"checkpoint_bytes"`
	MsMin           float64     `json:"ms_total_min"`
	Metric          benchMetric `json:"metric"`
}

func benchLoad(c *cli.Context) error {
	name, err := oneArg(c, "system")
	if err != nil {
		return err
	}
	runs := c.Int("runs")
	if runs < 1 {
		return usage("--runs must be at least 1")
	}
	dir, err := os.MkdirTemp("", "forger-load-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	run := filepath.Join(dir, "run")
	if err := trainOneStep(c.Context, name, c.String("preset"), run); err != nil {
		return err
	}
	path, err := train.FindCheckpoint(run)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var times []float64
	for i := range 1 + runs {
		p := exec.CommandContext(c.Context, self, "sample", path, "--n", "1", "--out", filepath.Join(dir, "out"), "--threads", strconv.Itoa(c.Int("threads")))
		start := time.Now()
		if text, err := p.CombinedOutput(); err != nil {
			return fmt.Errorf("sampling failed: %w: %s", err, text)
		}
		if i > 0 {
			times = append(times, time.Since(start).Seconds()*1000)
		}
	}
	slices.Sort(times)
	r := loadReport{"load", runs, info.Size(), times[0], benchMetric{"ms_total", times[len(times)/2], "lower"}}
	if c.Bool("json") {
		return json.NewEncoder(c.App.Writer).Encode(r)
	}
	_, err = fmt.Fprintf(c.App.Writer, "%s: %.0f ms from the start of a process to its first picture (median of %d, fastest %.0f), checkpoint of %.1f MB\n",
		name, r.Metric.Value, runs, r.MsMin, float64(r.CheckpointBytes)/1e6)
	return err
}

// trainOneStep makes a run of one step on noise, for its checkpoint.
func trainOneStep(ctx context.Context, name, preset, dir string) error {
	s, err := zoo.Find(name)
	if err != nil {
		return usage("%v", err)
	}
	settings, _, err := s.Settings(preset, "")
	if err != nil {
		return err
	}
	model, err := s.New(settings)
	if err != nil {
		return err
	}
	r, err := train.Open(dir, model, examples(s, settings), train.Options{Steps: 1, Batch: 2, Seed: 1})
	if err != nil {
		return err
	}
	defer r.Close()
	return r.Train(ctx)
}

// example is a set of two random items.
type example struct{ fields []data.Array }

// examples are two random items as the system's data give.
func examples(s train.System, settings any) (e example) {
	torch.Scope(func() {
		for name, x := range s.Examples(settings, 2) {
			a := data.Array{Name: name, Shape: x.Shape()[1:]}
			if x.DType() == torch.Int64 {
				a.Int64 = torch.Values[int64](x)
			} else {
				a.Float32 = torch.Values[float32](x)
			}
			e.fields = append(e.fields, a)
		}
	})
	return e
}

func (example) Name() string { return "examples" }
func (example) Len() int     { return 2 }

func (e example) Fields() (fields []data.Field) {
	for _, a := range e.fields {
		fields = append(fields, data.Field{Name: a.Name, Shape: a.Shape, Int64: a.Int64 != nil})
	}
	return fields
}

func (e example) Read(i int, _ *rand.Rand, row []data.Array) error {
	for k, a := range e.fields {
		copy(row[k].Float32, a.Float32[i*len(a.Float32)/2:])
		copy(row[k].Int64, a.Int64[i*len(a.Int64)/2:])
	}
	return nil
}
