//go:build gotorch

package gotorch_test

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	their "github.com/wangkuiyi/gotorch"
	theirnn "github.com/wangkuiyi/gotorch/nn"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/gotorch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/torchtest"
)

// FORGER_LEAK_STEPS=10000 (scripts/test-gotorch.sh) makes this test long enough to judge resident memory as well.
func TestStepsThroughTheBridgeLeaveNothingBehind(t *testing.T) {
	torchtest.NoLeaks(t)
	steps := 500
	if s := os.Getenv("FORGER_LEAK_STEPS"); s != "" {
		var err error
		steps, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	torch.ManualSeed(5)
	net := gotorch.FromModule(theirnn.Sequential(
		theirnn.Linear(64, 256, true), theirnn.Functional(their.Tanh), gotorch.ToModule(nn.NewLinear(256, 1))))
	opt := optim.NewAdam(nn.Parameters(net), optim.AdamOptions{})
	step := func() (loss float64) {
		runtime.GC()
		torch.Scope(func() {
			opt.ZeroGrad()
			l := net.Forward(torch.Randn([]int{64, 64})).Square().Mean()
			l.Backward()
			opt.Step()
			loss = l.Item()
		})
		return loss
	}
	step()
	before := torch.Live()
	var early float64
	for i := range steps {
		require.False(t, math.IsNaN(step()))
		require.Equal(t, before, torch.Live(), "after step %d", i)
		if i == 2*steps/5 { // the allocator has found its size by then
			early = residentBytes(t)
		}
	}
	late := residentBytes(t)
	t.Logf("%d steps: %d tensors alive before and after; resident memory %.1f MB after two fifths, %.1f MB at the end", steps, before, early/1e6, late/1e6)
	if steps >= 5000 { // a step makes 0.3 MB of gotorch's tensors: one step's left behind in a hundred would be 18 MB
		require.Less(t, late-early, 4e6)
	}
}

func residentBytes(t *testing.T) float64 {
	runtime.GC()
	text, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	require.NoError(t, err)
	return float64(pages * os.Getpagesize())
}

// A training step of a convolutional network: Forger's own layers, and gotorch's through the bridge.
func BenchmarkStep(b *testing.B) {
	ours := nn.NewSequential(nn.NewConv2d(1, 32, 4, nn.Conv{Stride: 2, Padding: 1}), nn.NewBatchNorm2d(32), nn.Tanh{},
		nn.NewConv2d(32, 64, 4, nn.Conv{Stride: 2, Padding: 1}), nn.NewBatchNorm2d(64), nn.Tanh{}, nn.NewConv2d(64, 1, 4))
	theirs := theirnn.Sequential(
		theirnn.Conv2d(1, 32, 4, 2, 1, 1, 1, true, "zeros"), theirnn.BatchNorm2d(32, 1e-5, 0.1, true, true), theirnn.Functional(their.Tanh),
		theirnn.Conv2d(32, 64, 4, 2, 1, 1, 1, true, "zeros"), theirnn.BatchNorm2d(64, 1e-5, 0.1, true, true), theirnn.Functional(their.Tanh),
		theirnn.Conv2d(64, 1, 4, 1, 0, 1, 1, true, "zeros"))
	for _, batch := range []int{1, 64} {
		for _, net := range []struct {
			name  string
			layer nn.Layer
			clean func()
		}{{"ours", ours, func() {}}, {"gotorch's", gotorch.FromModule(theirs), runtime.GC}} {
			b.Run(fmt.Sprintf("%s/batch=%d", net.name, batch), func(b *testing.B) {
				x := torch.Randn([]int{batch, 1, 16, 16})
				opt := optim.NewAdam(nn.Parameters(net.layer), optim.AdamOptions{})
				for b.Loop() {
					net.clean()
					torch.Scope(func() {
						opt.ZeroGrad()
						net.layer.Forward(x).Square().Mean().Backward()
						opt.Step()
					})
				}
			})
		}
	}
}

// What one crossing costs.
func BenchmarkToGoTorchAndBack(b *testing.B) {
	x := torch.Ones([]int{4}).Own()
	for b.Loop() {
		torch.Scope(func() { gotorch.FromGoTorch(gotorch.ToGoTorch(x)) })
	}
}
