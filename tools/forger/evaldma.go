package main

import (
	"fmt"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/metrics"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/labels"
)

// judge names the class of pictures.
type judge struct {
	network  string
	logits   func(pictures *torch.Tensor) *torch.Tensor
	protocol func(score string, settings ...fmt.Stringer) string
}

// learning is how a classifier learns for a score.
func (o ownEvaluation) learning() metrics.AccuracyOptions {
	return metrics.AccuracyOptions{Seed: o.seed, Device: o.device, Log: o.log}
}

// judge is the network digits, where that is the one asked for, or else a classifier that learns from real pictures.
func (o ownEvaluation) judge(real data.Dataset, classes int) (j judge, err error) {
	if o.network == "digits" {
		net, err := metrics.OpenNetwork(o.c.Context, o.network, metrics.NetworkOptions{Data: o.saved.Data, Device: o.device, Log: o.log})
		if err != nil {
			return j, err
		}
		logits := func(x *torch.Tensor) *torch.Tensor {
			_, logits := net.Embed(x)
			return logits
		}
		return judge{o.network, logits, func(score string, settings ...fmt.Stringer) string {
			return net.Protocol(score, o.sampling, settings...)
		}}, nil
	}
	learning := o.learning()
	net, err := metrics.LearnClassifier(o.c.Context, real, classes, learning)
	if err != nil {
		return j, err
	}
	logits := func(x *torch.Tensor) *torch.Tensor { return net.Forward(x.ToDevice(o.device)) }
	return judge{"resnet32", logits, func(score string, settings ...fmt.Stringer) string {
		parts := []string{"resnet32", learning.String()}
		for _, s := range settings {
			parts = append(parts, s.String())
		}
		return metrics.Protocol(score, append(parts, o.sampling.String())...)
	}}, nil
}

// mutual is the accuracy on pictures of the labels of each class before the classes overlapped. What it is of classes with
// one label, and of those with several, is added to the report before it.
func (o ownEvaluation) mutual(model train.Model, r *evalReport) (s scoreReport, err error) {
	mixer, ok := model.(train.Mixer)
	if !ok {
		return s, fmt.Errorf("dma needs a system that makes pictures of mixtures of classes, and %s does not", model.System())
	}
	change, err := labels.Parse(o.saved.Labels)
	if err != nil {
		return s, err
	}
	overlap := change.Overlap
	if overlap == (labels.Overlap{}) {
		return s, fmt.Errorf("dma needs a run on classes that overlap, as with --labels 10to5")
	}
	mixtures := gan.Mixtures(overlap.States(), mixer.Classes())
	made, err := metrics.GenerateLabelled(o.c.Context, o.n, o.batch, overlap.Classes, func(classes *torch.Tensor) *torch.Tensor {
		return mixer.SampleMixtures(mixtures.IndexSelect(0, classes))
	})
	if err != nil {
		return s, err
	}
	pictures, err := o.open(data.Train)
	if err != nil {
		return s, err
	}
	o.sampling.Reference = "none"
	judge, err := o.judge(pictures, overlap.Classes)
	if err != nil {
		return s, err
	}
	accuracies, err := metrics.ClassAccuracies(o.c.Context, made, overlap.Classes, judge.logits)
	if err != nil {
		return s, err
	}
	dma := metrics.NewDMA(accuracies, overlap)
	score := func(metric, title string, value float64) scoreReport {
		protocol := judge.protocol(title + "-" + overlap.String())
		return scoreReport{Score: metrics.Score{Metric: metric, Protocol: protocol, Value: value, Higher: true}, Network: judge.network}
	}
	r.Scores = append(r.Scores, score("distinct", "Distinct", dma.Distinct), score("mutual", "Mutual", dma.Mutual))
	return score("dma", "DMA", dma.Accuracy), nil
}
