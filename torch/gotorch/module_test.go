//go:build gotorch

package gotorch_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	their "github.com/wangkuiyi/gotorch"
	theirnn "github.com/wangkuiyi/gotorch/nn"
	F "github.com/wangkuiyi/gotorch/nn/functional"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/gotorch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/torchtest"
)

// block is a module with every kind of field that gotorch knows.
type block struct {
	theirnn.Module
	Main      *theirnn.SequentialModule
	FC1       *theirnn.LinearModule
	Heads     []*theirnn.LinearModule
	Absent    *theirnn.LinearModule
	Scales    []their.Tensor
	MeanPower their.Tensor `gotorch:"buffer"`
	TheBias   their.Tensor
	Tied      their.Tensor
	Width     int
}

func newBlock() *block {
	b := &block{
		Main: theirnn.Sequential(
			theirnn.Conv2d(1, 4, 3, 1, 1, 1, 1, false, "zeros"), theirnn.BatchNorm2d(4, 1e-5, 0.1, true, true),
			theirnn.Functional(func(x their.Tensor) their.Tensor { return F.LeakyRelu(x, 0.2, true) }),
		),
		FC1:       theirnn.Linear(4, 3, true),
		Heads:     []*theirnn.LinearModule{theirnn.Linear(3, 2, false), theirnn.Linear(3, 2, true)},
		Scales:    []their.Tensor{their.Ones([]int64{1}, true), their.Ones([]int64{1}, true)},
		MeanPower: their.Ones([]int64{1}, false),
		TheBias:   their.Ones([]int64{2}, true),
	}
	b.Tied = b.TheBias
	b.Init(b)
	return b
}

// Forward maps (N, 1, H, W) to (N, 2).
func (b *block) Forward(x their.Tensor) their.Tensor {
	h := F.AdaptiveAvgPool2d(b.Main.Forward(x).(their.Tensor), []int64{1, 1})
	h = b.FC1.Forward(h.View(-1, 4))
	h = their.Add(b.Heads[0].Forward(h), b.Heads[1].Forward(h), 1)
	return their.Add(their.Mul(h, b.Scales[0]), b.TheBias, 1)
}

func TestAModulesTensorsHavePyTorchsNamesAndOrder(t *testing.T) {
	torchtest.NoLeaks(t)
	b := newBlock()
	m := gotorch.FromModule(b)
	var names, buffers []string
	for _, e := range nn.StateDict(m) {
		names = append(names, e.Name)
		if e.Buffer {
			buffers = append(buffers, e.Name)
		}
	}
	require.Equal(t, []string{
		"scales.0", "scales.1", "the_bias", "tied", "mean_power",
		"main.0.weight", "main.1.weight", "main.1.bias", "main.1.running_mean", "main.1.running_var",
		"fc1.weight", "fc1.bias", "heads.0.weight", "heads.1.weight", "heads.1.bias",
	}, names)
	require.Equal(t, []string{"mean_power", "main.1.running_mean", "main.1.running_var"}, buffers)
	require.Len(t, b.StateDict(), len(names), "gotorch counts as many")
	require.Len(t, b.NamedBuffers(), len(buffers))
	require.Len(t, nn.Parameters(m), len(names)-len(buffers)-1, "a tensor under two names is one parameter")
}

func TestAModulesStateIsThatOfTheSameNetworkInForger(t *testing.T) {
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		torch.ManualSeed(1)
		theirs := gotorch.FromModule(theirnn.Sequential(
			theirnn.Conv2d(3, 4, 3, 1, 1, 1, 1, true, "zeros"), theirnn.BatchNorm2d(4, 1e-5, 0.1, true, true),
			theirnn.Functional(their.Sigmoid), theirnn.ConvTranspose2d(4, 2, 4, 2, 1, 0, 1, true, 1, "zeros")))
		torch.ManualSeed(1)
		ours := nn.NewSequential(nn.NewConv2d(3, 4, 3, nn.Conv{Padding: 1}), nn.NewBatchNorm2d(4), nn.Sigmoid{},
			nn.NewConvTranspose2d(4, 2, 4, nn.Conv{Stride: 2, Padding: 1}))
		for _, e := range nn.StateDict(theirs) {
			require.Equal(t, named(t, ours, e.Name).Bytes(), e.Tensor.Bytes(), "the seed gives the same %s", e.Name)
		}
		x := torch.Randn([]int{2, 3, 5, 5})
		require.Equal(t, ours.Forward(x).Bytes(), theirs.Forward(x).Bytes())
		require.Equal(t, named(t, ours, "1.running_var").Bytes(), named(t, theirs, "1.running_var").Bytes())

		nn.Eval(ours)
		nn.Eval(theirs)
		require.Equal(t, ours.Forward(x).Bytes(), theirs.Forward(x).Bytes(), "with running statistics")

		torch.NoGrad(func() { named(t, ours, "0.weight").MulScalarInPlace(2) })
		require.ErrorContains(t, nn.LoadStateDict(theirs, nn.StateDict(ours), true), "num_batches_tracked")
		require.NoError(t, nn.LoadStateDict(theirs, nn.StateDict(ours), false))
		require.Equal(t, ours.Forward(x).Bytes(), theirs.Forward(x).Bytes(), "after loading")
	})
}

func TestAModuleIsTrainedSavedAndLoadedByForger(t *testing.T) {
	torchtest.NoLeaks(t)
	torch.ManualSeed(2)
	b := newBlock()
	m := gotorch.FromModule(b)
	opt := optim.NewAdam(nn.Parameters(m), optim.AdamOptions{LR: 0.01})
	var first, last float64
	torch.Scope(func() {
		x, y := torch.Randn([]int{16, 1, 6, 6}), torch.Randn([]int{16, 2})
		for i := range 50 {
			opt.ZeroGrad()
			loss := m.Forward(x).MSELoss(y)
			loss.Backward()
			opt.Step()
			if last = loss.Item(); i == 0 {
				first = last
			}
		}
		require.Less(t, last, 0.9*first)

		path := filepath.Join(t.TempDir(), "block.safetensors")
		var file []checkpoint.Tensor
		for _, e := range nn.StateDict(m) {
			file = append(file, checkpoint.Tensor{Name: e.Name, DType: e.Tensor.DType(), Shape: e.Tensor.Shape(), Data: e.Tensor.Bytes()})
		}
		require.NoError(t, checkpoint.Save(path, file, nil))
		state, err := checkpoint.Load(path)
		require.NoError(t, err)
		other := newBlock()
		loaded := gotorch.FromModule(other)
		require.NoError(t, nn.LoadStateDict(loaded, state, true))
		require.Equal(t, m.Forward(x).Bytes(), loaded.Forward(x).Bytes())
		require.Equal(t, m.Forward(x).Bytes(), gotorch.FromGoTorch(other.Forward(gotorch.ToGoTorch(x))).Bytes(),
			"gotorch's own module has the numbers")
	})
}

func TestErrorsOfGotorchAreForgers(t *testing.T) {
	torchtest.NoLeaks(t)
	m := gotorch.FromModule(theirnn.Linear(3, 2, true))
	err := torch.Try(func() { torch.Scope(func() { m.Forward(torch.Ones([]int{2, 5})) }) })
	require.ErrorContains(t, err, "nn.LinearModule.Forward")
	require.ErrorContains(t, err, "2x5 and 3x2")
	require.NotContains(t, err.Error(), "\n")

	type plain struct{ theirnn.Module }
	p := &plain{}
	p.Init(p)
	require.ErrorContains(t, torch.Try(func() { gotorch.FromModule(p) }), "no Forward from one tensor to one")
}

func named(t *testing.T, module any, name string) *torch.Tensor {
	for _, e := range nn.StateDict(module) {
		if e.Name == name {
			return e.Tensor
		}
	}
	require.Fail(t, "no tensor is called "+name)
	return nil
}
