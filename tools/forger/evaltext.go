package main

import (
	"fmt"

	"github.com/forgergan/forger/gan/metrics"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/captions"
)

// textMatch is how often a picture tells the test caption that it was made of from those of other concepts, by a head that
// learns from the training pictures. What it is of the test pictures themselves is added to the report before it.
func (o ownEvaluation) textMatch(model train.Model, r *evalReport) (s scoreReport, err error) {
	t, ok := model.(train.Texted)
	if !ok {
		return s, fmt.Errorf("r-precision needs a system that makes pictures of sentences, and %s does not", model.System())
	}
	pictures, err := o.open(data.Train)
	if err != nil {
		return s, err
	}
	training, okTrain := pictures.(*captions.Set)
	test, okTest := o.test.(*captions.Set)
	if !okTrain || !okTest || test.TextSize() != t.TextSize() {
		return s, fmt.Errorf("r-precision needs data with captions of %d values, as the system takes them, and %s has others or none", t.TextSize(), o.test.Name())
	}
	if err := metrics.CheckRPrecision(training, test); err != nil {
		return s, err
	}
	net, err := o.openNetwork(o.network)
	if err != nil {
		return s, err
	}
	match, err := o.match(net, training, test)
	if err != nil {
		return s, err
	}
	defer match.Head.Free()
	features, err := o.features(net, test)
	if err != nil {
		return s, err
	}
	defer features.Free()
	real, err := match.Real(features)
	if err != nil {
		return s, err
	}
	next := 0
	made, err := metrics.CollectPictures(o.c.Context, net, o.n, o.batch, true, func(k int) *torch.Tensor {
		next += k
		return t.SampleText(match.Captions(next-k, k))
	})
	if err != nil {
		return s, err
	}
	defer made.Free()
	share, err := match.Score(made.Features)
	score := func(metric, title string, share float64) scoreReport {
		return scoreReport{Network: o.network, Score: metrics.Score{
			Metric: metric, Protocol: net.Protocol(title, o.sampling, match.With(real)), Value: share, Std: match.StdError(share), Higher: true,
		}}
	}
	r.Scores = append(r.Scores, score("r-precision-real", "R-precision-real", real))
	return score("r-precision", "R-precision", share), err
}

// match has a head learn from the training pictures and draws captions of the test pictures.
func (o ownEvaluation) match(net metrics.Network, training, test *captions.Set) (*metrics.RPrecision, error) {
	features, err := o.features(net, training)
	if err != nil {
		return nil, err
	}
	defer features.Free()
	head, err := metrics.LearnTextHead(o.c.Context, features, training, o.seed)
	if err != nil {
		return nil, err
	}
	o.log(fmt.Sprintf("the text head has learnt from %d pictures in %.0f s", training.Len(), head.Seconds))
	match, err := metrics.NewRPrecision(head, test, o.n, o.seed)
	if err != nil {
		head.Free()
	}
	return match, err
}

func (o ownEvaluation) features(net metrics.Network, set data.Dataset) (*torch.Tensor, error) {
	o.log(fmt.Sprintf("features of %d pictures of %s, kept for the next time", set.Len(), set.Name()))
	return metrics.CachedFeatures(o.c.Context, net, set)
}
