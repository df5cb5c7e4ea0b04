package main

import (
	"fmt"

	"github.com/forgergan/forger/gan/metrics"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
)

// most pictures of a set that take part in a log-likelihood, and of those the pictures, and the samples for each, of the finer
// scales, which are made anew for every picture.
const (
	likelihoodPictures = 1000
	scalePictures      = 50
	scaleSamples       = 100
)

// parzen is the log-likelihood of test pictures under windows around n generated ones. Validation pictures, of the training set,
// choose the windows. Beside it stands the likelihood under other training pictures. Of a system that works from coarse to fine
// the one by scales is added to the report before it.
func (o ownEvaluation) parzen(model train.Model, r *evalReport) (s scoreReport, err error) {
	sampler, err := train.SamplerOf(model)
	if err != nil {
		return s, err
	}
	training, err := o.open(data.Train)
	if err != nil {
		return s, err
	}
	validate := min(likelihoodPictures, training.Len()/2)
	score := func() error {
		real, err := o.pictures(training, validate+o.n)
		if err != nil {
			return err
		}
		test, err := o.pictures(o.test, likelihoodPictures)
		if err != nil {
			return err
		}
		validation, others := real.Narrow(0, 0, validate), real.Narrow(0, validate, real.Size(0)-validate)
		samples, err := o.samples(sampler)
		if err != nil {
			return err
		}
		whole, err := metrics.Parzen(samples, vectors(validation), vectors(test))
		if err != nil {
			return err
		}
		floor, err := metrics.Parzen(vectors(others), vectors(validation), vectors(test))
		if err != nil {
			return err
		}
		if m, ok := model.(train.Multiscale); ok {
			scaled, err := o.byScale(m, validation, test)
			if err != nil {
				return err
			}
			r.Scores = append(r.Scores, scaled)
		}
		s = o.likelihood("parzen", "Parzen", whole, fmt.Sprintf("validation=%d", validate), fmt.Sprintf("test=%d", test.Size(0)))
		s.Floor = &floor.Mean
		return nil
	}
	if e := torch.Try(func() { torch.Scope(func() { err = score() }) }); e != nil {
		return s, e
	}
	return s, err
}

// byScale is the log-likelihood of a system that works from coarse to fine, of a few pictures.
func (o ownEvaluation) byScale(m train.Multiscale, validation, test *torch.Tensor) (scoreReport, error) {
	few := func(x *torch.Tensor) *torch.Tensor { return x.Narrow(0, 0, min(scalePictures, x.Size(0))) }
	each := min(scaleSamples, o.n)
	score, err := metrics.ParzenScales(o.c.Context, metrics.Scales{Split: m.Scales, Sample: m.SampleScale}, o.n, each, few(validation), few(test))
	return o.likelihood("parzen-scales", "ParzenScales", score, fmt.Sprintf("each=%d", each),
		fmt.Sprintf("validation=%d", few(validation).Size(0)), fmt.Sprintf("test=%d", few(test).Size(0))), err
}

// likelihood reports a score.
func (o ownEvaluation) likelihood(metric, title string, p metrics.ParzenScore, settings ...string) scoreReport {
	parts := []string{"nats", "pixels=0…1"}
	for _, sigma := range p.Sigmas {
		parts = append(parts, fmt.Sprintf("sigma=%.2g", sigma))
	}
	parts = append(append(parts, settings...), o.sampling.String())
	return scoreReport{Network: "none", Score: metrics.Score{
		Metric: metric, Protocol: metrics.Protocol(title, parts...), Value: p.Mean, Std: p.StdError, Higher: true,
	}}
}

// pictures are n pictures of a set (n, C, H, W) in [−1, 1], drawn without repetition by the seed; all where it has fewer.
func (o ownEvaluation) pictures(set data.Dataset, n int) (*torch.Tensor, error) {
	var parts []*torch.Tensor
	err := data.Each(o.c.Context, set, n, data.LoaderOptions{Batch: 100, Shuffle: true, Seed: uint64(o.seed)}, func(b *data.Batch) error {
		images := b.Find("image")
		parts = append(parts, torch.FromSlice(images.Float32, images.Shape...))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return torch.Cat(parts), nil
}

// samples are n generated pictures as vectors.
func (o ownEvaluation) samples(sampler train.Sampler) (*torch.Tensor, error) {
	var parts []*torch.Tensor
	for made := 0; made < o.n; made += o.batch {
		if err := o.c.Context.Err(); err != nil {
			return nil, err
		}
		parts = append(parts, torch.Tidy(func() *torch.Tensor {
			return vectors(sampler.Sample(min(o.batch, o.n-made)).ToDevice(torch.Device{}))
		}))
	}
	return torch.Cat(parts), nil
}

// vectors are pictures in [−1, 1] as vectors of pixels from 0 to 1.
func vectors(x *torch.Tensor) *torch.Tensor { return x.Flatten(flat).AddScalar(1).DivScalar(2) }
