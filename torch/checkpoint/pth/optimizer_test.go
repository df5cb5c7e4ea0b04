package pth_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint/pth"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/torchtest"
)

// stepped is two parameters and an optimiser that made two steps on them.
func stepped(make func(params []*torch.Tensor) optim.Optimizer) ([]*torch.Tensor, optim.Optimizer) {
	params := []*torch.Tensor{
		torch.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3).SetRequiresGrad(true),
		torch.FromSlice([]float32{-1, 0.5}).SetRequiresGrad(true),
	}
	opt := make(params)
	for range 2 {
		step(params, opt)
	}
	return params, opt
}

func step(params []*torch.Tensor, opt optim.Optimizer) {
	opt.ZeroGrad()
	params[0].Square().Sum().Add(params[1].Square().Sum()).Backward()
	opt.Step()
}

func TestAnOptimiserGoesThroughAFileAndOn(t *testing.T) {
	torchtest.Native(t)
	for name, make := range map[string]func(params []*torch.Tensor) optim.Optimizer{
		"Adam": func(p []*torch.Tensor) optim.Optimizer {
			return optim.NewAdam(p, optim.AdamOptions{LR: 1, Betas: [2]float64{0.5, 0.999}, AMSGrad: true})
		},
		"AdamW, two groups": func(p []*torch.Tensor) optim.Optimizer {
			opt := optim.NewAdamW(p[:1], optim.AdamOptions{LR: 0.1})
			opt.AddGroup(p[1:], optim.AdamOptions{LR: 0.01})
			return opt
		},
		"SGD with momentum": func(p []*torch.Tensor) optim.Optimizer {
			return optim.NewSGD(p, optim.SGDOptions{LR: 0.1, Momentum: 0.9})
		},
		"SGD": func(p []*torch.Tensor) optim.Optimizer { return optim.NewSGD(p, optim.SGDOptions{LR: 0.1}) },
	} {
		t.Run(name, func(t *testing.T) {
			torch.Scope(func() {
				params, opt := stepped(make)
				path := filepath.Join(t.TempDir(), "opt.pth")
				tree, err := pth.FromOptimizer(opt.State())
				require.NoError(t, err)
				require.NoError(t, pth.Save(path, &pth.Dict{Items: []pth.Item{
					{"params", []any{params[0], params[1]}}, {"optimizer", tree},
				}}))

				f, err := pth.Open(path)
				require.NoError(t, err)
				defer f.Close()
				entries, err := f.StateDict("params")
				require.NoError(t, err)
				again := []*torch.Tensor{entries[0].Tensor.SetRequiresGrad(true), entries[1].Tensor.SetRequiresGrad(true)}
				state, err := f.Optimizer("optimizer")
				require.NoError(t, err)
				require.JSONEq(t, string(opt.State().Groups), string(state.Groups))
				resumed := make(again)
				require.NoError(t, resumed.Restore(state))
				step(params, opt)
				step(again, resumed)
				for i := range params {
					require.Equal(t, params[i].Bytes(), again[i].Bytes())
				}
			})
		})
	}
}

func TestOptimizerNamesWhatIsNotThere(t *testing.T) {
	torchtest.Native(t)
	path := filepath.Join(t.TempDir(), "x.pth")
	group := &pth.Dict{Items: []pth.Item{{"lr", 1.5}, {"params", []any{0}}}}
	for _, c := range []struct {
		says  string
		value any
	}{
		{"the file has no optimizer", &pth.Dict{}},
		{"the file has no state", &pth.Dict{Items: []pth.Item{{"optimizer", &pth.Dict{}}}}},
		{"state.0.step is a value of type string, not a tensor", &pth.Dict{Items: []pth.Item{{"optimizer", &pth.Dict{Items: []pth.Item{
			{"state", &pth.Dict{Items: []pth.Item{{0, &pth.Dict{Items: []pth.Item{{"step", "3"}}}}}}}, {"param_groups", []any{group}},
		}}}}}},
		{"param_groups: lr: it is a tensor, not a setting", &pth.Dict{Items: []pth.Item{{"optimizer", &pth.Dict{Items: []pth.Item{
			{"state", &pth.Dict{}}, {"param_groups", []any{&pth.Dict{Items: []pth.Item{{"lr", torch.Of(float32(1))}}}}},
		}}}}}},
	} {
		require.NoError(t, pth.Save(path, c.value))
		f, err := pth.Open(path)
		require.NoError(t, err)
		_, err = f.Optimizer("optimizer")
		require.EqualError(t, err, path+": "+c.says)
		require.NoError(t, f.Close())
	}
}

// PyTorch before 1.12 counted the steps in a Python int.
func TestAStepCountThatIsANumberBecomesATensor(t *testing.T) {
	torchtest.Native(t)
	path := filepath.Join(t.TempDir(), "x.pth")
	require.NoError(t, pth.Save(path, &pth.Dict{Items: []pth.Item{
		{"state", &pth.Dict{Items: []pth.Item{{0, &pth.Dict{Items: []pth.Item{{"step", 3}, {"momentum_buffer", nil}}}}}}},
		{"param_groups", []any{}},
	}}))
	f, err := pth.Open(path)
	require.NoError(t, err)
	defer f.Close()
	s, err := f.Optimizer()
	require.NoError(t, err)
	require.Len(t, s.Tensors, 1)
	require.Equal(t, "state.0.step", s.Tensors[0].Name)
	require.Equal(t, []float32{3}, torch.Values[float32](s.Tensors[0].Tensor))
}
