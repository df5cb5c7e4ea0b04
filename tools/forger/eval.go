package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/metrics"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
)

func evalCommand() *cli.Command {
	return &cli.Command{
		Name:      "eval",
		Usage:     "measure how far a system's pictures are from the test pictures of its data set",
		ArgsUsage: "RUN-DIR|CHECKPOINT",
		Description: "The Fréchet distance of a classifier's features, which is trained on first use. Beside it stand that of\n" +
			"the untrained system, and that of as many training pictures: no generator is expected to come below.",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "n", Usage: "number of pictures", Value: 10000},
			&cli.Int64Flag{Name: "seed", Usage: "of the latents", Value: 1},
			&cli.IntFlag{Name: "batch", Usage: "pictures made at once; batch norm joins them unless the system samples with running statistics", Value: 64},
			rawFlag, standingFlag, threadsFlag, deviceFlag,
			jsonFlag,
		},
		Action: eval,
	}
}

// evalReport is what eval prints.
type evalReport struct {
	Checkpoint string  `json:"checkpoint"`
	System     string  `json:"system"`
	Data       string  `json:"data"`
	Metric     string  `json:"metric"`
	Protocol   string  `json:"protocol"`
	Value      float64 `json:"value"`
	Before     float64 `json:"before_training"` // of the same system as its run's seed made it
	Ratio      float64 `json:"before_to_after"`
	Floor      float64 `json:"training_pictures"` // of as many pictures of the training split
	Classifier struct {
		Accuracy float64 `json:"test_accuracy"`
		Seconds  float64 `json:"training_seconds"`
		Hash     string  `json:"hash"`
	} `json:"classifier"`
}

// evaluation is one eval under way.
type evaluation struct {
	c        *cli.Context
	net      *metrics.Classifier
	model    train.Model
	n, batch int
	seed     int64
	test     *metrics.Moments
}

func eval(c *cli.Context) error {
	e := &evaluation{c: c, n: c.Int("n"), batch: c.Int("batch"), seed: c.Int64("seed")}
	if e.n < 2 || e.batch < 1 {
		return usage("--n must be at least 2 and --batch at least 1, not %d and %d", e.n, e.batch)
	}
	path, device, err := trainedModel(c)
	if err != nil {
		return err
	}
	saved, s, err := systemOf(path)
	if err != nil {
		return err
	}
	e.net, err = metrics.OpenClassifier(c.Context, saved.Data, metrics.ClassifierOptions{Seed: 1, Device: device, Log: e.log})
	if err != nil {
		return fmt.Errorf("eval: %w", err)
	}
	torch.ManualSeed(saved.Seed) // as train does: these are the weights that the run began with
	model, settings, err := s.Build(saved.Config)
	if err != nil {
		return err
	}
	train.Move(model, device, torch.DefaultFormat)
	e.model = model
	r := evalReport{Checkpoint: path, System: saved.System, Data: saved.Data, Metric: "FD-" + e.net.Name}
	r.Classifier.Accuracy, r.Classifier.Seconds, r.Classifier.Hash = e.net.Accuracy, e.net.Seconds, e.net.Hash
	o := s.DataOptions(settings)
	r.Protocol = e.net.Protocol("FD", metrics.Sampling{
		N: e.n, Reference: saved.Data + "-test", Size: o.Size, BatchNorm: batchNorm(settings, e.batch, c.Int("standing")),
		Averaged: saved.Averaged && !c.Bool("raw"), Seed: e.seed,
	})
	if err := e.measure(&r, path, o); err != nil {
		return err
	}
	if c.Bool("json") {
		return printJSON(c, r)
	}
	r.print(c)
	return nil
}

func (e *evaluation) log(line string) { fmt.Fprintln(e.c.App.ErrWriter, line) }

// measure fills in the distances: of training pictures, of the model as it was built, and of the checkpoint.
func (e *evaluation) measure(r *evalReport, path string, o data.Options) (err error) {
	o.Flip, o.Log = false, e.log
	if e.test, err = e.split(data.Test, o, -1); err != nil {
		return err
	}
	floor, err := e.split(data.Train, o, e.n)
	if err != nil {
		return err
	}
	if r.Floor, err = metrics.Frechet(floor, e.test); err != nil {
		return err
	}
	if r.Before, err = e.sample("of the untrained system"); err != nil {
		return err
	}
	if err := train.LoadCheckpoint(path, e.model, train.LoadOptions{Raw: e.c.Bool("raw")}); err != nil {
		return err
	}
	if r.Value, err = e.sample("of " + path); err != nil {
		return err
	}
	r.Ratio = r.Before / r.Value
	return nil
}

// split takes in n pictures of a split, all if n is negative.
func (e *evaluation) split(split data.Split, o data.Options, n int) (*metrics.Moments, error) {
	o.Split = split
	set, err := data.Open(e.c.Context, e.net.Data, o)
	if err != nil {
		return nil, err
	}
	if n < 0 {
		n = set.Len()
	}
	e.log(fmt.Sprintf("features of %d %s pictures", min(n, set.Len()), split))
	return e.net.CachedMoments(e.c.Context, set, n, uint64(e.seed))
}

// sample is the distance of n new pictures from the test split.
func (e *evaluation) sample(of string) (float64, error) {
	e.log(fmt.Sprintf("features of %d pictures %s", e.n, of))
	torch.ManualSeed(e.seed)
	leave, err := standing(e.c, e.model, e.batch)
	if err != nil {
		return 0, err
	}
	defer leave()
	m, err := e.net.Moments(e.c.Context, e.n, e.batch, e.model.Sample)
	if err != nil {
		return 0, err
	}
	return metrics.Frechet(m, e.test)
}

func (r *evalReport) print(c *cli.Context) {
	w := c.App.Writer
	fmt.Fprintf(w, "%s = %.2f\n", r.Protocol, r.Value)
	fmt.Fprintf(w, "before training    %.2f, %.1f times as far\n", r.Before, r.Ratio)
	fmt.Fprintf(w, "training pictures  %.2f, the floor\n", r.Floor)
	fmt.Fprintf(w, "classifier         %.2f %% of the %s test pictures right, trained in %.0f s\n",
		100*r.Classifier.Accuracy, r.Data, r.Classifier.Seconds)
}
