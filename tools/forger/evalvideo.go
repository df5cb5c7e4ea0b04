package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"

	"github.com/forgergan/forger/gan/metrics"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/video"
)

// videos scores a system that makes videos, on every frame of the test sequences but those that it is given.
func (e *evaluation) videos(model train.Sequencer) error {
	set, err := e.open(data.Test)
	if err != nil {
		return err
	}
	frames, err := frameByFrame(set)
	if err != nil {
		return err
	}
	does := model.Sequence()
	items, err := newScoredFrames(frames, does.First)
	if err != nil {
		return err
	}
	v := newTranslationEval(does.Translation, items, e.n)
	v.video = items.video
	return e.scoreTranslations(v, model, func(bool) func(b *train.Batch) *torch.Tensor {
		torch.ManualSeed(v.seed)
		next := 0
		return func(b *train.Batch) *torch.Tensor {
			var made []*torch.Tensor
			for k := range b.Len {
				made = append(made, items.next(model, b, k, next, v.device))
				next = (next + 1) % v.n
			}
			return torch.Cat(made)
		}
	})
}

// scoredFrames is a set of single frames, with the fields that Next takes, of videos from which the first frames are left out.
type scoredFrames struct {
	*video.Set
	skip   int
	items  []int                  // of the set with all frames
	before map[int][][]data.Array // the fields of the frames that are left out, by sequence
}

func newScoredFrames(set *video.Set, skip int) (*scoredFrames, error) {
	s := &scoredFrames{Set: set, skip: skip, before: map[int][][]data.Array{}}
	for i := range set.Len() {
		sequence, frame := set.Sequence(i)
		if frame >= skip {
			s.items = append(s.items, i)
			continue
		}
		fields, err := frameFields(set, i)
		if err != nil {
			return nil, err
		}
		s.before[sequence] = append(s.before[sequence], fields)
	}
	if len(s.items) < 2 {
		return nil, fmt.Errorf("%s: besides the %d frames that each video begins with there are %d to score, and two are needed", set.Name(), skip, len(s.items))
	}
	return s, nil
}

// Len implements [data.Dataset].
func (s *scoredFrames) Len() int { return len(s.items) }

// Fields implements [data.Dataset]: those of the set without the frames of a window.
func (s *scoredFrames) Fields() []data.Field {
	fields := slices.Clone(s.Set.Fields())
	for i, f := range fields {
		if fields[i].Shape = f.Shape[1:]; f.Int64 {
			fields[i].Shape = f.Shape[2:]
		}
	}
	return fields
}

// Read implements [data.Dataset].
func (s *scoredFrames) Read(i int, rng *rand.Rand, row []data.Array) error {
	return s.Set.Read(s.items[i], rng, row)
}

// video is the name of the sequence of item i.
func (s *scoredFrames) video(i int) string {
	k, _ := s.Sequence(s.items[i])
	return fmt.Sprint(k)
}

// next makes frame k of a batch, which is item i. At the beginning of a sequence it gives the model the frames before.
func (s *scoredFrames) next(model train.Sequencer, b *train.Batch, k, i int, device torch.Device) *torch.Tensor {
	if sequence, frame := s.Sequence(s.items[i]); frame == s.skip {
		var first []data.Array
		for _, fields := range s.before[sequence] {
			first = append(first, fields[len(fields)-1])
		}
		beginVideo(model, first, model.Sequence().Multiple, device)
		for _, fields := range s.before[sequence] {
			model.Next(train.Upload(fields, 1, device))
		}
	}
	one := map[string]*torch.Tensor{}
	for _, name := range model.Sequence().Inputs {
		one[name] = b.Tensor(name).Narrow(0, k, 1)
	}
	return model.Next(train.NewBatch(one))
}

// remembered is how many bytes of flows are kept, so that those of the true frames are estimated once for all that is scored.
const remembered = 512 << 20

// videoOf tells the sequences of a set of pictures by their folders, where they are known to be frames or --video says so.
func (e *evaluation) videoOf(set data.Dataset) func(i int) string {
	known := e.saved.Data == "vtest" || e.saved.Data == "carphone"
	files, ok := set.(interface{ Path(i int) string })
	if !ok || !known && !e.c.Bool("video") || e.c.IsSet("video") && !e.c.Bool("video") {
		return nil
	}
	return func(i int) string { return filepath.Dir(files.Path(i)) }
}

// warping are the warping errors of frames that a function makes of the test items.
func (v *translationEval) warping(ctx context.Context, made func(b *train.Batch) *torch.Tensor) ([]metrics.Score, error) {
	steady := &metrics.Warping{Estimator: v.flow}
	target := v.target(false)
	var before, trueBefore *torch.Tensor // the last frame of the batch before
	free := func() {
		if before != nil {
			before.Free()
			trueBefore.Free()
		}
	}
	defer func() { free() }()
	next := 0
	err := v.each(ctx, func(b *train.Batch) error {
		x, y := made(b), b.Tensor(target)
		for k := range b.Len {
			frame, truth := x.Narrow(0, k, 1), y.Narrow(0, k, 1)
			if next > 0 && v.video(next) == v.video(next-1) {
				if err := steady.Add(torch.Cat([]*torch.Tensor{before, frame}), torch.Cat([]*torch.Tensor{trueBefore, truth})); err != nil {
					return err
				}
			}
			next++
			free()
			before, trueBefore = frame.Clone().Own(), truth.Clone().Own()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	scores := steady.Scores(v.reference)
	if len(scores) == 0 {
		return nil, fmt.Errorf("%s: of %d frames no two follow each other: take more with --n", v.set.Name(), v.n)
	}
	return scores, nil
}
