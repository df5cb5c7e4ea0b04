package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/forgergan/forger/gan/features"
	"github.com/forgergan/forger/gan/flow"
	"github.com/forgergan/forger/gan/metrics"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
)

// translationReport is what eval prints of a system that translates pictures.
type translationReport struct {
	Checkpoint string             `json:"checkpoint"`
	System     string             `json:"system"`
	Data       string             `json:"data"`
	Scores     []translationScore `json:"scores"`
	TrueFrames []metrics.Score    `json:"true_frames,omitempty"` // of a video: the warping errors of the true frames
	Pictures   []pictureScores    `json:"pictures,omitempty"`    // of a system whose test pictures are scored whole
	Skipped    []string           `json:"skipped,omitempty"`
}

// translationScore is a score with its two measures.
type translationScore struct {
	metrics.Score
	Direction string   `json:"direction"`       // "A to B"
	Untrained float64  `json:"untrained"`       // of the system as its run's seed made it
	Input     *float64 `json:"input,omitempty"` // of the input itself, where it is a picture
}

// pictureScores are those of one picture, by metric.
type pictureScores struct {
	Path   string             `json:"path"`
	Scores map[string]float64 `json:"scores"`
	Input  map[string]float64 `json:"input"`
}

// translations scores a system that makes pictures of pictures.
func (e *evaluation) translations(model train.Translator) error {
	set, err := e.open(data.Test)
	if err != nil {
		return err
	}
	does := model.Translation()
	v := newTranslationEval(does, set, e.n)
	v.video = e.videoOf(set)
	return e.scoreTranslations(v, model, func(back bool) func(b *train.Batch) *torch.Tensor { return v.translate(model, back) })
}

// scoreTranslations scores what a model makes of the test items before and after training; made gives pictures of batches
// in the order of the items.
func (e *evaluation) scoreTranslations(v *translationEval, model train.Model, made func(back bool) func(b *train.Batch) *torch.Tensor) (err error) {
	does := v.does
	if !e.c.IsSet("batch") {
		e.batch = 8 // of pictures that are larger than those of other systems
	}
	v.device, v.batch, v.seed, v.reference = e.device, e.batch, e.seed, e.saved.Data+"-test"
	v.averaged = e.saved.Averaged && !e.c.Bool("raw")
	r := &translationReport{Checkpoint: e.path, System: e.saved.System, Data: e.saved.Data}
	if r.Skipped, err = e.openNetworks(v); err != nil {
		return err
	}
	directions := []bool{false}
	if does.Back {
		directions = append(directions, true)
	}
	all := map[bool]*[3][]metrics.Score{}
	for _, back := range directions {
		e.log(fmt.Sprintf("%d test items, %s", v.n, v.direction(back)))
		all[back] = new([3][]metrics.Score)
		if all[back][0], err = v.scores(e.c.Context, back, v.input(back)); err != nil {
			return err
		}
		for i, scores := range v.pictures {
			r.Pictures = append(r.Pictures, pictureScores{Path: v.whole.Path(i), Input: scores})
		}
		if all[back][1], err = v.scores(e.c.Context, back, made(back)); err != nil {
			return err
		}
	}
	if err := train.LoadCheckpoint(e.path, model, train.LoadOptions{Raw: e.c.Bool("raw")}); err != nil {
		return err
	}
	for _, back := range directions {
		if all[back][2], err = v.scores(e.c.Context, back, made(back)); err != nil {
			return err
		}
		r.add(v.direction(back), all[back])
		for i, scores := range v.pictures {
			r.Pictures[i].Scores = scores
		}
	}
	if v.video != nil {
		if r.TrueFrames, err = v.warping(e.c.Context, func(b *train.Batch) *torch.Tensor { return b.Tensor(does.Target) }); err != nil {
			return err
		}
	}
	return r.print(e)
}

// add adds the scores of a direction: of inputs, of the untrained system, of this run.
func (r *translationReport) add(direction string, scores *[3][]metrics.Score) {
	for i, s := range scores[2] {
		t := translationScore{Score: s, Direction: direction, Untrained: scores[1][i].Value}
		if len(scores[0]) > i {
			t.Input = &scores[0][i].Value
		}
		r.Scores = append(r.Scores, t)
	}
}

func (r *translationReport) print(e *evaluation) error {
	if e.c.Bool("json") {
		return printJSON(e.c, r)
	}
	w := e.c.App.Writer
	for _, s := range r.Scores {
		fmt.Fprintf(w, "%s = %s (%s)\n", s.Protocol, digits(s.Value), s.Direction)
	}
	fmt.Fprintf(w, "\n%-28s%-14s%12s%12s%12s\n", "direction", "metric", "this run", "untrained", "input")
	for _, s := range r.Scores {
		input := "-"
		if s.Input != nil {
			input = digits(*s.Input)
		}
		fmt.Fprintf(w, "%-28s%-14s%12s%12s%12s\n", s.Direction, s.Metric, digits(s.Value), digits(s.Untrained), input)
	}
	for _, s := range r.TrueFrames {
		fmt.Fprintf(w, "%s of the true frames is %s\n", s.Metric, digits(s.Value))
	}
	for _, p := range r.Pictures {
		for _, s := range r.Scores {
			fmt.Fprintf(w, "%-28s%-14s%12s%12s%12s\n", filepath.Base(p.Path), s.Metric, digits(p.Scores[s.Metric]), "-", digits(p.Input[s.Metric]))
		}
	}
	for _, s := range r.Skipped {
		fmt.Fprintln(w, s)
	}
	return nil
}

// openNetworks opens the feature networks whose weights are here, and returns a line for each that is not.
func (e *evaluation) openNetworks(v *translationEval) (skipped []string, err error) {
	if v.whole != nil {
		return e.openPerceptual(v, []string{"fd is left out: it compares pictures of one size"})
	}
	name := e.c.String("network")
	if name == "" {
		name = "effnet-lite0"
	}
	var missing *features.Missing
	v.network, err = e.openNetwork(name)
	if errors.As(err, &missing) {
		skipped = append(skipped, fmt.Sprintf("fd is left out: %v", err))
	} else if err != nil {
		return nil, err
	}
	return e.openPerceptual(v, skipped)
}

// openPerceptual opens the network of the distance of pairs, if there are pairs.
func (e *evaluation) openPerceptual(v *translationEval, skipped []string) ([]string, error) {
	if !v.paired {
		return skipped, nil
	}
	var missing *features.Missing
	trunk := features.NewEfficientNetLite0()
	_, err := features.Load("effnet-lite0", trunk, e.c.String("weights"))
	if errors.As(err, &missing) {
		return append(skipped, fmt.Sprintf("perceptual is left out: %v", err)), nil
	} else if err != nil {
		return nil, err
	}
	v.lpips = metrics.NewLPIPS(trunk)
	nn.To(v.lpips, nn.ToOptions{Device: &e.device})
	return skipped, nil
}

// translationEval scores translations of test items.
type translationEval struct {
	does      train.Translation
	set       data.Dataset
	whole     wholePictures        // the set, where its pictures are scored whole; nil else
	pictures  []map[string]float64 // scores of each whole picture, by metric, of the last time
	n         int
	paired    bool               // the items have true translations
	video     func(i int) string // the sequence of item i, whose frames are successive items; nil for single pictures
	flow      flow.Estimator     // of the true frames of videos
	device    torch.Device
	batch     int
	seed      int64
	reference string
	averaged  bool
	network   metrics.Network // nil for none
	lpips     *metrics.LPIPS  // nil for none
}

func newTranslationEval(does train.Translation, set data.Dataset, n int) *translationEval {
	v := &translationEval{does: does, set: set, n: min(n, set.Len()), paired: does.Paired}
	v.flow = flow.NewMemory(flow.NewLucasKanade(), remembered)
	if v.whole, _ = set.(wholePictures); v.whole != nil {
		v.n = min(n, v.whole.Photographs())
	}
	if known, ok := set.(interface{ Paired() bool }); ok {
		v.paired = known.Paired()
	}
	return v
}

func (v *translationEval) direction(back bool) string {
	from, to := v.does.Inputs[0], v.does.Target
	if back {
		from, to = to, from
	}
	return from + " to " + to
}

// target is the field of true pictures.
func (v *translationEval) target(back bool) string {
	if back {
		return v.does.Inputs[0]
	}
	return v.does.Target
}

// translate makes the translations of a batch.
func (v *translationEval) translate(model train.Translator, back bool) func(b *train.Batch) *torch.Tensor {
	torch.ManualSeed(v.seed)
	return func(b *train.Batch) *torch.Tensor { return translateTiled(model, b, back, 0) }
}

// input gives the inputs themselves, enlarged where the system enlarges; nil where they are no pictures like the targets.
func (v *translationEval) input(back bool) func(b *train.Batch) *torch.Tensor {
	from := v.does.Inputs[0]
	if back {
		from = v.does.Target
	}
	var like bool
	for _, f := range v.set.Fields() {
		if f.Name != from || f.Int64 {
			continue
		}
		for _, g := range v.set.Fields() {
			like = like || g.Name == v.target(back) && !g.Int64 && f.Shape[0] == g.Shape[0]
		}
	}
	if !like {
		return nil
	}
	return func(b *train.Batch) *torch.Tensor {
		x := b.Tensor(from)
		if s := v.does.Scale; s > 1 {
			x = translation.Bicubic(x, s)
		}
		return x
	}
}

// scores are those of pictures that a function makes of the test items, nil without one.
func (v *translationEval) scores(ctx context.Context, back bool, made func(b *train.Batch) *torch.Tensor) ([]metrics.Score, error) {
	if made == nil {
		return nil, nil
	}
	var out []metrics.Score
	if v.paired {
		pairs := v.newPaired()
		v.pictures = nil
		err := v.each(ctx, func(b *train.Batch) error {
			part := v.newPaired()
			if err := part.Add(made(b), b.Tensor(v.target(back))); err != nil {
				return err
			}
			pairs.Merge(part)
			if v.whole != nil {
				scores := map[string]float64{}
				for _, s := range part.Scores(v.reference) {
					scores[s.Metric] = s.Value
				}
				v.pictures = append(v.pictures, scores)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		out = pairs.Scores(v.reference)
	}
	if v.video != nil && !back {
		steady, err := v.warping(ctx, made)
		if err != nil {
			return nil, err
		}
		out = append(out, steady...)
	}
	if v.network == nil {
		return out, nil
	}
	real, err := v.collect(ctx, func(b *train.Batch) *torch.Tensor { return b.Tensor(v.target(back)) })
	if err != nil {
		return nil, err
	}
	fake, err := v.collect(ctx, made)
	if err != nil {
		return nil, err
	}
	shape := []int{}
	for _, f := range v.set.Fields() {
		if f.Name == v.target(back) {
			shape = f.Shape
		}
	}
	distance := &metrics.Evaluation{
		Network: v.network, Metrics: []string{"fd"}, Real: real,
		Sampling: metrics.Sampling{N: v.n, Reference: v.reference, Size: shape[1], Averaged: v.averaged, Seed: v.seed},
	}
	fd, err := distance.Scores(fake)
	return append(out, fd...), err
}

func (v *translationEval) newPaired() *metrics.Paired {
	pairs := &metrics.Paired{LPIPS: v.lpips, Net: "perceptual-EffNetLite0"}
	if v.does.Scale > 1 {
		pairs.Luma = v.does.Scale
	}
	return pairs
}

// collect takes in the pictures that a function makes of the test items.
func (v *translationEval) collect(ctx context.Context, pictures func(b *train.Batch) *torch.Tensor) (*metrics.Sample, error) {
	next := 0
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	sample, err := metrics.CollectPictures(ctx, v.network, v.n, v.batch, false, func(k int) *torch.Tensor {
		b, err := train.Items(v.set, next, k, v.device)
		if err != nil {
			stop(err)
			return torch.Zeros([]int{k, 3, 32, 32})
		}
		next += k
		return pictures(b)
	})
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	return sample, err
}

// wholePictures is a set whose pictures are scored whole, each in its own size, and not as items.
type wholePictures interface {
	Photographs() int
	Path(i int) string
	Whole(i int) ([]data.Array, error) // fields of one item
}

// each calls f with batches of the test items, each in a scope.
func (v *translationEval) each(ctx context.Context, f func(b *train.Batch) error) (err error) {
	batch := v.batch
	if v.whole != nil {
		batch = 1
	}
	for from := 0; from < v.n && err == nil; from += batch {
		if err := ctx.Err(); err != nil {
			return err
		}
		torch.Scope(func() {
			var b *train.Batch
			if v.whole != nil {
				var fields []data.Array
				if fields, err = v.whole.Whole(from); err == nil {
					b = train.Upload(fields, 1, v.device)
				}
			} else {
				b, err = train.Items(v.set, from, min(batch, v.n-from), v.device)
			}
			if err == nil {
				err = f(b)
			}
		})
	}
	return err
}
