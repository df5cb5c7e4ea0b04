package train_test

import (
	"bytes"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// poisoned is a set with an item of NaN, which comes first in the fourth step of each pass or later.
var poisoned = pictures{items: 64, bad: 2}

// on opens a run on another set and lets before see the run and each step.
func on(t *testing.T, dir string, set data.Dataset, o train.Options, before func(r *train.Run, m *watched, made int)) *train.Run {
	t.Helper()
	m := newModel(t, tiny, o.Seed)
	r, err := train.Open(dir, m, set, o)
	require.NoError(t, err)
	t.Cleanup(r.Close)
	if before != nil {
		m.before = func(made int) { before(r, m, made) }
	}
	return r
}

func TestNumbersThatAreNotFiniteTakeTheRunBackAndItGoesOn(t *testing.T) {
	torchtest.Native(t)
	var progress bytes.Buffer
	dir, o := t.TempDir(), options()
	o.Every, o.Progress = 3, &progress
	r := on(t, dir, poisoned, o, nil)
	require.NoError(t, r.Train(t.Context()))
	r.Close()
	require.Regexp(t, `dcgan: at step \d+ .* not finite.*\ngoing back from step \d+ to the checkpoint of step \d+, on with other batches and random numbers \(1 of 3\)`, progress.String())
	require.Equal(t, []int{2, 3, 4, 5, 6, 8, 9, 10, 12, 14, 15, 16, 18, 20}, logged(t, dir), "no step is lacking and none is there twice")
	shown := scalars(t, dir)["loss/G"]
	require.Len(t, shown, 14)
	for _, point := range shown {
		require.False(t, math.IsNaN(point[1]))
	}
}

// A process that dies after it went back, before the next checkpoint, goes back in the same way when it is resumed.
func TestARunThatWentBackAndIsKilledEndsWithTheSameBits(t *testing.T) {
	torchtest.Native(t)
	o := options()
	o.Every = 3
	whole := t.TempDir()
	r := on(t, whole, poisoned, o, nil)
	require.NoError(t, r.Train(t.Context()))
	r.Close()
	for kill := 5; kill < 14; kill++ {
		dir := t.TempDir()
		r := on(t, dir, poisoned, o, func(_ *train.Run, _ *watched, made int) {
			if made == kill {
				panic("killed")
			}
		})
		require.ErrorContains(t, r.Train(t.Context()), "killed")
		r.Close()
		r = on(t, dir, poisoned, o, nil)
		require.NoError(t, r.Train(t.Context()))
		r.Close()
		require.Equal(t, content(t, latest(whole)), content(t, latest(dir)), "killed in step %d", kill)
		require.Equal(t, logged(t, whole), logged(t, dir))
	}
}

func TestARunThatDivergesFromOneCheckpointAgainAndAgainGivesUp(t *testing.T) {
	torchtest.Native(t)
	var progress bytes.Buffer
	dir, o := t.TempDir(), options()
	o.Progress = &progress
	r := on(t, dir, set, o, func(r *train.Run, m *watched, _ int) {
		if r.Step() == 9 {
			torch.NoGrad(func() { nn.Parameters(m.Parts().Networks[1].Module)[0].FillInPlace(math.NaN()) })
		}
	})
	require.Regexp(t, `^dcgan: at step 1\d .*, the fourth time after the last checkpoint, which is kept: start another run with a lower learning rate or another seed$`, fails(t, dir, r))
	require.Equal(t, 3, bytes.Count(progress.Bytes(), []byte("going back from step")))
	require.Equal(t, []string{"000007", "latest"}, names(t, dir, "checkpoints/*"))
}

func TestAPanicInARecipeIsAnErrorWithItsStackInAFile(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	t.Run("of a run", func(t *testing.T) {
		dir := t.TempDir()
		r := on(t, dir, set, options(), func(_ *train.Run, _ *watched, made int) {
			if made == 9 {
				var none []int
				_ = none[made]
			}
		})
		stack := filepath.Join(dir, "panic.txt")
		require.Equal(t, "dcgan: step 9 panicked: runtime error: index out of range [9] with length 0; the stack is in "+stack, fails(t, dir, r))
		require.Contains(t, read(t, dir, "panic.txt"), "guard_test.go")
		require.Equal(t, []string{"000007", "latest"}, names(t, dir, "checkpoints/*"))
	})
}

func TestMemoryThatIsNotEnoughIsOneSentence(t *testing.T) {
	torchtest.Native(t)
	dir := t.TempDir()
	r := on(t, dir, set, options(), func(_ *train.Run, _ *watched, made int) {
		if made == 9 {
			panic(&torch.OutOfMemory{Op: "Conv2d", Msg: "tried to allocate 80 GiB"})
		}
	})
	require.Equal(t, "dcgan: step 9: cpu has no room for a batch of 8 (tried to allocate 80 GiB); take a smaller --batch or --accumulate 2", fails(t, dir, r))
}

func TestWhatAStepTakesGrowsWithItsBatch(t *testing.T) {
	torchtest.Native(t)
	o := options()
	o.EMA = "0.9"
	r := on(t, t.TempDir(), set, o, nil)
	m, err := r.Measure()
	require.NoError(t, err)
	var parameters, buffers int
	for _, n := range newModel(t, tiny, 1).Parts().Networks {
		parameters += 4 * nn.NumParameters(n.Module)
		for _, e := range nn.StateDict(n.Module) {
			if e.Buffer {
				buffers += e.Tensor.Numel() * e.Tensor.DType().Size()
			}
		}
	}
	require.Equal(t, parameters, m.Gradients)
	require.Equal(t, parameters+buffers, m.Weights)
	require.Greater(t, m.Optimizers, 2*parameters)
	require.Greater(t, m.Average, 0)
	require.Positive(t, m.Rest)
	require.Equal(t, m.Of(8)+8*m.PerItem, m.Of(16))
}

// counted is a model that notes how large its batches are.
type counted struct {
	train.Sampler
	lens []int
}

func (c *counted) Step(b *train.Batch) train.Metrics {
	c.lens = append(c.lens, b.Len)
	return c.Sampler.Step(b)
}

func TestAStepIsMeasuredOnBatchesLikeThoseOfTheRun(t *testing.T) {
	torchtest.Native(t)
	for _, test := range []struct {
		batch int
		lens  []int
	}{{64, []int{2, 2, 16}}, {8, []int{2, 2, 8}}, {2, []int{2, 2, 3}}, {1, []int{1, 1, 2}}} {
		o := options()
		o.Batch = test.batch
		m := &counted{Sampler: newModel(t, tiny, 1)}
		r, err := train.Open(t.TempDir(), m, set, o)
		require.NoError(t, err)
		memory, err := r.Measure()
		r.Close()
		require.NoError(t, err)
		require.Equal(t, test.lens, m.lens)
		require.Equal(t, [2]int(test.lens[1:]), memory.Batches)
	}
}

func TestAStepIsMeasuredWhereOnlyTheSmallerBatchFits(t *testing.T) {
	torchtest.Native(t)
	o := options()
	o.Batch = 1
	r := on(t, t.TempDir(), set, o, func(_ *train.Run, _ *watched, made int) {
		if made == 3 {
			panic(&torch.OutOfMemory{Op: "Conv2d", Msg: "tried to allocate 80 GiB"})
		}
	})
	m, err := r.Measure()
	require.NoError(t, err)
	require.Equal(t, [2]int{1, 1}, m.Batches)
	require.Positive(t, m.PerItem)
	require.Zero(t, m.Rest)
}

// told is a model whose statistics and pictures are made up.
type told struct {
	train.Model
	real, fake float64
	same       bool
}

func (m told) Step(b *train.Batch) train.Metrics {
	out := m.Model.Step(b)
	out.Stats = []train.Value{{Name: "D(real)", Value: torch.Of(float32(m.real))}, {Name: "D(fake)", Value: torch.Of(float32(m.fake))}}
	return out
}

func (m told) Preview() *torch.Tensor {
	x := m.Model.Preview()
	if m.same {
		x = x.Narrow(0, 0, 1).ExpandAs(x)
	}
	return x
}

func TestARunThatGetsNowhereIsWarnedOfOnce(t *testing.T) {
	torchtest.Native(t)
	const won, collapsed = "D tells all pictures apart (D(real) ", "the pictures of the grid are nearly the same"
	for _, test := range []struct {
		m    told
		want []string
	}{
		{told{real: 0.999, fake: 0.001}, []string{won}},
		{told{real: 0.999, fake: 0.4}, nil},
		{told{real: 5, fake: -5}, nil}, // scores of a critic
		{told{real: 0.6, fake: 0.4, same: true}, []string{collapsed}},
	} {
		var progress bytes.Buffer
		test.m.Model = newModel(t, tiny, 3)
		o := options()
		o.Steps, o.Log, o.Sample, o.Progress = 140, 1, 20, &progress
		r, err := train.Open(t.TempDir(), test.m, set, o)
		require.NoError(t, err)
		require.NoError(t, r.Train(t.Context()))
		r.Close()
		require.NotContains(t, progress.String(), "step 80: "+collapsed, "a network may begin so")
		for _, text := range []string{won, collapsed} {
			want := 0
			for _, w := range test.want {
				if w == text {
					want = 1
				}
			}
			require.Equal(t, want, bytes.Count(progress.Bytes(), []byte(text)), progress.String())
		}
	}
}
