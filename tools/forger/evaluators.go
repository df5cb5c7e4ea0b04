package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/gan/metrics"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch/data"
)

// evaluators are the scores of a training, where its options ask for some: the Fréchet distance from the test pictures.
func evaluators(c *cli.Context, s train.System, model train.Model, settings any, o train.Options) ([]train.Evaluator, error) {
	if o.EvalEvery == 0 {
		return nil, nil
	}
	if t, ok := model.(train.Translator); ok {
		return translationEvaluators(c, s, t, settings, o)
	}
	log := func(line string) { fmt.Fprintln(c.App.ErrWriter, line) }
	net, err := metrics.OpenNetwork(c.Context, networkFor(o.EvalNetwork, o.Data), metrics.NetworkOptions{Data: o.Data, Device: o.Device, Log: log})
	if err != nil {
		return nil, fmt.Errorf("--eval-every: %w", err)
	}
	set, err := openData(c, s, settings, train.DataRequest{Name: o.Data, Split: data.Test, Plain: true}, "")
	if err != nil {
		return nil, err
	}
	test, err := metrics.CachedMoments(c.Context, net, set, set.Len(), 0)
	if err != nil {
		return nil, err
	}
	e := &metrics.Evaluation{
		Network: net, Metrics: []string{"fd"}, Real: &metrics.Sample{Moments: test}, Batch: o.Batch,
		Sampling: metrics.Sampling{
			N: o.EvalN, Reference: o.Data + "-test", Size: pictureSize(set), BatchNorm: batchNorm(settings, o.Batch, o.Standing),
			Averaged: o.EMA != "off" && (o.EMA != "" || model.Parts().Average != nil), Seed: o.Seed,
		},
	}
	return []train.Evaluator{{Name: e.Name(), Higher: e.Higher(), Evaluate: func(ctx context.Context, m train.Model) (float64, string, error) {
		s, err := train.SamplerOf(m)
		if err != nil {
			return 0, "", err
		}
		return e.Evaluate(ctx, s.Sample)
	}}}, nil
}

// pictureSize is the height of a set's pictures.
func pictureSize(set data.Dataset) int {
	for _, f := range set.Fields() {
		if f.Name == "image" {
			return f.Shape[1]
		}
	}
	return 0
}

// networkText is what help says of networkFor.
const networkText = "digits for mnist and fashion-mnist, otherwise effnet-lite0"

// networkFor is the feature network that was asked for, and without one that of a data set: the classifier trained on it,
// or the network that can be had without an account.
func networkFor(asked, set string) string {
	switch {
	case asked != "":
		return asked
	case set == "mnist" || set == "fashion-mnist":
		return "digits"
	}
	return "effnet-lite0"
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

// translationEvaluators are the scores of a training that translates pictures: the mean absolute error of test items where
// those have true translations, the PSNR of enlargements, otherwise the Fréchet distance.
func translationEvaluators(c *cli.Context, s train.System, model train.Translator, settings any, o train.Options) ([]train.Evaluator, error) {
	set, err := openData(c, s, settings, train.DataRequest{Name: o.Data, Split: data.Test, Plain: true}, "")
	if err != nil {
		return nil, fmt.Errorf("--eval-every takes test items: %w", err)
	}
	v := newTranslationEval(model.Translation(), set, o.EvalN)
	v.device, v.batch, v.seed, v.reference = o.Device, max(1, min(o.Batch, 8)), o.Seed, o.Data+"-test"
	v.averaged = o.EMA != "off" && (o.EMA != "" || model.Parts().Average != nil)
	name := "L1"
	if v.does.Scale > 1 {
		name = "PSNR-Y"
	}
	if !v.paired {
		name = "FD-EffNetLite0"
		if v.network, err = metrics.OpenNetwork(c.Context, "effnet-lite0", metrics.NetworkOptions{Device: o.Device}); err != nil {
			return nil, fmt.Errorf("--eval-every: %w", err)
		}
	}
	return []train.Evaluator{{Name: name, Higher: name == "PSNR-Y", Evaluate: func(ctx context.Context, m train.Model) (float64, string, error) {
		scores, err := v.scores(ctx, false, v.translate(m.(train.Translator), false))
		if err != nil {
			return 0, "", err
		}
		return scores[0].Value, scores[0].Protocol, nil
	}}}, nil
}
