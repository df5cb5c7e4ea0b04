package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/gan/metrics"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
)

func evalCommand() *cli.Command {
	return &cli.Command{
		Name:      "eval",
		Usage:     "score a system's pictures against the test pictures of its data set",
		ArgsUsage: "RUN-DIR|CHECKPOINT",
		Description: "Each score is printed with all that its value depends on. Beside it stand that of the untrained system, and\n" +
			"that of as many training pictures, which no generator is expected to surpass.\n\n" +
			"fd is the Fréchet distance (FID on Inception), kd the kernel distance (KID), is the inception score, prdc precision,\n" +
			"recall, density and coverage, nn the mean distance to the nearest real picture. Of systems that can, ppl is the\n" +
			"perceptual path length between latents, ifid the mean fd within classes, gan-train (cas) the accuracy on test pictures of\n" +
			"a classifier that learnt from generated ones, gan-test that on generated ones of one that learnt from real ones, dma the\n" +
			"same where classes overlap: of pictures of one label (distinct) and of what several have in common (mutual). class-is is\n" +
			"the inception score by such a classifier of the training pictures. parzen is the\n" +
			"log-likelihood of test pictures in nats under Gaussian windows around generated ones, and parzen-scales that of a system\n" +
			"that works from coarse to fine, scale by scale; it is known to rank generators badly.\n" +
			"r-precision is how often a picture of a test caption is nearer to it than to 99 captions of other concepts, by a head on\n" +
			"the network's features that learns from the training pictures; that of the test pictures stands before it.\n\n" +
			"The networks are digits, a classifier trained on first use, effnet-lite0 and inception, which need weights: see forger\n" +
			"weights list. For gan-test, class-is and dma digits itself is the classifier, instead of a ResNet-32 trained for each of them.\n\n" +
			"A system that translates pictures has its translations of the test pictures compared with the true ones, where the data\n" +
			"have them, and by the Fréchet distance; the input itself, enlarged for super-resolution, is scored beside them. Of frames of\n" +
			"videos there is the warping error, too, which is large where they flicker; that of the true frames stands beside it.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "metrics", Usage: "scores, joined by commas: fd, kd, is, prdc, nn, ppl, ifid, gan-train, gan-test, class-is, dma, parzen, r-precision", Value: "fd"},
			&cli.StringFlag{Name: "network", Usage: "feature networks, joined by commas", DefaultText: networkText},
			&cli.StringFlag{Name: "weights", Usage: "file or folder to look for the network's weights in first"},
			&cli.StringFlag{Name: "preparation", Usage: "of pictures for inception: tf1-bilinear, pytorch-fid, clean-fid, pil-bilinear", DefaultText: "tf1-bilinear"},
			&cli.StringFlag{Name: "reference", Usage: "statistics to compare with instead of the test pictures: .npz or .safetensors with mu and sigma"},
			&cli.StringFlag{Name: "save-reference", Usage: "file to keep the statistics of the test pictures in"},
			&cli.IntFlag{Name: "n", Usage: "number of pictures; of a system that translates the most test pictures to take", Value: 10000},
			&cli.Int64Flag{Name: "seed", Usage: "of the latents", Value: 1},
			&cli.IntFlag{Name: "batch", Usage: "pictures made at once; batch norm joins them unless the system samples with running statistics", Value: 64},
			&cli.BoolFlag{Name: "video", Usage: "the test pictures of each folder are the frames of a video: score how steady translations are, too", DefaultText: "for known videos and systems for videos"},
			rawFlag, standingFlag, threadsFlag, deviceFlag,
			jsonFlag,
		},
		Action: eval,
	}
}

// evaluation is one eval under way.
type evaluation struct {
	c        *cli.Context
	path     string
	saved    train.Settings
	system   train.System
	settings any
	device   torch.Device
	metrics  []string
	own      []string // of ownMetrics
	done     map[string]bool
	n, batch int
	seed     int64
}

func eval(c *cli.Context) error {
	e := &evaluation{c: c, done: map[string]bool{}, n: c.Int("n"), batch: c.Int("batch"), seed: c.Int64("seed")}
	if e.n < 2 || e.batch < 1 {
		return usage("--n must be at least 2 and --batch at least 1, not %d and %d", e.n, e.batch)
	}
	var err error
	if e.metrics, e.own, err = parseMetrics(c.String("metrics")); err != nil {
		return usage("--metrics: %v", err)
	}
	if e.path, e.device, err = trainedModel(c); err != nil {
		return err
	}
	setThreads(c)
	if e.saved, e.system, err = systemOf(e.path); err != nil {
		return err
	}
	e.settings = e.system.NewConfig()
	if err := config.Unmarshal(e.saved.Config, e.settings); err != nil {
		return fmt.Errorf("%s: %w", e.path, err)
	}
	model, err := e.build()
	if err != nil {
		return err
	}
	translator, translates := model.(train.Translator)
	sequencer, films := model.(train.Sequencer)
	if (translates || films) && !slices.Equal(slices.Concat(e.metrics, e.own), []string{"fd"}) {
		return usage("--metrics %s: %s makes pictures of pictures, whose scores are always the same: leave out --metrics", c.String("metrics"), e.saved.System)
	}
	switch {
	case translates:
		return e.translations(translator)
	case films:
		return e.videos(sequencer)
	}
	networks := networkFor(c.String("network"), e.saved.Data)
	r := evalReport{Checkpoint: e.path, System: e.saved.System, Data: e.saved.Data}
	for _, name := range strings.Split(networks, ",") {
		if len(e.metrics) > 0 {
			if err := r.skip(name, e.network(&r, name)); err != nil {
				return err
			}
		}
		if err := e.ownScores(&r, name); err != nil {
			return err
		}
	}
	return r.finish(c)
}

func (e *evaluation) log(line string) { fmt.Fprintln(e.c.App.ErrWriter, line) }

// build makes the model with the weights that the run began with.
func (e *evaluation) build() (train.Model, error) {
	torch.ManualSeed(e.saved.Seed) // as train does
	model, err := e.system.New(e.settings)
	if err != nil {
		return nil, err
	}
	train.Move(model, e.device, torch.DefaultFormat)
	return model, nil
}

// openNetwork loads a feature network.
func (e *evaluation) openNetwork(name string) (metrics.Network, error) {
	return metrics.OpenNetwork(e.c.Context, name, metrics.NetworkOptions{
		Data: e.saved.Data, Weights: e.c.String("weights"), Preparation: e.c.String("preparation"), Device: e.device, Log: e.log,
	})
}

// network adds the scores on one network: of training pictures, of the model as it was built, and of the checkpoint.
func (e *evaluation) network(r *evalReport, name string) error {
	net, err := e.openNetwork(name)
	if err != nil {
		return err
	}
	model, err := e.build()
	if err != nil {
		return err
	}
	sampler, err := train.SamplerOf(model)
	if err != nil {
		return err
	}
	test, err := e.open(data.Test)
	if err != nil {
		return err
	}
	scores := &metrics.Evaluation{
		Network: net, Metrics: e.metrics, Batch: e.batch,
		Sampling: metrics.Sampling{
			N: e.n, Size: pictureSize(test), BatchNorm: batchNorm(e.settings, e.batch, e.c.Int("standing")),
			Averaged: e.saved.Averaged && !e.c.Bool("raw"), Seed: e.seed,
		},
	}
	if scores.Real, scores.Sampling.Reference, err = e.reference(net, test); err != nil {
		return err
	}
	defer scores.Real.Free()
	pictures, err := e.open(data.Train)
	if err != nil {
		return err
	}
	training, err := e.split(net, pictures, e.n)
	if err != nil {
		return err
	}
	defer training.Free()
	floor, err := scores.Scores(training)
	if err != nil {
		return err
	}
	before, err := e.sample(scores, sampler, "of the untrained system")
	if err != nil {
		return err
	}
	if err := train.LoadCheckpoint(e.path, model, train.LoadOptions{Raw: e.c.Bool("raw")}); err != nil {
		return err
	}
	after, err := e.sample(scores, sampler, "of "+e.path)
	if err != nil {
		return err
	}
	for i := range after {
		r.Scores = append(r.Scores, scoreReport{after[i], name, &before[i].Value, &floor[i].Value})
	}
	if c, ok := net.(*metrics.Classifier); ok {
		r.Classifier = &classifierReport{c.Accuracy, c.Seconds, c.Hash}
	}
	return nil
}

// reference is the test split, or the statistics that --reference names, and how a protocol calls them.
func (e *evaluation) reference(net metrics.Network, set data.Dataset) (*metrics.Sample, string, error) {
	protocol := net.Protocol("moments", metrics.Sampling{Reference: testName(e.saved.Data, set), Size: pictureSize(set)})
	if path := e.c.String("reference"); path != "" {
		m, said, err := metrics.LoadMoments(path)
		if err != nil {
			return nil, "", err
		}
		if theirs, _, _ := strings.Cut(said, "; N="); said != "" && theirs != strings.Split(protocol, "; N=")[0] {
			return nil, "", fmt.Errorf("%s holds statistics of other features: %s", path, said)
		}
		return &metrics.Sample{Moments: m}, filepath.Base(path), nil
	}
	test, err := e.split(net, set, set.Len())
	if err != nil {
		return nil, "", err
	}
	if to := e.c.String("save-reference"); to != "" {
		if err := test.Moments.Save(to, protocol); err != nil {
			return nil, "", err
		}
	}
	return test, testName(e.saved.Data, set), nil
}

// open opens a split of the run's data, without augmentation.
func (e *evaluation) open(split data.Split) (data.Dataset, error) {
	return openReal(e.c, e.system, e.settings, e.saved.Options, split)
}

// split takes in n pictures of a split.
func (e *evaluation) split(net metrics.Network, set data.Dataset, n int) (*metrics.Sample, error) {
	e.log(fmt.Sprintf("features of %d pictures of %s", min(n, set.Len()), set.Name()))
	if metrics.NeedFeatures(e.metrics) {
		return metrics.CollectData(e.c.Context, net, set, n, uint64(e.seed), true)
	}
	m, err := metrics.CachedMoments(e.c.Context, net, set, n, uint64(e.seed))
	return &metrics.Sample{Moments: m}, err
}

// sample scores new pictures of the model.
func (e *evaluation) sample(scores *metrics.Evaluation, model train.Sampler, of string) ([]metrics.Score, error) {
	e.log(fmt.Sprintf("features of %d pictures %s", e.n, of))
	torch.ManualSeed(e.seed)
	leave, err := standing(e.c, model, e.batch)
	if err != nil {
		return nil, err
	}
	defer leave()
	return scores.Make(e.c.Context, model.Sample)
}
