package metrics

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/forgergan/forger/torch"
)

// Score is the value of one metric.
type Score struct {
	Metric   string  `json:"metric"`   // fd, kd, is, precision, recall, density, coverage, nn
	Protocol string  `json:"protocol"` // its name with all that the value depends on
	Value    float64 `json:"value"`
	Std      float64 `json:"std,omitempty"` // over the parts of the data that kd and is are means of; the standard error of parzen
	Higher   bool    `json:"higher_is_better"`
}

// metric is how a score is computed of a generated and a real sample.
type metric struct {
	name    string
	score   string // for the network's Protocol
	higher  bool
	moments bool // it needs no more than moments
	compute func(e *Evaluation, fake *Sample) (value, std float64, err error)
}

var scores = []metric{
	{name: "fd", score: "FD", moments: true, compute: func(e *Evaluation, fake *Sample) (float64, float64, error) {
		d, err := Frechet(fake.Moments, e.Real.Moments)
		return d, 0, err
	}},
	{name: "kd", score: "KD", compute: func(e *Evaluation, fake *Sample) (float64, float64, error) {
		d, err := KernelDistance(fake.Features, e.Real.Features, e.kernel(fake.Moments.N()))
		return d.Mean, d.Std, err
	}},
	{name: "is", score: "IS", higher: true, compute: func(e *Evaluation, fake *Sample) (float64, float64, error) {
		s, err := InceptionScore(fake.Logits, InceptionOptions{})
		return s.Mean, s.Std, err
	}},
	prdc("precision", "Precision", func(s PRDCScores) float64 { return s.Precision }),
	prdc("recall", "Recall", func(s PRDCScores) float64 { return s.Recall }),
	prdc("density", "Density", func(s PRDCScores) float64 { return s.Density }),
	prdc("coverage", "Coverage", func(s PRDCScores) float64 { return s.Coverage }),
	{name: "nn", score: "NN", compute: func(e *Evaluation, fake *Sample) (value, std float64, err error) {
		err = scoped(func() error {
			d, _, err := Nearest(fake.Features, e.Real.Features)
			if err != nil {
				return err
			}
			value = d.Mean().Item()
			return nil
		})
		return value, 0, err
	}},
}

func prdc(name, score string, part func(PRDCScores) float64) metric {
	return metric{name: name, score: score, higher: true, compute: func(e *Evaluation, fake *Sample) (float64, float64, error) {
		if e.neighbours == nil {
			s, err := PRDC(fake.Features, e.Real.Features, PRDCOptions{})
			if err != nil {
				return 0, 0, err
			}
			e.neighbours = &s
		}
		return part(*e.neighbours), 0, nil
	}}
}

// ParseMetrics reads a list such as "fd,kid,prdc": the names of [Score], with fid for fd, kid for kd, and prdc for its
// four. The error tells a name that is none, or an empty list.
func ParseMetrics(list string) ([]string, error) {
	var names []string
	for _, name := range strings.Split(list, ",") {
		switch name = strings.TrimSpace(name); name {
		case "fid":
			name = "fd"
		case "kid":
			name = "kd"
		case "prdc":
			names = append(names, "precision", "recall", "density", "coverage")
			continue
		}
		if !slices.ContainsFunc(scores, func(m metric) bool { return m.name == name }) {
			return nil, fmt.Errorf("there is no metric %q, only fd (fid), kd (kid), is, prdc, precision, recall, density, coverage, nn", name)
		}
		names = append(names, name)
	}
	return names, nil
}

// NeedFeatures says whether one of the metrics needs more than moments.
func NeedFeatures(metrics []string) bool {
	return slices.ContainsFunc(scores, func(m metric) bool { return !m.moments && slices.Contains(metrics, m.name) })
}

// Evaluation scores generated pictures by several metrics on one network. The first of them is the one that Evaluate
// returns, so that an Evaluation serves as an evaluator of package train:
//
//	train.Evaluator{Name: e.Name(), Higher: e.Higher(), Evaluate: e.Evaluate}
type Evaluation struct {
	Network  Network
	Metrics  []string // as ParseMetrics returns them
	Real     *Sample  // with features, where NeedFeatures says so
	Sampling Sampling // N is the number of pictures that are made
	Batch    int      // at most that many at once

	neighbours *PRDCScores // of the sample in work
}

// Name is the name of the first score without its protocol: FD-MNISTCNN.
func (e *Evaluation) Name() string {
	name, _, _ := strings.Cut(e.protocol(e.first(), e.Sampling.N), "[")
	return name
}

// Higher says whether the first score is the better the higher it is.
func (e *Evaluation) Higher() bool { return e.first().higher }

func (e *Evaluation) first() metric { return find(e.Metrics[0]) }

func find(name string) metric {
	return scores[slices.IndexFunc(scores, func(m metric) bool { return m.name == name })]
}

// Evaluate makes pictures with sample, (n, C, H, W) in [−1, 1], and returns the first of the Scores.
func (e *Evaluation) Evaluate(ctx context.Context, sample func(n int) *torch.Tensor) (value float64, protocol string, err error) {
	all, err := e.Make(ctx, sample)
	if err != nil {
		return 0, "", err
	}
	return all[0].Value, all[0].Protocol, nil
}

// Make makes pictures with sample and returns all scores in the order of Metrics.
func (e *Evaluation) Make(ctx context.Context, sample func(n int) *torch.Tensor) ([]Score, error) {
	fake, err := CollectPictures(ctx, e.Network, e.Sampling.N, e.Batch, NeedFeatures(e.Metrics), sample)
	if err != nil {
		return nil, err
	}
	defer fake.Free()
	return e.Scores(fake)
}

// Scores compares a sample with the real one. The error tells a metric for which one of them is too small or has no
// features.
func (e *Evaluation) Scores(fake *Sample) ([]Score, error) {
	e.neighbours = nil
	var all []Score
	for _, name := range e.Metrics {
		m := find(name)
		if !m.moments && (fake.Features == nil || (e.Real.Features == nil && name != "is")) {
			return nil, fmt.Errorf("%s needs features of the real pictures, which statistics of mu and sigma do not hold", name)
		}
		value, std, err := m.compute(e, fake)
		if err != nil {
			return nil, err
		}
		all = append(all, Score{name, e.protocol(m, fake.Moments.N()), value, std, m.higher})
	}
	if len(all) == 0 {
		return nil, errors.New("an evaluation needs at least one metric")
	}
	return all, nil
}

// kernel is the subsets of sets that may be smaller than 1000.
func (e *Evaluation) kernel(n int) KernelOptions {
	return KernelOptions{Size: min(1000, n, e.Real.Moments.N())}
}

func (e *Evaluation) protocol(m metric, n int) string {
	s := e.Sampling
	s.N = n
	switch m.name {
	case "kd":
		return e.Network.Protocol(m.score, s, e.kernel(n))
	case "is":
		return e.Network.Protocol(m.score, s, InceptionOptions{})
	case "precision", "recall", "density", "coverage":
		return e.Network.Protocol(m.score, s, PRDCOptions{})
	}
	return e.Network.Protocol(m.score, s)
}
