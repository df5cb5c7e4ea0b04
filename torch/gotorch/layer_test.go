//go:build gotorch

package gotorch_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	their "github.com/wangkuiyi/gotorch"
	theirnn "github.com/wangkuiyi/gotorch/nn"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/gotorch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestAGotorchProgramTrainsForgersLayers(t *testing.T) {
	torchtest.NoLeaks(t)
	torch.ManualSeed(4)
	ours := nn.NewSequential(nn.NewLinear(6, 8), nn.NewBatchNorm1d(8), nn.Tanh{})
	layer := gotorch.ToModule(ours)
	net := theirnn.Sequential(layer, theirnn.Linear(8, 1, true))
	require.Len(t, net.Parameters(), 4+2)
	require.Len(t, net.Buffers(), 3)
	require.Contains(t, net.NamedParameters(), "SequentialModule.Modules[0].Weights[3]")

	opt := their.Adam(0.02, 0.9, 0.999, 0)
	opt.AddParameters(net.Parameters())
	x, y := their.RandN([]int64{32, 6}, false), their.RandN([]int64{32, 1}, false)
	var first, last float32
	for i := range 60 {
		opt.ZeroGrad()
		d := their.Sub(net.Forward(x).(their.Tensor), y, 1)
		loss := their.Mul(d, d).Mean()
		loss.Backward()
		opt.Step()
		if last = loss.Item().(float32); i == 0 {
			first = last
		}
	}
	require.Less(t, last, first/2)
	torch.Scope(func() {
		require.Equal(t, 60, named(t, ours, "1.num_batches_tracked").Int())
		require.NotNil(t, named(t, ours, "0.weight").Grad(), "the parameters are our layer's own")
	})
}

func TestGotorchsTrainSwitchesForgersLayers(t *testing.T) {
	torchtest.NoLeaks(t)
	layer := gotorch.ToModule(nn.NewSequential(nn.NewDropout(0.5)))
	parent := theirnn.Sequential(layer)
	x := their.Ones([]int64{1000}, false)
	dropped := func(m interface{ Forward(...any) any }) bool { return !their.Equal(x, m.Forward(x).(their.Tensor)) }
	alone := theirnn.Sequential(layer) // whose own mode nobody changes
	require.True(t, dropped(parent))
	parent.Train(false)
	require.False(t, dropped(parent), "by the parent")
	layer.Train(true)
	require.True(t, dropped(alone), "by itself")
}

func TestWhatALayerMakesIsFreedWhenItReturns(t *testing.T) {
	torchtest.NoLeaks(t)
	layer := gotorch.ToModule(nn.NewSequential(nn.NewLinear(4, 4), nn.Tanh{}, nn.NewLinear(4, 4)))
	x := their.RandN([]int64{2, 4}, false)
	before := torch.Live()
	y := layer.Forward(x)
	require.Equal(t, before, torch.Live())
	require.Equal(t, []int64{2, 4}, y.Shape())
}
