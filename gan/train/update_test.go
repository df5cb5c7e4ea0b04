package train_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/train/runlog"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
	"github.com/forgergan/forger/torch/torchtest"
)

// scheduled is a model with a schedule by steps and one by epochs, and an average of its own.
type scheduled struct {
	*watched
	schedules []train.Schedule
}

func newScheduled(t *testing.T, seed int64) *scheduled {
	m := &scheduled{watched: newModel(t, tiny, seed)}
	o := m.watched.Parts().Optimizers
	m.schedules = []train.Schedule{
		{Name: "G", Scheduler: schedule.NewLinearLR(o[0].Optimizer, 1, 0.1, 30)},
		{Name: "D", Scheduler: schedule.NewStepLR(o[1].Optimizer, 1, 0.5), Epochs: true},
	}
	return m
}

func (s *scheduled) Parts() train.Parts {
	p := s.watched.Parts()
	p.Schedules, p.Average = s.schedules, optim.Constant(0.9)
	return p
}

// brightness is an evaluator whose score is the mean of 8 pictures.
func brightness() train.Evaluator {
	return train.Evaluator{Name: "brightness", Evaluate: func(_ context.Context, m train.Model) (float64, string, error) {
		return m.(train.Sampler).Sample(8).Mean().Item(), "brightness[N=8]", nil
	}}
}

// everything asks for all that a checkpoint has to remember.
func everything() train.Options {
	o := options()
	o.EMA, o.AMP, o.Accumulate, o.Clip = "0.99", "fp16", 2, 5
	o.Evaluators, o.EvalEvery, o.Standing = []train.Evaluator{brightness()}, 3, 2
	return o
}

// said is what a checkpoint says beside its tensors, but for the time.
func said(t *testing.T, path string) map[string]any {
	f, err := checkpoint.Open(path)
	require.NoError(t, err)
	defer f.Close()
	var out map[string]any
	require.NoError(t, json.Unmarshal([]byte(f.Metadata()["forger.run"]), &out))
	delete(out, "seconds")
	return out
}

func TestARunWithEveryOptionInterruptedAnywhereEndsWithTheBitsOfAnUnbrokenOne(t *testing.T) {
	torchtest.Native(t)
	run := func(dir string, stops ...int) {
		for _, stop := range append(stops, -1) {
			m := newScheduled(t, 3)
			r, err := train.Open(dir, m, set, everything())
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			m.before = func(n int) {
				if n == stop {
					cancel()
				}
			}
			err = r.Train(ctx)
			if stop < 0 {
				require.NoError(t, err)
			} else {
				require.ErrorAs(t, err, new(*train.Interrupted))
			}
			r.Close()
		}
	}
	whole := t.TempDir()
	run(whole)
	for _, stops := range [][]int{{1}, {3}, {6, 1, 5}} {
		dir := t.TempDir()
		run(dir, stops...)
		for _, name := range []string{"latest", "best"} {
			a, b := filepath.Join(whole, "checkpoints", name+".safetensors"), filepath.Join(dir, "checkpoints", name+".safetensors")
			require.Equal(t, content(t, a), content(t, b), "%s, stopped after %v steps", name, stops)
			require.Equal(t, said(t, a), said(t, b))
		}
		require.Equal(t, scalars(t, whole), scalars(t, dir))
		require.Equal(t, logged(t, whole), logged(t, dir))
	}

	p := said(t, latest(whole))
	require.EqualValues(t, 20, p["ema_updates"])
	require.NotEmpty(t, p["scaler"])
	require.Len(t, p["schedules"], 2)
	records, err := runlog.Read(filepath.Join(whole, "log.jsonl"))
	require.NoError(t, err)
	best, at := 2.0, 0
	for _, r := range records {
		if s, ok := r.Scores["brightness[N=8]"]; ok && s < best {
			best, at = s, r.Step
		}
	}
	require.Equal(t, map[string]any{"name": "brightness", "protocol": "brightness[N=8]", "score": best, "step": float64(at)}, p["best"])
	require.InDelta(t, 2e-4*(1-0.9*20/30), records[len(records)-1].Stats["lr/G"], 1e-12)
	require.InDelta(t, 2e-4/4, records[len(records)-1].Stats["lr/D"], 1e-12, "two epochs")
	require.Contains(t, read(t, whole, "report.html"), "Best brightness")
}

func TestScoringARunDoesNotChangeIt(t *testing.T) {
	torchtest.Native(t)
	o := options()
	plain := content(t, latest(trained(t, o)))
	o.Evaluators, o.EvalEvery, o.Standing = []train.Evaluator{brightness()}, 2, 3
	require.Equal(t, plain, content(t, latest(trained(t, o))))
}

func TestAScoreThatFailsIsAWarning(t *testing.T) {
	torchtest.Native(t)
	var progress bytes.Buffer
	o := options()
	o.EvalEvery, o.Progress = 10, &progress
	o.Evaluators = []train.Evaluator{
		{Name: "FD", Evaluate: func(context.Context, train.Model) (float64, string, error) {
			return 0, "", errors.New("the test pictures are gone")
		}},
		{Name: "IS", Evaluate: func(context.Context, train.Model) (float64, string, error) {
			torch.Ones([]int{2}).Add(torch.Ones([]int{3}))
			return 0, "", nil
		}},
	}
	dir := trained(t, o)
	for _, step := range []string{"10", "20"} {
		require.Contains(t, progress.String(), "step "+step+": training goes on without FD: the test pictures are gone\n")
		require.Contains(t, progress.String(), "step "+step+": training goes on without IS: torch.Add: ")
	}
	require.Equal(t, []string{"000007", "000014", "000020", "latest"}, names(t, dir, "checkpoints/*"))
}

func TestTheBestCheckpointStaysWhenItsStepIsNoLongerKept(t *testing.T) {
	torchtest.Native(t)
	o := options()
	o.Every, o.Keep, o.EvalEvery = 2, 1, 4
	calls := 0.0
	o.Evaluators = []train.Evaluator{{Name: "IS", Higher: true, Evaluate: func(context.Context, train.Model) (float64, string, error) {
		calls++
		return -(calls - 2) * (calls - 2), "IS[N=1]", nil
	}}}
	dir := trained(t, o)
	require.Equal(t, []string{"000020", "best", "latest"}, names(t, dir, "checkpoints/*"))
	best := said(t, filepath.Join(dir, "checkpoints", "best.safetensors"))
	require.EqualValues(t, 8, best["step"])
	require.Equal(t, best["best"], said(t, latest(dir))["best"])
}

func TestAnAverageFollowsTheWeightsAndIsWhatSamplesAreMadeWith(t *testing.T) {
	torchtest.Native(t)
	o := options()
	o.EMA, o.Steps = "0.5:constant", 1
	m := newModel(t, tiny, o.Seed)
	var before []*torch.Tensor
	for _, p := range nn.Parameters(m.Parts().Networks[0].Module) {
		before = append(before, p.Clone())
	}
	dir := t.TempDir()
	r, err := train.Open(dir, m, set, o)
	require.NoError(t, err)
	require.NoError(t, r.Train(t.Context()))
	r.Close()

	averaged, raw := newModel(t, tiny, 9), newModel(t, tiny, 9)
	require.NoError(t, train.LoadCheckpoint(latest(dir), averaged))
	require.NoError(t, train.LoadCheckpoint(latest(dir), raw, train.LoadOptions{Raw: true}))
	last := nn.Parameters(m.Parts().Networks[0].Module)
	mean, rough := nn.Parameters(averaged.Parts().Networks[0].Module), nn.Parameters(raw.Parts().Networks[0].Module)
	for i := range last {
		require.True(t, last[i].Equal(rough[i]))
		require.True(t, near(before[i].Add(last[i]).MulScalar(0.5), mean[i], 1e-8))
		require.False(t, last[i].Equal(mean[i]))
	}
	saved, err := train.ReadSettings(dir)
	require.NoError(t, err)
	require.True(t, saved.Averaged)
	require.Equal(t, "0.5:constant", saved.EMA)

	o.EMA = "0.9"
	require.Contains(t, refused(t, dir, tiny, set, o), "--ema 0.5:constant, now with --ema 0.9")
}

func TestADecayIsReadAsPeopleWriteIt(t *testing.T) {
	for text, want := range map[string]float64{"0.999": 0.999, "0.9:constant": 0.9, "6400img": 0.5} {
		d, err := train.ParseEMA(text, 6400)
		require.NoError(t, err)
		require.InDelta(t, want, d(1_000_000), 1e-12, text)
	}
	warm, err := train.ParseEMA("0.999", 64)
	require.NoError(t, err)
	require.Equal(t, 0.1, warm(0))
	off, err := train.ParseEMA("off", 64)
	require.NoError(t, err)
	require.Nil(t, off)
	for _, text := range []string{"1", "0", "-1", "NaN", "img", "-5img", "0.9:linear", "yes"} {
		_, err := train.ParseEMA(text, 64)
		require.ErrorContains(t, err, "--ema "+text+" is no decay")
	}
}

func TestStandingStatisticsMakeAPictureIndependentOfItsBatch(t *testing.T) {
	torchtest.Native(t)
	m := newModel(t, tiny, 1)
	leave, err := train.Standing(m, 4, 16)
	require.NoError(t, err)
	torch.Scope(func() {
		sample := func(n int) *torch.Tensor {
			torch.ManualSeed(7)
			return m.Sample(n).Narrow(0, 0, 2)
		}
		require.True(t, near(sample(2), sample(32), 1e-6))
		leave()
		require.False(t, near(sample(2), sample(32), 1e-3))
	})
}

// near reports whether no element differs by more than that.
func near(a, b *torch.Tensor, most float64) bool { return a.Sub(b).Abs().Max().Item() <= most }

// A line is a model of one weight: no batch norm, so that parts of a batch add up to it.
type line struct {
	train.Model
	l     *nn.Linear
	opt   *optim.SGD
	plain bool
}

func newLine(t *testing.T) *line {
	l := &line{Model: newModel(t, tiny, 1)}
	torch.ManualSeed(2)
	l.l = nn.NewLinear(256, 1)
	l.opt = optim.NewSGD(nn.Parameters(l.l), optim.SGDOptions{LR: 0.1})
	return l
}

func (l *line) Parts() train.Parts {
	return train.Parts{Networks: []train.Network{{Name: "L", Module: l.l}}, Optimizers: []train.Optimizer{{Name: "L", Optimizer: l.opt}}}
}

func (l *line) Step(b *train.Batch) (m train.Metrics) {
	l.opt.ZeroGrad()
	if l.plain {
		loss := l.l.Forward(b.Images().Reshape(b.Len, -1)).Square().Mean()
		loss.Backward()
		l.opt.Step()
		return train.Metrics{Losses: []train.Value{{Name: "L", Value: loss}}}
	}
	for _, part := range b.Parts() {
		loss := l.l.Forward(part.Images().Reshape(part.Len, -1)).Square().Mean()
		part.Backward(loss)
		m.Losses = append(m.Losses, train.Value{Name: "L", Value: loss})
	}
	b.Step(l.opt)
	return m
}

func trainLine(t *testing.T, change func(l *line, o *train.Options)) (*line, error) {
	l, o := newLine(t), options()
	o.Sample = 1000
	change(l, &o)
	r, err := train.Open(t.TempDir(), l, set, o)
	require.NoError(t, err)
	defer r.Close()
	return l, r.Train(t.Context())
}

func TestPartsOfABatchAddUpToIt(t *testing.T) {
	torchtest.Native(t)
	plain, err := trainLine(t, func(l *line, o *train.Options) { l.plain = true })
	require.NoError(t, err)
	for _, parts := range []int{1, 2, 3, 8} { // 3 makes parts of 2, 3 and 3
		l, err := trainLine(t, func(l *line, o *train.Options) { o.Accumulate = parts })
		require.NoError(t, err)
		require.Equal(t, parts == 1, plain.l.Weight.Equal(l.l.Weight))
		require.True(t, near(plain.l.Weight, l.l.Weight, 1e-6), "%d parts", parts)
	}
}

func TestAnOptionThatAStepGivesNoRoomToIsRefused(t *testing.T) {
	torchtest.Native(t)
	for want, change := range map[string]func(*train.Options){
		"--accumulate is not for dcgan, whose Step does not use the trainer's Batch.Parts":                 func(o *train.Options) { o.Accumulate = 2 },
		"--amp fp16 is not for dcgan, whose Step does not use the trainer's Batch.Backward and Batch.Step": func(o *train.Options) { o.AMP = "fp16" },
		"--clip is not for dcgan, whose Step does not use the trainer's Batch.Step":                        func(o *train.Options) { o.Clip = 1 },
	} {
		_, err := trainLine(t, func(l *line, o *train.Options) {
			l.plain = true
			change(o)
		})
		require.EqualError(t, err, want)
	}
	l, o := newLine(t), options()
	o.EMA = "0.9"
	_, err := train.Open(t.TempDir(), l, set, o)
	require.EqualError(t, err, "train: --ema is not for dcgan, which marks no network as its generator")
	_, err = train.Standing(l, 1, 1)
	require.EqualError(t, err, "train: standing statistics are made of samples, but dcgan makes no pictures of random numbers alone")
}

func TestClippingLimitsTheStep(t *testing.T) {
	torchtest.Native(t)
	start := newLine(t).l.Weight.Clone()
	l, err := trainLine(t, func(l *line, o *train.Options) { o.Clip, o.Steps = 1e-3, 1 })
	require.NoError(t, err)
	require.LessOrEqual(t, l.l.Weight.Sub(start).Square().Sum().Sqrt().Item(), 0.1*1.001e-3)
}

func TestMixedPrecisionTrainsFloat32WeightsOnOtherRounding(t *testing.T) {
	torchtest.Native(t)
	exact, err := trainLine(t, func(*line, *train.Options) {})
	require.NoError(t, err)
	for _, amp := range []string{"bf16", "fp16"} {
		l, err := trainLine(t, func(l *line, o *train.Options) { o.AMP = amp })
		require.NoError(t, err)
		require.Equal(t, torch.Float32, l.l.Weight.DType())
		require.False(t, exact.l.Weight.Equal(l.l.Weight))
		require.True(t, near(exact.l.Weight, l.l.Weight, 0.02), amp)
	}
}
