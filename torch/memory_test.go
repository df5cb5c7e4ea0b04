package torch_test

import (
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn/initializer"
	"github.com/forgergan/forger/torch/torchtest"
)

// trainer is a small convolutional classifier with momentum: what a training step does, without the packages above.
type trainer struct {
	params, momenta []*torch.Tensor
	mean, variance  *torch.Tensor
}

func newTrainer() *trainer {
	m := &trainer{mean: torch.Zeros([]int{8}).Own(), variance: torch.Ones([]int{8}).Own()}
	for _, shape := range [][]int{{8, 3, 3, 3}, {8}, {8}, {10, 8 * 4 * 4}, {10}} {
		p := torch.Ones(shape).Own()
		if len(shape) > 1 {
			initializer.KaimingUniform(p, 0)
		}
		m.params = append(m.params, p.SetRequiresGrad(true))
		m.momenta = append(m.momenta, torch.Zeros(shape).Own())
	}
	return m
}

// step trains on one random batch; all that it makes dies with its scope.
func (m *trainer) step() (loss float64) {
	torch.Scope(func() {
		x := torch.Randn([]int{4, 3, 8, 8})
		y := torch.RandInt(0, 10, []int{4})
		h := torch.Conv2d(x, m.params[0], torch.Conv2dOptions{Padding: []int{1}})
		h = torch.BatchNorm(h, m.params[1], m.params[2], m.mean, m.variance, true, 0.1, 1e-5, true).ReLU().MaxPool2d([]int{2})
		l := torch.Linear(h.Flatten(torch.FlattenOptions{StartDim: 1}), m.params[3], torch.LinearOptions{Bias: m.params[4]}).CrossEntropyLoss(y)
		l.Backward()
		torch.NoGrad(func() {
			torch.ForeachMulScalarInPlace(m.momenta, 0.9)
			torch.ForeachAddInPlace(m.momenta, torch.Grads(m.params))
			torch.ForeachAddInPlace(m.params, m.momenta, torch.ForeachAddInPlaceOptions{Alpha: -0.01})
		})
		torch.ClearGrads(m.params)
		loss = l.Item()
	})
	return loss
}

// FORGER_LEAK_STEPS=10000 (scripts/leak.sh) makes this test long enough to judge resident memory as well.
func TestTrainingStepsLeaveNoTensorAndNoMemoryBehind(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	steps := 500
	if s := os.Getenv("FORGER_LEAK_STEPS"); s != "" {
		var err error
		steps, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	m := newTrainer()
	m.step() // the first one makes LibTorch's own caches
	before := torch.Live()
	var at, rss []float64
	for i := range steps {
		require.False(t, math.IsNaN(m.step()))
		require.Equal(t, before, torch.Live(), "after step %d", i)
		if i >= 2*steps/5 && i%50 == 0 { // the allocator has found its size by then
			at, rss = append(at, float64(i)), append(rss, residentBytes(t))
		}
	}
	slope, deviation := line(at, rss)
	t.Logf("%d steps: %d tensors alive before and after; resident memory %.1f MB, slope %.1f ± %.1f bytes a step",
		steps, before, rss[len(rss)-1]/1e6, slope, deviation)
	if steps >= 5000 {
		require.Less(t, slope, max(100, 3*deviation), "bytes of resident memory a step")
	}
}

// A panic in the middle of a step must not leave anything behind either.
func TestStepsThatPanicLeaveNoTensorBehind(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	m := newTrainer()
	m.step()
	before := torch.Live()
	for range 100 {
		require.Error(t, torch.Try(func() {
			torch.Scope(func() {
				m.step()
				x := torch.Randn([]int{2, 2})
				torch.NoGrad(func() { x.MM(torch.Ones([]int{3, 3})) })
			})
		}))
		require.Equal(t, before, torch.Live())
		require.True(t, torch.GradEnabled())
	}
}

// residentBytes is the process's resident memory after a collection.
func residentBytes(t *testing.T) float64 {
	runtime.GC()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("resident memory is read on Linux only")
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	require.NoError(t, err)
	return float64(pages * os.Getpagesize())
}

// line fits y = a + slope·x and gives the standard deviation of the slope.
func line(x, y []float64) (slope, deviation float64) {
	n, mx, my := float64(len(x)), 0.0, 0.0
	for i := range x {
		mx, my = mx+x[i]/n, my+y[i]/n
	}
	var xx, xy, rest float64
	for i := range x {
		xx, xy = xx+(x[i]-mx)*(x[i]-mx), xy+(x[i]-mx)*(y[i]-my)
	}
	slope = xy / xx
	for i := range x {
		d := y[i] - my - slope*(x[i]-mx)
		rest += d * d
	}
	return slope, math.Sqrt(rest / (n - 2) / xx)
}
