package optim_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// kinds are the optimisers with settings that make them keep all the memory they can.
var kinds = []struct {
	name   string
	memory int // tensors a parameter
	make   func(params []*torch.Tensor) optim.Optimizer
}{
	{"Adam", 4, func(p []*torch.Tensor) optim.Optimizer {
		return optim.NewAdam(p, optim.AdamOptions{AMSGrad: true})
	}},
	{"AdamW", 3, func(p []*torch.Tensor) optim.Optimizer { return optim.NewAdamW(p, optim.AdamOptions{}) }},
	{"SGD", 1, func(p []*torch.Tensor) optim.Optimizer {
		return optim.NewSGD(p, optim.SGDOptions{Momentum: 0.9, Nesterov: true})
	}},
	{"RMSprop", 4, func(p []*torch.Tensor) optim.Optimizer {
		return optim.NewRMSprop(p, optim.RMSpropOptions{Momentum: 0.9, Centered: true})
	}},
	{"Adagrad", 2, func(p []*torch.Tensor) optim.Optimizer {
		return optim.NewAdagrad(p, optim.AdagradOptions{InitialAccumulatorValue: 0.1})
	}},
}

func forAll(t *testing.T, f func(t *testing.T, make func([]*torch.Tensor) optim.Optimizer, memory int)) {
	torchtest.Native(t)
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			torch.Scope(func() { f(t, k.make, k.memory) })
		})
	}
}

// twoParameters are always the same numbers.
func twoParameters() []*torch.Tensor {
	return []*torch.Tensor{
		torch.FromSlice([]float32{1, -2, 3, -4, 5, -6}, 2, 3).SetRequiresGrad(true),
		torch.FromSlice([]float32{0.5, -0.5}).SetRequiresGrad(true),
	}
}

// step makes an update with gradients that depend on the number of the step only.
func step(o optim.Optimizer, params []*torch.Tensor, number int) {
	torch.Scope(func() {
		o.ZeroGrad()
		for i, p := range params {
			p.SetGrad(torch.Full(p.Shape(), 0.1*float64(number)-0.25*float64(i)))
		}
		o.Step()
	})
}

func requireEqual(t *testing.T, want, got []*torch.Tensor) {
	t.Helper()
	for i := range want {
		require.Equal(t, want[i].Bytes(), got[i].Bytes(), "parameter %d", i)
	}
}

func TestARestoredOptimiserGoesOnBitForBit(t *testing.T) {
	forAll(t, func(t *testing.T, make func([]*torch.Tensor) optim.Optimizer, memory int) {
		params := twoParameters()
		first := make(params)
		first.SetLR(0.05)
		step(first, params, 1)
		step(first, params, 2)

		copies := []*torch.Tensor{params[0].Detach().Clone().SetRequiresGrad(true), params[1].Detach().Clone().SetRequiresGrad(true)}
		second := make(copies)
		state := first.State()
		require.Len(t, state.Tensors, 2*memory)
		require.NoError(t, second.Restore(state))
		again := second.State()
		require.JSONEq(t, string(state.Groups), string(again.Groups), "the learning rate belongs to the state")
		for i, e := range state.Tensors {
			require.Equal(t, e.Name, again.Tensors[i].Name)
			require.Equal(t, e.Tensor.Bytes(), again.Tensors[i].Tensor.Bytes())
		}
		for n := 3; n < 6; n++ {
			step(first, params, n)
			step(second, copies, n)
		}
		requireEqual(t, params, copies)
	})
}

func TestARestoredStateIsACopy(t *testing.T) {
	forAll(t, func(t *testing.T, make func([]*torch.Tensor) optim.Optimizer, _ int) {
		params := twoParameters()
		o := make(params)
		step(o, params, 1)
		state := o.State()
		before := state.Tensors[0].Tensor.Bytes()
		other := twoParameters()
		second := make(other)
		require.NoError(t, second.Restore(state))
		step(second, other, 2)
		require.Equal(t, before, state.Tensors[0].Tensor.Bytes())
	})
}

func TestAStateThatDoesNotFitIsRefusedAndChangesNothing(t *testing.T) {
	forAll(t, func(t *testing.T, make func([]*torch.Tensor) optim.Optimizer, _ int) {
		params := twoParameters()
		o := make(params)
		step(o, params, 1)
		good := o.State()
		change := func(i int, name string, x *torch.Tensor) optim.State {
			s := optim.State{Groups: good.Groups, Tensors: append([]optim.Tensor(nil), good.Tensors...)}
			s.Tensors[i] = optim.Tensor{Name: name, Tensor: x}
			return s
		}
		last := len(good.Tensors) - 1
		name := good.Tensors[last].Name
		for message, state := range map[string]optim.State{
			"the optimiser's groups cannot be read":                  {Groups: json.RawMessage(`{`)},
			"has 2 parameter groups, not 1":                          {Groups: json.RawMessage(`[{},{}]`)},
			"group 0 of the optimiser state has 1 parameters, not 2": {Groups: json.RawMessage(`[{"params":[0]}]`)},
			"group 0 of the optimiser state has 0 parameters, not 2": {Groups: json.RawMessage(`[null]`)},
			"state.2.step that fits none of the 2 parameters":        change(last, "state.2.step", torch.Of(float32(1))),
			"state.-1.step that fits none of the 2 parameters":       change(last, "state.-1.step", torch.Of(float32(1))),
			"a tensor nonsense that fits none of the 2 parameters":   change(last, "nonsense", torch.Of(float32(1))),
			"state.1.exp_avgs, which its settings do not use":        change(last, "state.1.exp_avgs", torch.Zeros([]int{2})),
			"state's " + name + " has shape [3], not [2]":            change(last, name, torch.Zeros([]int{3})),
		} {
			err := o.Restore(state)
			require.ErrorContains(t, err, message)
			require.NotContains(t, err.Error(), "\n")
			now := o.State()
			require.JSONEq(t, string(good.Groups), string(now.Groups))
			require.Equal(t, good.Tensors, now.Tensors, "the very same tensors")
		}
	})
}

func TestAStateThatLacksATensorIsRefused(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		params := twoParameters()
		o := optim.NewAdam(params, optim.AdamOptions{})
		step(o, params, 1)
		state := o.State()
		state.Tensors = state.Tensors[:5]
		require.EqualError(t, o.Restore(state), "the optimiser state lacks state.1.exp_avg_sq")
	})
}

func TestAParameterWithoutGradientIsLeftAloneWithItsMemory(t *testing.T) {
	forAll(t, func(t *testing.T, make func([]*torch.Tensor) optim.Optimizer, memory int) {
		params := twoParameters()
		o := make(params)
		before := params[1].Bytes()
		params[0].SetGrad(torch.Ones([]int{2, 3}))
		o.Step()
		require.Equal(t, before, params[1].Bytes())
		if _, early := o.(*optim.Adagrad); !early { // as PyTorch's, it remembers from the start
			require.Len(t, o.State().Tensors, memory, "only the first has memory")
		}
		o.ZeroGrad()
		require.Nil(t, params[0].Grad())
		moved := params[0].Bytes()
		o.Step()
		require.Equal(t, moved, params[0].Bytes(), "without gradients a step does nothing")
	})
}

func TestSetLRIsTheRateOfEveryGroup(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		params := twoParameters()
		o := optim.NewSGD(params[:1], optim.SGDOptions{LR: 1})
		o.AddGroup(params[1:], optim.SGDOptions{LR: 2})
		o.SetLR(0.5)
		for _, p := range params {
			p.SetGrad(torch.Ones(p.Shape()))
		}
		o.Step()
		require.Equal(t, []float32{0.5, -2.5, 2.5, -4.5, 4.5, -6.5}, torch.Values[float32](params[0]))
		require.Equal(t, []float32{0, -1}, torch.Values[float32](params[1]))
		o.SetLR(0)
		o.Step()
		require.Equal(t, []float32{0, -1}, torch.Values[float32](params[1]), "a rate of 0 changes nothing")
	})
}

func TestStepsLeaveNoTensorsBehind(t *testing.T) {
	forAll(t, func(t *testing.T, make func([]*torch.Tensor) optim.Optimizer, _ int) {
		params := twoParameters()
		o := make(params)
		step(o, params, 1) // makes the memory
		before := torch.Live()
		for n := range 20 {
			step(o, params, n)
		}
		require.LessOrEqual(t, torch.Live(), before, "garbage of other tests may go meanwhile")
	})
}

func TestAnOptimiserThatGoesTakesItsMemoryAlong(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		params := twoParameters()
		step(optim.NewAdam(params, optim.AdamOptions{}), params, 1)
	})
}

func TestNesterovWithoutMomentumIsRefused(t *testing.T) {
	for _, o := range []optim.SGDOptions{{Nesterov: true}, {Nesterov: true, Momentum: 0.9, Dampening: 0.1}} {
		err := torch.Try(func() { optim.NewSGD(nil, o) })
		require.ErrorContains(t, err, "Nesterov needs momentum and no dampening")
	}
}

// TensorFlow's rule, computed by hand: mean square s from 1 on, s = 0.9·s + 0.1·g², p −= lr·g/√(s + ε).
func TestRMSpropOfTensorFlowTakesShortFirstSteps(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		const lr, eps = 0.5, 0.01
		p := torch.FromSlice([]float32{1, -2}).SetRequiresGrad(true)
		o := optim.NewRMSprop([]*torch.Tensor{p}, optim.RMSpropOptions{LR: lr, Alpha: 0.9, Eps: eps, TensorFlow: true})
		want, square := []float64{1, -2}, []float64{1, 1}
		for _, grads := range [][]float32{{0.1, 2}, {0, -1}, {0.01, 0.5}} {
			p.SetGrad(torch.FromSlice(grads))
			o.Step()
			for i, g := range grads {
				g := float64(g)
				square[i] = 0.9*square[i] + 0.1*g*g
				want[i] -= lr * g / math.Sqrt(square[i]+eps)
			}
			for i, got := range torch.Values[float32](p.Detach()) {
				require.InDelta(t, want[i], got, 1e-6)
			}
		}
		again := optim.NewRMSprop([]*torch.Tensor{p}, optim.RMSpropOptions{})
		require.NoError(t, again.Restore(o.State()))
		require.JSONEq(t, string(o.State().Groups), string(again.State().Groups), "the rule is part of the state")
	})
}
