package train_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim/schedule"
	"github.com/forgergan/forger/torch/torchtest"
)

// several takes one, two or three batches in turn.
type several struct {
	*watched
	batches []int              // of each step
	rate    *schedule.Schedule // of G by epochs, may be nil
}

func (s *several) Parts() train.Parts {
	p := s.watched.Parts()
	p.Batches = func(step int) int { return step%3 + 1 }
	if s.rate != nil {
		p.Schedules = []train.Schedule{{Name: "G", Scheduler: s.rate, Epochs: true}}
	}
	return p
}

func (s *several) Step(b *train.Batch) (m train.Metrics) {
	s.batches = append(s.batches, len(b.All()))
	for _, b := range b.All() {
		m = s.watched.Step(b)
	}
	return m
}

// severalIn opens a run of such steps as a new process would.
func severalIn(t *testing.T, dir string, set pictures, o train.Options) (*train.Run, *several) {
	t.Helper()
	m := &several{watched: newModel(t, tiny, o.Seed)}
	r, err := train.Open(dir, m, set, o)
	require.NoError(t, err)
	t.Cleanup(r.Close)
	return r, m
}

func TestAStepTakesTheBatchesThatTheModelAsksFor(t *testing.T) {
	torchtest.Native(t)
	o := options()
	o.Steps = 7
	dir := t.TempDir()
	r, m := severalIn(t, dir, set, o)
	require.NoError(t, r.Train(t.Context()))
	r.Close()
	require.Equal(t, []int{1, 2, 3, 1, 2, 3, 1}, m.batches)

	// The 13 batches are those of 13 steps of one batch each.
	o.Steps = 13
	one := t.TempDir()
	r, _ = open(t, one, o)
	require.NoError(t, r.Train(t.Context()))
	r.Close()
	torch.Scope(func() {
		a, b := newModel(t, tiny, 1), newModel(t, tiny, 2)
		require.NoError(t, train.LoadCheckpoint(latest(dir), a))
		require.NoError(t, train.LoadCheckpoint(latest(one), b))
		for i, n := range a.Parts().Networks {
			for k, p := range nn.Parameters(n.Module) {
				require.True(t, p.Equal(nn.Parameters(b.Parts().Networks[i].Module)[k]), "%s %d", n.Name, k)
			}
		}
	})
}

func TestAnEpochThatEndsWithinAStepCounts(t *testing.T) {
	torchtest.Native(t)
	o := options()
	o.Steps = 12 // 24 batches, three passes of 8, of which the first ends within a step
	r, m := severalIn(t, t.TempDir(), set, o)
	g := m.Parts().Optimizers[0].Optimizer
	m.rate = schedule.NewLambdaLR(g, func(epoch int) float64 { return 1 / float64(1+epoch) })
	require.NoError(t, r.Train(t.Context()))
	require.InDelta(t, 0.0002/4, g.Groups()[0].LR, 1e-12)
}

func TestARunWhoseDataFailWithinAStepGoesOnWithTheSameBatches(t *testing.T) {
	torchtest.Native(t)
	o := options()
	whole := t.TempDir()
	r, _ := severalIn(t, whole, set, o)
	require.NoError(t, r.Train(t.Context()))
	r.Close()
	for item := 1; item < set.items; item += 7 { // in the first, second and third batch of a step
		dir := t.TempDir()
		broken := set
		broken.torn = item
		r, _ := severalIn(t, dir, broken, o)
		require.ErrorContains(t, r.Train(t.Context()), "mend the data, then go on with: forger resume "+dir)
		r.Close()
		r, _ = severalIn(t, dir, set, o)
		require.NoError(t, r.Train(t.Context()))
		r.Close()
		require.Equal(t, content(t, latest(whole)), content(t, latest(dir)), "item %d", item)
	}
}

func TestWhatAStepTakesIsMeasuredWithAllItsBatches(t *testing.T) {
	torchtest.Native(t)
	o := options()
	o.Steps = 2
	r, m := severalIn(t, t.TempDir(), set, o)
	require.NoError(t, r.Train(t.Context()))
	m.batches = nil
	_, err := r.Measure()
	require.NoError(t, err)
	require.Equal(t, []int{3, 3, 3}, m.batches)
}
