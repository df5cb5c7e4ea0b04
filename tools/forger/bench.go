package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/train/progress"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/zoo"
)

func benchCommand() *cli.Command {
	return &cli.Command{
		Name:        "bench",
		Usage:       "time the training steps of a system on random pictures",
		ArgsUsage:   "SYSTEM",
		Subcommands: []*cli.Command{benchMicroCommand(), benchLoadCommand(), benchDataCommand()},
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "batch", Usage: "pictures a step", DefaultText: "as train takes for the preset"},
			&cli.IntFlag{Name: "steps", Usage: "timed steps", Value: 10},
			&cli.IntFlag{Name: "warmup", Usage: "steps before", Value: 3},
			threadsFlag,
			deviceFlag, channelsLastFlag,
			&cli.StringFlag{Name: "preset", Usage: "settings of the system"},
			&cli.StringSliceFlag{Name: "set", Usage: "a setting besides, as in --set size=128; may be given again"},
			jsonFlag,
		},
		Action: bench,
	}
}

// setAll changes settings by "name=value".
func setAll(settings any, changes []string) error {
	for _, change := range changes {
		name, value, _ := strings.Cut(change, "=")
		fields := config.Fields(settings)
		i := slices.IndexFunc(fields, func(f config.Field) bool { return f.Name == name })
		if i < 0 {
			return fmt.Errorf("there is no setting %q", name)
		}
		if err := fields[i].Set(value); err != nil {
			return err
		}
	}
	return nil
}

// benchReport has the field names of the usual PyTorch benchmark line.
type benchReport struct {
	Bench        string             `json:"bench"`
	Config       json.RawMessage    `json:"config"`
	Batch        int                `json:"batch"`
	Device       string             `json:"device"`
	Threads      int                `json:"threads"`
	ChannelsLast bool               `json:"channels_last"`
	Params       map[string]int     `json:"params"`
	MsMedian     float64            `json:"ms_median"`
	MsMin        float64            `json:"ms_min"`
	ImagesPerS   float64            `json:"images_per_s"`
	PeakRSSMB    float64            `json:"peak_rss_mb"`
	PeakCUDAMB   float64            `json:"peak_cuda_mb,omitempty"`
	Losses       map[string]float64 `json:"losses"` // of the first step
	LiveTensors  int                `json:"live_tensors"`
	LibTorch     string             `json:"libtorch"`
	Metric       benchMetric        `json:"metric"`
}

type benchMetric struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Better string  `json:"better"`
}

func bench(c *cli.Context) error {
	name, err := oneArg(c, "system")
	if err != nil {
		return err
	}
	s, err := zoo.Find(name)
	if err != nil {
		return usage("%v", err)
	}
	if c.Int("steps") < 1 || c.IsSet("batch") && c.Int("batch") < 1 || c.Int("warmup") < 0 {
		return usage("--steps and --batch must be at least 1, --warmup at least 0")
	}
	device, err := torch.ParseDevice(c.String("device"))
	if err != nil {
		return err
	}
	info, err := torch.System()
	if err != nil {
		return err
	}
	if c.Int("threads") > 0 {
		torch.SetThreads(c.Int("threads"))
	}
	settings, _, err := s.Settings(c.String("preset"), "")
	if err != nil {
		return err
	}
	if err := setAll(settings, c.StringSlice("set")); err != nil {
		return usage("--set: %v", err)
	}
	batch := c.Int("batch")
	if !c.IsSet("batch") {
		batch = s.RunDefaults(settings).Batch
	}
	torch.ManualSeed(0)
	model, err := s.New(settings)
	if err != nil {
		return err
	}
	format := torch.DefaultFormat
	if c.Bool("channels-last") {
		format = torch.ChannelsLast
	}
	train.Move(model, device, format)
	r := benchReport{
		Bench: s.Name, Config: config.Marshal(model.Config()), Batch: batch, Device: device.String(),
		Threads: torch.Threads(), ChannelsLast: c.Bool("channels-last"), Params: map[string]int{}, LibTorch: info.LibTorch,
	}
	for _, n := range model.Parts().Networks {
		r.Params[n.Name] = nn.NumParameters(n.Module)
	}
	torch.Scope(func() {
		fields := s.Examples(settings, r.Batch)
		for name, x := range fields {
			fields[name] = x.ToDevice(device)
		}
		r.measure(model, train.NewBatch(fields), device, c.Int("warmup"), c.Int("steps"))
	})
	if c.Bool("json") {
		return json.NewEncoder(c.App.Writer).Encode(r)
	}
	fmt.Fprintf(c.App.Writer, "%s batch %d on %s, %d threads: %.1f ms a step (median of %d, fastest %.1f), %.1f img/s, peak RSS %.0f MB, peak GPU %.0f MB\n",
		r.Bench, r.Batch, r.Device, r.Threads, r.MsMedian, c.Int("steps"), r.MsMin, r.ImagesPerS, r.PeakRSSMB, r.PeakCUDAMB)
	return nil
}

// measure times steps on the same batch again and again; the device has finished before each clock is read.
func (r *benchReport) measure(model train.Model, batch *train.Batch, device torch.Device, warmup, steps int) {
	if f := model.Parts().Batches; f != nil {
		for range f(warmup+steps) - 1 {
			batch.More = append(batch.More, batch)
		}
	}
	var times []float64
	for i := range warmup + steps {
		torch.Synchronize(device)
		start := time.Now()
		torch.Scope(func() {
			m := model.Step(batch)
			if i == 0 {
				r.Losses = map[string]float64{}
				for _, l := range m.Losses {
					r.Losses[l.Name] = l.Value.Item()
				}
			}
		})
		torch.Synchronize(device)
		if i >= warmup {
			times = append(times, time.Since(start).Seconds()*1000)
		}
	}
	slices.Sort(times)
	r.MsMin, r.MsMedian = times[0], (times[(len(times)-1)/2]+times[len(times)/2])/2
	r.ImagesPerS = float64(r.Batch*len(batch.All())) / r.MsMedian * 1000
	r.PeakRSSMB = float64(progress.PeakRSS()) / (1 << 20)
	r.PeakCUDAMB = float64(torch.DeviceMemory(device).PeakAllocated) / (1 << 20)
	r.LiveTensors = torch.Live()
	r.Metric = benchMetric{"ms_median", r.MsMedian, "lower"}
}
