package optim_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/torchtest"
)

// withMasters are all methods at a rate that bfloat16 cannot follow near 1.
var withMasters = map[string]func(p []*torch.Tensor) optim.Optimizer{
	"Adam": func(p []*torch.Tensor) optim.Optimizer {
		return optim.NewAdam(p, optim.AdamOptions{LR: 1e-4, MasterWeights: true})
	},
	"AdamW": func(p []*torch.Tensor) optim.Optimizer {
		return optim.NewAdamW(p, optim.AdamOptions{LR: 1e-4, MasterWeights: true})
	},
	"SGD": func(p []*torch.Tensor) optim.Optimizer {
		return optim.NewSGD(p, optim.SGDOptions{LR: 1e-4, Momentum: 0.1, MasterWeights: true})
	},
	"SGD without momentum": func(p []*torch.Tensor) optim.Optimizer {
		return optim.NewSGD(p, optim.SGDOptions{LR: 1e-4, MasterWeights: true})
	},
	"RMSprop": func(p []*torch.Tensor) optim.Optimizer {
		return optim.NewRMSprop(p, optim.RMSpropOptions{LR: 1e-4, MasterWeights: true})
	},
	"Adagrad": func(p []*torch.Tensor) optim.Optimizer {
		return optim.NewAdagrad(p, optim.AdagradOptions{LR: 1e-3, MasterWeights: true})
	},
}

// ones are two parameters, one in bfloat16 and one in float32.
func ones() []*torch.Tensor {
	return []*torch.Tensor{
		torch.Ones([]int{3}).ToDType(torch.BFloat16).SetRequiresGrad(true),
		torch.Ones([]int{3}).SetRequiresGrad(true),
	}
}

func halfStep(o optim.Optimizer, params []*torch.Tensor) {
	torch.Scope(func() {
		for _, p := range params {
			p.SetGrad(p.OnesLike())
		}
		o.Step()
	})
}

func TestMastersKeepTheStepsThatHalfPrecisionLoses(t *testing.T) {
	torchtest.Native(t)
	for name, make := range withMasters {
		t.Run(name, func(t *testing.T) {
			torch.Scope(func() {
				params := ones()
				o := make(params)
				for range 50 {
					halfStep(o, params)
				}
				require.Less(t, params[0].Max().Item(), 1.0)
				require.True(t, params[1].ToDType(torch.BFloat16).Equal(params[0]), "as in float32, rounded")
				var masters int
				for _, e := range o.State().Tensors {
					require.Equal(t, torch.Float32, e.Tensor.DType(), e.Name)
					if strings.HasSuffix(e.Name, ".master") {
						masters++
						require.Equal(t, "state.0.master", e.Name)
						require.True(t, e.Tensor.Equal(params[1]))
					}
				}
				require.Equal(t, 1, masters)

				again := ones()
				torch.NoGrad(func() { torch.ForeachCopyInPlace(again, params) })
				second := make(again)
				require.NoError(t, second.Restore(o.State()))
				for range 20 {
					halfStep(o, params)
					halfStep(second, again)
				}
				requireEqual(t, params, again)
			})
		})
	}
}

func TestAStateWithMastersIsNotOneWithout(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		params := ones()
		with := optim.NewAdam(params, optim.AdamOptions{MasterWeights: true})
		without := optim.NewAdam(params, optim.AdamOptions{})
		require.EqualError(t, with.Restore(without.State()), "group 0 of the optimiser state has master weights: false, the optimiser: true")
		require.EqualError(t, without.Restore(with.State()), "group 0 of the optimiser state has master weights: true, the optimiser: false")
	})
}

func TestToMaximizeIsToMinimizeWithTheOppositeGradient(t *testing.T) {
	torchtest.Native(t)
	for name, make := range map[string]func(p []*torch.Tensor, maximize bool) optim.Optimizer{
		"Adam": func(p []*torch.Tensor, m bool) optim.Optimizer {
			return optim.NewAdam(p, optim.AdamOptions{Maximize: m})
		},
		"AdamW": func(p []*torch.Tensor, m bool) optim.Optimizer {
			return optim.NewAdamW(p, optim.AdamOptions{Maximize: m})
		},
		"SGD": func(p []*torch.Tensor, m bool) optim.Optimizer { return optim.NewSGD(p, optim.SGDOptions{Maximize: m}) },
		"Adagrad": func(p []*torch.Tensor, m bool) optim.Optimizer {
			return optim.NewAdagrad(p, optim.AdagradOptions{Maximize: m})
		},
		"RMSprop": func(p []*torch.Tensor, m bool) optim.Optimizer {
			return optim.NewRMSprop(p, optim.RMSpropOptions{Maximize: m, WeightDecay: 0.1})
		},
	} {
		t.Run(name, func(t *testing.T) {
			torch.Scope(func() {
				up, down := twoParameters(), twoParameters()
				climb, descend := make(up, true), make(down, false)
				for n := range 3 {
					for i := range up {
						up[i].SetGrad(torch.Full(up[i].Shape(), float64(n)-0.5))
						down[i].SetGrad(torch.Full(up[i].Shape(), 0.5-float64(n)))
					}
					climb.Step()
					descend.Step()
				}
				requireEqual(t, down, up)
			})
		})
	}
}

// A schedule may give SGD a momentum that it began without.
func TestAMomentumThatComesLaterBeginsWithTheGradient(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		p := torch.Of(float32(1)).SetRequiresGrad(true)
		for _, o := range []optim.Optimizer{
			optim.NewSGD([]*torch.Tensor{p}, optim.SGDOptions{LR: 0.25}),
			optim.NewRMSprop([]*torch.Tensor{p}, optim.RMSpropOptions{}),
		} {
			halfStep(o, []*torch.Tensor{p})
			*o.Groups()[0].Momentum = 0.5
			halfStep(o, []*torch.Tensor{p})
			last := o.State().Tensors
			require.Contains(t, last[len(last)-1].Name, "momentum_buffer")
			require.NotZero(t, last[len(last)-1].Tensor.Item())
		}
	})
}

// BenchmarkStep is the step of 200 small parameters. In Python, whose default on the CPU is a loop over them:
//
//	python -m timeit -s 'import torch; ps = [torch.randn(64, requires_grad=True) for _ in range(200)]
//	for p in ps: p.grad = torch.randn(64)
//	opt = torch.optim.Adam(ps)' 'opt.step()'
func BenchmarkStep(b *testing.B) {
	torchtest.Native(b)
	for _, k := range kinds {
		b.Run(k.name, func(b *testing.B) {
			torch.Scope(func() {
				var params []*torch.Tensor
				for range 200 {
					p := torch.Randn([]int{64}).SetRequiresGrad(true)
					p.SetGrad(torch.Randn([]int{64}))
					params = append(params, p)
				}
				o := k.make(params)
				o.Step()
				for b.Loop() {
					o.Step()
				}
			})
		})
	}
}
