package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/gan/metrics"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
)

// evaluators are the scores of a training, where its options ask for some: the Fréchet distance of the data set's own
// classifier from the test pictures.
func evaluators(c *cli.Context, s train.System, model train.Model, settings any, o train.Options) ([]train.Evaluator, error) {
	if o.EvalEvery == 0 {
		return nil, nil
	}
	log := func(line string) { fmt.Fprintln(c.App.ErrWriter, line) }
	net, err := metrics.OpenClassifier(c.Context, o.Data, metrics.ClassifierOptions{Seed: 1, Device: o.Device, Log: log})
	if err != nil {
		return nil, fmt.Errorf("--eval-every: %w", err)
	}
	d := s.DataOptions(settings)
	d.Flip, d.Split, d.Log = false, data.Test, log
	set, err := data.Open(c.Context, o.Data, d)
	if err != nil {
		return nil, err
	}
	test, err := net.CachedMoments(c.Context, set, set.Len(), 0)
	if err != nil {
		return nil, err
	}
	protocol := net.Protocol("FD", metrics.Sampling{
		N: o.EvalN, Reference: o.Data + "-test", Size: d.Size, BatchNorm: batchNorm(settings, o.Batch, o.Standing),
		Averaged: o.EMA != "off" && (o.EMA != "" || model.Parts().Average != nil), Seed: o.Seed,
	})
	return []train.Evaluator{{
		Name: "FD-" + net.Name,
		Evaluate: func(ctx context.Context, sample func(n int) *torch.Tensor) (float64, string, error) {
			m, err := net.Moments(ctx, o.EvalN, o.Batch, sample)
			if err != nil {
				return 0, "", err
			}
			fd, err := metrics.Frechet(m, test)
			return fd, protocol, err
		},
	}}, nil
}

// batchNorm names the statistics that a generator's batch norm samples with: standing ones, or by the setting bn-eval,
// which systems with a choice have.
func batchNorm(settings any, batch, standing int) string {
	for _, f := range config.Fields(settings) {
		switch {
		case f.Name != "bn-eval":
		case standing > 0:
			return fmt.Sprintf("standing%d×%d", standing, batch)
		case f.String() == "true":
			return "running"
		default:
			return fmt.Sprintf("batch%d", batch)
		}
	}
	return ""
}
