package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/forgergan/forger/gan/features"
	"github.com/forgergan/forger/gan/metrics"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
)

// ownMetrics are no scores of sets on a network: they need pictures themselves, latents, pictures of a class or of a
// sentence, or a classifier of the training set.
var ownMetrics = map[string]string{
	"ppl": "ppl", "ifid": "ifid", "gan-train": "gan-train", "cas": "gan-train", "gan-test": "gan-test", "class-is": "class-is", "dma": "dma", "parzen": "parzen",
	"r-precision": "r-precision",
}

// parseMetrics reads --metrics: those of sets of pictures, and those of ownMetrics.
func parseMetrics(list string) (sets, own []string, err error) {
	var rest []string
	for _, name := range strings.Split(list, ",") {
		switch known := ownMetrics[strings.TrimSpace(name)]; {
		case known == "":
			rest = append(rest, name)
		case !slices.Contains(own, known):
			own = append(own, known)
		}
	}
	if len(rest) == 0 {
		return nil, own, nil
	}
	if sets, err = metrics.ParseMetrics(strings.Join(rest, ",")); err != nil {
		err = fmt.Errorf("%w, ppl, ifid, gan-train (cas), gan-test, class-is, dma, parzen, r-precision", err)
	}
	return sets, own, err
}

// ownScores adds the scores of e.own, of the checkpoint alone.
func (e *evaluation) ownScores(r *evalReport, network string) error {
	left := slices.DeleteFunc(slices.Clone(e.own), func(name string) bool { return e.done[scoreKey(name, network)] })
	if len(left) == 0 {
		return nil
	}
	model, err := e.build()
	if err != nil {
		return err
	}
	if err := train.LoadCheckpoint(e.path, model, train.LoadOptions{Raw: e.c.Bool("raw")}); err != nil {
		return err
	}
	test, err := e.open(data.Test)
	if err != nil {
		return err
	}
	o := ownEvaluation{evaluation: e, test: test, network: network, sampling: metrics.Sampling{
		N: e.n, Reference: testName(e.saved.Data, test), Size: pictureSize(test), BatchNorm: batchNorm(e.settings, e.batch, e.c.Int("standing")),
		Averaged: e.saved.Averaged && !e.c.Bool("raw"), Seed: e.seed,
	}}
	for _, name := range left {
		torch.ManualSeed(e.seed)
		leave, err := standing(e.c, model, e.batch)
		if err != nil {
			return err
		}
		e.log(fmt.Sprintf("%s of %s", name, e.path))
		var s scoreReport
		switch name {
		case "ppl":
			s, err = o.pathLength(model)
		case "dma":
			s, err = o.mutual(model, r)
		case "parzen":
			s, err = o.parzen(model, r)
		case "class-is":
			s, err = o.classScore(model)
		case "r-precision":
			s, err = o.textMatch(model, r)
		default:
			s, err = o.byClass(model, name)
		}
		leave()
		if err == nil {
			s.Metric = name
			r.Scores = append(r.Scores, s)
			e.done[scoreKey(name, network)] = true
		} else if err := r.skip(network, err); err != nil {
			return err
		}
	}
	return nil
}

// scoreKey is equal for networks with which a score is the same: some do not depend on the network, others on whether it is
// one only.
func scoreKey(name, network string) string {
	one := map[string]string{"ppl": "inception", "gan-test": "digits", "class-is": "digits", "dma": "digits", "gan-train": "", "parzen": ""}
	if only, known := one[name]; known && network != only {
		network = ""
	}
	return name + " " + network
}

// ownEvaluation scores a loaded model.
type ownEvaluation struct {
	*evaluation
	test     data.Dataset
	network  string
	sampling metrics.Sampling
}

// pathLength is the perceptual path length by LPIPS over VGG16 with the network inception, as published, and otherwise by
// the distance over EfficientNet-Lite0.
func (o ownEvaluation) pathLength(model train.Model) (s scoreReport, err error) {
	l, ok := model.(train.Latent)
	if !ok {
		return s, fmt.Errorf("ppl needs a system whose pictures are made of latents alone, and %s is none", model.System())
	}
	name, trunkName, trunk := "PPL-EffNetLite0", "effnet-lite0", metrics.Trunk(features.NewEfficientNetLite0())
	if o.network == "inception" {
		name, trunkName, trunk = "PPL", "vgg16", features.NewVGG16()
	}
	if _, err := features.Load(trunkName, trunk, o.c.String("weights")); err != nil {
		return s, err
	}
	lpips := metrics.NewLPIPS(trunk)
	if o.network == "inception" {
		if _, err := features.Load("lpips-vgg", lpips, o.c.String("weights")); err != nil {
			return s, err
		}
	}
	nn.To(lpips, nn.ToOptions{Device: &o.device})
	settings := metrics.PathOptions{}
	score, err := metrics.PathLength(o.c.Context, o.n, o.batch, func(k int) (from, to *torch.Tensor) {
		return l.Latents(k).Flatten(flat), l.Latents(k).Flatten(flat)
	}, func(z *torch.Tensor) *torch.Tensor {
		shape := l.Latents(1).Shape()
		shape[0] = z.Size(0)
		return colour(l.Generate(z.View(shape...)))
	}, func(a, b *torch.Tensor) *torch.Tensor {
		return lpips.Forward(a.ToDevice(o.device), b.ToDevice(o.device))
	}, settings)
	sampling := o.sampling
	sampling.Reference = "none"
	s.Network, s.Value, s.Std = trunkName, score.Mean, score.Std
	s.Protocol = metrics.Protocol(name, settings.String(), sampling.String())
	return s, err
}

var flat = torch.FlattenOptions{StartDim: 1}

// colour repeats grey pictures three times.
func colour(x *torch.Tensor) *torch.Tensor {
	if x.Size(1) == 3 {
		return x
	}
	return x.Expand([]int{-1, 3, -1, -1})
}

// byClass compares pictures made of each class in turn with labelled ones.
func (o ownEvaluation) byClass(model train.Model, name string) (s scoreReport, err error) {
	c, ok := model.(train.Conditional)
	if !ok {
		return s, fmt.Errorf("%s needs a system that makes pictures of a class, and %s does not", name, model.System())
	}
	known, ok := o.test.(data.Labelled)
	if !ok || len(known.Classes()) != c.Classes() {
		return s, fmt.Errorf("%s needs data with the %d classes of the system, and %s has others or none", name, c.Classes(), o.test.Name())
	}
	made, err := metrics.GenerateLabelled(o.c.Context, o.n, o.batch, c.Classes(), c.SampleClasses)
	if err != nil {
		return s, err
	}
	if name == "ifid" {
		return o.intra(made)
	}
	if name == "gan-train" {
		learning := o.learning()
		s.Value, err = metrics.GANTrain(o.c.Context, made, o.test, c.Classes(), learning)
		s.Network, s.Higher = "resnet32", true
		s.Protocol = metrics.Protocol("GAN-train", s.Network, learning.String(), o.sampling.String())
		return s, err
	}
	pictures, err := o.open(data.Train)
	if err != nil {
		return s, err
	}
	judge, err := o.judge(pictures, c.Classes())
	if err != nil {
		return s, err
	}
	accuracies, err := metrics.ClassAccuracies(o.c.Context, made, c.Classes(), judge.logits)
	for _, a := range accuracies {
		s.Value += a / float64(len(accuracies))
	}
	s.Network, s.Higher, s.Protocol = judge.network, true, judge.protocol("GAN-test")
	return s, err
}

// classScore is the inception score by a classifier that has learnt the classes of the training pictures, as StackGAN's
// authors fine-tune Inception for each of their sets. It is of any system whose data have classes.
func (o ownEvaluation) classScore(model train.Model) (s scoreReport, err error) {
	sampler, err := train.SamplerOf(model)
	if err != nil {
		return s, err
	}
	known, ok := o.test.(data.Labelled)
	if !ok || len(known.Classes()) < 2 {
		return s, fmt.Errorf("class-is needs data with classes, and %s has none", o.test.Name())
	}
	pictures, err := o.open(data.Train)
	if err != nil {
		return s, err
	}
	judge, err := o.judge(pictures, len(known.Classes()))
	if err != nil {
		return s, err
	}
	made, err := metrics.CollectPictures(o.c.Context, judged{judge}, o.n, o.batch, true, sampler.Sample)
	if err != nil {
		return s, err
	}
	defer made.Free()
	splits := metrics.InceptionOptions{}
	score, err := metrics.InceptionScore(made.Logits, splits)
	s.Network, s.Higher, s.Value, s.Std = judge.network, true, score.Mean, score.Std
	s.Protocol = judge.protocol("class-IS", splits)
	return s, err
}

// judged is a classifier as a feature network whose features are its logits.
type judged struct{ judge }

// Embed implements [metrics.Network].
func (j judged) Embed(pictures *torch.Tensor) (features, logits *torch.Tensor) {
	torch.NoGrad(func() { logits = j.logits(metrics.Quantise(pictures)) })
	return logits, logits
}

// Protocol implements [metrics.Network].
func (j judged) Protocol(score string, _ metrics.Sampling, settings ...fmt.Stringer) string {
	return j.judge.protocol(score, settings...)
}

// intra is the mean Fréchet distance within classes, beside that of the training pictures.
func (o ownEvaluation) intra(made data.Dataset) (s scoreReport, err error) {
	net, err := o.openNetwork(o.network)
	if err != nil {
		return s, err
	}
	pictures, err := o.open(data.Train)
	if err != nil {
		return s, err
	}
	var all [3]*metrics.ClassMoments
	for i, set := range []data.Dataset{made, pictures, o.test} {
		if all[i], err = metrics.CollectClasses(o.c.Context, net, set, o.n); err != nil {
			return s, err
		}
	}
	var floor float64
	if floor, _, err = metrics.IntraFrechet(all[1], all[2]); err != nil {
		return s, err
	}
	s.Value, _, err = metrics.IntraFrechet(all[0], all[2])
	s.Network, s.Floor, s.Protocol = o.network, &floor, net.Protocol("iFD", o.sampling)
	return s, err
}
