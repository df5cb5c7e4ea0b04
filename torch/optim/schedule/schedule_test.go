package schedule_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
)

func sgd(lr ...float64) *optim.SGD {
	opt := optim.NewSGD(nil, optim.SGDOptions{LR: lr[0], Momentum: 0.9})
	for _, more := range lr[1:] {
		opt.AddGroup(nil, optim.SGDOptions{LR: more, Momentum: 0.9})
	}
	return opt
}

// rates are those of the first group in n steps.
func rates(s schedule.Scheduler, n int) (out []float64) {
	for range n {
		out = append(out, s.LastLR()[0])
		s.Step()
	}
	return out
}

func TestCyclesOfAllModesAndMomenta(t *testing.T) {
	for mode, want := range map[schedule.CyclicMode][]float64{
		"":                   {1, 2, 3, 2, 1, 2, 3, 2, 1},
		schedule.Triangular2: {1, 2, 3, 2, 1, 1.5, 2, 1.5, 1},
		schedule.ExpRange:    {1, 1.5, 1.5, 1.125, 1, 1.03125, 1.03125, 1.0078125, 1},
	} {
		o := schedule.CyclicLROptions{StepSizeUp: 2, Mode: mode, Gamma: 0.5}
		opt := sgd(7)
		s := schedule.NewCyclicLR(opt, []float64{1}, []float64{3}, o)
		require.Equal(t, want, rates(s, 9), string(mode))
		o.KeepMomentum = true
		plain := optim.NewAdagrad(nil, optim.AdagradOptions{})
		require.Equal(t, want, rates(schedule.NewCyclicLR(plain, []float64{1}, []float64{3}, o), 9), string(mode))
	}
}

func TestTheMomentumCyclesAgainstTheRate(t *testing.T) {
	opt := optim.NewAdam(nil, optim.AdamOptions{Betas: [2]float64{0.5, 0.999}})
	s := schedule.NewCyclicLR(opt, []float64{1}, []float64{3}, schedule.CyclicLROptions{StepSizeUp: 2, BaseMomentum: 0.25, MaxMomentum: 0.75})
	for _, want := range []float64{0.75, 0.5, 0.25, 0.5, 0.75} {
		require.Equal(t, want, *opt.Groups()[0].Beta1)
		s.Step()
	}
	require.Contains(t, string(opt.State().Groups), `"betas":[0.5,0.999]`, "it is the optimiser's own")
}

func TestOneCycleInThreeLinearPhases(t *testing.T) {
	opt := sgd(7)
	s := schedule.NewOneCycleLR(opt, []float64{4}, 12, schedule.OneCycleLROptions{
		PctStart: 0.25, Linear: true, ThreePhase: true, DivFactor: 4, FinalDivFactor: 2, BaseMomentum: 0.5, MaxMomentum: 1,
	})
	require.InDeltaSlice(t, []float64{1, 2.5, 4, 2.5, 1}, rates(s, 5), 1e-15, "up and down again")
	require.InDelta(t, 1-0.5/7, s.LastLR()[0], 1e-15, "then to half the first")
	require.Equal(t, 1.0, *opt.Groups()[0].Momentum)
	rates(s, 6)
	require.InDelta(t, 0.5, s.LastLR()[0], 1e-15)
	s.Step()
	require.ErrorContains(t, torch.Try(s.Step), "step 13 of 12")
}

// A plateau's metric that stays the same is no improvement, and neither is a small one.
func TestAPlateauReducesTheRateWhenPatienceEnds(t *testing.T) {
	opt := sgd(1, 0.3)
	s := schedule.NewReduceLROnPlateau(opt, schedule.ReduceLROnPlateauOptions{
		Patience: new(1), Factor: 0.5, Threshold: new(0.1), MinLR: []float64{0.25},
	})
	for _, step := range []struct{ metric, first, second float64 }{
		{1, 1, 0.3}, {0.95, 1, 0.3}, {0.92, 0.5, 0.25}, {0.91, 0.5, 0.25}, {0.8, 0.5, 0.25}, {0.79, 0.5, 0.25}, {0.78, 0.25, 0.25},
		{1, 0.25, 0.25}, {1, 0.25, 0.25}, {1, 0.25, 0.25},
	} {
		s.Step(step.metric)
		require.Equal(t, []float64{step.first, step.second}, s.LastLR(), "metric %v", step.metric)
	}
}

// MultiplicativeLR has no rate of its own to begin with: in a sequence it goes on from the present one, as PyTorch's.
func TestAScheduleInASequenceBeginsFromTheInitialRate(t *testing.T) {
	half := func(int) float64 { return 0.5 }
	opt := sgd(8)
	s := schedule.NewSequentialLR([]*schedule.Schedule{
		schedule.NewConstantLR(opt, 0.5, 10), schedule.NewExponentialLR(opt, 0.25), schedule.NewMultiplicativeLR(opt, half),
	}, []int{2, 4})
	require.Equal(t, []float64{4, 4, 8, 2, 1, 0.5}, rates(s, 6))
}

func TestAStateThatDoesNotFitIsRefusedAndChangesNothing(t *testing.T) {
	opt := sgd(8)
	one := schedule.NewStepLR(opt, 2, 0.5)
	two := schedule.NewExponentialLR(opt, 0.5)
	chain := schedule.NewChainedScheduler(one, two)
	multi := schedule.NewMultiStepLR(opt, []int{3, 3}, 0.1)
	sequence := schedule.NewSequentialLR([]*schedule.Schedule{schedule.NewStepLR(opt, 2, 0.5), schedule.NewExponentialLR(opt, 0.5)}, []int{3})
	plateau := schedule.NewReduceLROnPlateau(opt, schedule.ReduceLROnPlateauOptions{})
	other := schedule.NewStepLR(sgd(1, 2), 2, 0.5)
	still := schedule.NewOneCycleLR(sgd(1), []float64{1}, 10, schedule.OneCycleLROptions{KeepMomentum: true})
	cycle := schedule.NewOneCycleLR(sgd(1), []float64{1}, 10, schedule.OneCycleLROptions{})
	for name, c := range map[string]struct {
		to interface {
			State() json.RawMessage
			Restore(json.RawMessage) error
		}
		state   json.RawMessage
		message string
	}{
		"another class":       {one, two.State(), `unknown field "gamma_"`},
		"not JSON":            {one, json.RawMessage(`{"gamma": 0.1`), "unexpected EOF"},
		"more groups":         {one, other.State(), "it has 2 parameter groups, not 1"},
		"a number too many":   {chain, json.RawMessage(`{"_schedulers": [{}]}`), "it is of 1 schedules, not 2"},
		"a wrong second":      {chain, json.RawMessage(`{"_schedulers": [{"gamma": 7}, {"gamma": 7, "step_size": 1}]}`), "schedule 1: the state does not fit this schedule"},
		"other milestones":    {multi, json.RawMessage(`{"milestones": {"7": 1}, "base_lrs": []}`), "it has 0 parameter groups, not 1"},
		"too many milestones": {sequence, json.RawMessage(`{"_milestones": [1, 2]}`), "it has 2 milestones, not 1"},
		"a plateau's groups":  {plateau, json.RawMessage(`{"min_lrs": []}`), "it has 0 parameter groups, not 1"},
		"a momentum to cycle": {still, cycle.State(), `a phase from or to "max_momentum", which the groups do not have`},
		"a step of 0":         {one, json.RawMessage(`{"step_size": 0}`), "a step size of 0"},
		"an unknown mode":     {plateau, json.RawMessage(`{"mode": "middle"}`), `the modes "middle" and "rel"`},
		"a text for a number": {plateau, json.RawMessage(`{"best": "worst"}`), "the state does not fit this schedule"},
	} {
		if name == "another class" {
			c.state = json.RawMessage(`{"gamma_": 1}`)
		}
		before := c.to.State()
		require.ErrorContains(t, c.to.Restore(c.state), c.message, name)
		require.JSONEq(t, string(before), string(c.to.State()), name)
	}
}

func TestARestoredOptimiserKeepsWhatItsScheduleNeeds(t *testing.T) {
	plain := sgd(1).State()
	opt := sgd(1)
	s := schedule.NewOneCycleLR(opt, []float64{1}, 10, schedule.OneCycleLROptions{})
	require.NoError(t, opt.Restore(plain))
	require.NotPanics(t, s.Step)
	require.Greater(t, opt.Groups()[0].LR, 1.0/25)
}

func TestMisuseOfASchedulePanicsWithAnError(t *testing.T) {
	opt, adagrad := sgd(1), optim.NewAdagrad(nil, optim.AdagradOptions{})
	one := func(int) float64 { return 1 }
	for message, f := range map[string]func(){
		"LambdaLR: 2 values of f for 1 parameter groups":            func() { schedule.NewLambdaLR(opt, one, one) },
		"StepLR: a step size of 0":                                  func() { schedule.NewStepLR(opt, 0, 0.1) },
		"ConstantLR: the factor 2 is not above 0 and at most 1":     func() { schedule.NewConstantLR(opt, 2, 1) },
		"LinearLR: the start factor 0 is not above 0 and at most 1": func() { schedule.NewLinearLR(opt, 0, 1, 1) },
		"LinearLR: the end factor -1 is not between 0 and 1":        func() { schedule.NewLinearLR(opt, 1, -1, 1) },
		"CosineAnnealingLR: 0 steps":                                func() { schedule.NewCosineAnnealingLR(opt, 0, 0) },
		"a period of 1 steps, multiplied by 0":                      func() { schedule.NewCosineAnnealingWarmRestarts(opt, 1, 0, 0) },
		`CyclicLR: the mode "up" is unknown`:                        func() { schedule.NewCyclicLR(opt, []float64{1}, []float64{2}, schedule.CyclicLROptions{Mode: "up"}) },
		"CyclicLR: the optimiser has no momentum to cycle":          func() { schedule.NewCyclicLR(adagrad, []float64{1}, []float64{2}, schedule.CyclicLROptions{}) },
		"OneCycleLR: 0 steps":                                       func() { schedule.NewOneCycleLR(opt, []float64{1}, 0, schedule.OneCycleLROptions{}) },
		"ReduceLROnPlateau: the factor 1 is not below 1":            func() { schedule.NewReduceLROnPlateau(opt, schedule.ReduceLROnPlateauOptions{Factor: 1}) },
		"ChainedScheduler: no schedules":                            func() { schedule.NewChainedScheduler() },
		"SequentialLR: 0 schedules with 0 milestones between them":  func() { schedule.NewSequentialLR(nil, nil) },
		"SequentialLR: schedule 1 is of another optimiser": func() {
			schedule.NewSequentialLR([]*schedule.Schedule{schedule.NewStepLR(opt, 1, 1), schedule.NewStepLR(sgd(1), 1, 1)}, []int{1})
		},
	} {
		require.ErrorContains(t, torch.Try(f), message)
	}
}

// everySchedule is one of each kind, of optimisers of their own.
func everySchedule() []schedule.Scheduler {
	one, two := sgd(1), sgd(1)
	return []schedule.Scheduler{
		schedule.NewLambdaLR(sgd(1), func(int) float64 { return 1 }),
		schedule.NewStepLR(sgd(1), 2, 0.5),
		schedule.NewMultiStepLR(sgd(1), []int{2, 3}, 0.5),
		schedule.NewConstantLR(sgd(1), 0.5, 2),
		schedule.NewLinearLR(sgd(1), 0.5, 1, 2),
		schedule.NewExponentialLR(sgd(1), 0.5),
		schedule.NewCosineAnnealingLR(sgd(1), 3, 0),
		schedule.NewCosineAnnealingWarmRestarts(sgd(1), 3, 2, 0),
		schedule.NewCyclicLR(sgd(1), []float64{1}, []float64{2}, schedule.CyclicLROptions{}),
		schedule.NewOneCycleLR(sgd(1), []float64{1}, 10, schedule.OneCycleLROptions{}),
		schedule.NewSequentialLR([]*schedule.Schedule{schedule.NewStepLR(one, 2, 0.5), schedule.NewExponentialLR(one, 0.5)}, []int{3}),
		schedule.NewChainedScheduler(schedule.NewStepLR(two, 2, 0.5), schedule.NewExponentialLR(two, 0.5)),
	}
}

// Whatever a state says, it is refused without a change, or the schedule goes on.
func FuzzRestore(f *testing.F) {
	newPlateau := func() *schedule.ReduceLROnPlateau {
		return schedule.NewReduceLROnPlateau(sgd(1), schedule.ReduceLROnPlateauOptions{})
	}
	f.Add([]byte(newPlateau().State()))
	for _, s := range everySchedule() {
		f.Add([]byte(s.State()))
	}
	f.Fuzz(func(t *testing.T, state []byte) {
		for i, s := range everySchedule() {
			if s.Restore(state) != nil {
				require.JSONEq(t, string(everySchedule()[i].State()), string(s.State()))
			}
			torch.Try(s.Step) // a step beyond the last is an *Error, which Try stops
		}
		plateau := newPlateau()
		if plateau.Restore(state) != nil {
			require.JSONEq(t, string(newPlateau().State()), string(plateau.State()))
		}
		plateau.Step(1)
	})
}
