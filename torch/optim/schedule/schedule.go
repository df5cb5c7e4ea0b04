// Package schedule changes an optimiser's learning rates, and momenta, from step to step: torch.optim.lr_scheduler with
// its numbers.
//
//	opt := optim.NewAdam(params, optim.AdamOptions{LR: 2e-4})
//	warm := schedule.NewLinearLR(opt, 0.1, 1, 500)
//	cool := schedule.NewCosineAnnealingLR(opt, 9500, 0)
//	rate := schedule.NewSequentialLR([]*schedule.Schedule{warm, cool}, []int{500})
//	for range 10000 {
//		step(opt) // gradients, opt.Step
//		rate.Step()
//	}
//
// Making a schedule sets the rate of the first step. Then comes one Step of the schedule after each step, or epoch, of
// the optimiser: what is counted is the program's choice. The rate that a group had before its first schedule is its
// InitialLR, from which all its schedules count.
//
// A schedule that says so computes the next rate from the present one, so that several can work on one optimiser: their
// factors multiply, see [NewChainedScheduler]. The rates are PyTorch's, computed in the same order in float64: equal, but
// for the last digits of cosines and powers.
//
// A schedule's State and the optimiser's go together: Restore of a schedule leaves the optimiser's rates alone.
package schedule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/optim"
)

// Scheduler is what all schedules but ReduceLROnPlateau can do.
type Scheduler interface {
	// Step goes on to the next rates.
	Step()
	// LastLR lists the present rate of each group.
	LastLR() []float64
	// State returns what Restore needs to go on exactly here: PyTorch's state_dict.
	State() json.RawMessage
	// Restore puts the schedule where State was called. It fails, changing nothing, if the state is of another one.
	Restore(state json.RawMessage) error
}

// clock is what the state of every rule has, under PyTorch's names.
type clock struct {
	BaseLRs   []float64 `json:"base_lrs"`
	LastEpoch int       `json:"last_epoch"` // the number of the step that the rates are for
	StepCount int       `json:"_step_count"`
	IsInitial bool      `json:"_is_initial"` // during the step that making a schedule takes
	Asked     bool      `json:"_get_lr_called_within_step"`
	LastLR    []float64 `json:"_last_lr"`
}

func (c *clock) shared() *clock { return c }

// check is that of a rule that takes all settings.
func (c *clock) check([]*optim.Group) error { return nil }

// A rule gives the rates of one kind of schedule. Its fields are PyTorch's state.
type rule interface {
	shared() *clock
	// check finds settings, given or restored, by which there are no rates for groups.
	check(groups []*optim.Group) error
	// rate is the learning rate of group i, g, in step LastEpoch, where its rate so far was lr.
	rate(i int, g *optim.Group, lr float64) float64
}

// Schedule is a schedule by one rule.
type Schedule struct {
	groups []*optim.Group
	rule   rule
	clock  *clock // the rule's
}

// newSchedule makes the initial step of r. The name is for complaints.
func newSchedule(name string, opt optim.Optimizer, r rule) *Schedule {
	s := &Schedule{opt.Groups(), r, r.shared()}
	if err := r.check(s.groups); err != nil {
		refuse(name, "%v", err)
	}
	for _, g := range s.groups {
		if g.InitialLR == nil {
			g.InitialLR = new(g.LR)
		}
		s.clock.BaseLRs = append(s.clock.BaseLRs, *g.InitialLR)
	}
	s.begin()
	return s
}

// begin makes the step that leads to the first rates.
func (s *Schedule) begin() {
	c := s.clock
	c.LastEpoch, c.StepCount, c.IsInitial = -1, 0, true
	s.Step()
	c.IsInitial = false
}

// Step goes on to the next rates.
func (s *Schedule) Step() {
	s.clock.LastEpoch++
	s.clock.StepCount++
	for i, g := range s.groups {
		g.LR = s.rule.rate(i, g, g.LR)
	}
	s.clock.LastLR = rates(s.groups)
}

// restart sets the rates of step 0, from the initial rates, when the schedule's turn comes in a sequence.
func (s *Schedule) restart() {
	s.clock.LastEpoch = 0
	for i, g := range s.groups {
		lr := s.clock.BaseLRs[i]
		if _, ok := s.rule.(*multiplicativeLR); ok {
			lr = g.LR // PyTorch has no other form of this one
		}
		g.LR = s.rule.rate(i, g, lr)
	}
	s.clock.LastLR = rates(s.groups)
}

// LastLR lists the present rate of each group.
func (s *Schedule) LastLR() []float64 { return slices.Clone(s.clock.LastLR) }

// State returns what Restore needs to go on exactly here: PyTorch's state_dict.
func (s *Schedule) State() json.RawMessage { return encode(s.rule) }

// Restore puts the schedule where State was called. It fails, changing nothing, if the state is of another one.
func (s *Schedule) Restore(state json.RawMessage) error {
	return decode(state, s.rule, func() error {
		if n := len(s.clock.BaseLRs); n != len(s.groups) {
			return fmt.Errorf("it has %d parameter groups, not %d", n, len(s.groups))
		}
		return s.rule.check(s.groups)
	})
}

func rates(groups []*optim.Group) []float64 {
	out := make([]float64, len(groups))
	for i, g := range groups {
		out[i] = g.LR
	}
	return out
}

func encode(state any) json.RawMessage {
	out, err := json.Marshal(state)
	if err != nil {
		panic(fmt.Sprintf("schedule: a setting is not a finite number: %v", err))
	}
	return out
}

// decode reads a state into to, a pointer, and puts back what that was if the state is not one of its kind or check
// finds it wrong.
func decode(state json.RawMessage, to any, check func() error) error {
	before := encode(to)
	d := json.NewDecoder(bytes.NewReader(state))
	d.DisallowUnknownFields()
	err := d.Decode(to)
	if err == nil {
		err = check()
	}
	if err == nil {
		return nil
	}
	if back := json.Unmarshal(before, to); back != nil {
		panic(back)
	}
	return fmt.Errorf("the state does not fit this schedule: %w", err)
}

// refuse panics because of a wrong argument.
func refuse(name, format string, a ...any) {
	panic(&torch.Error{Op: name, Code: torch.ValueError, Msg: fmt.Sprintf(format, a...)})
}

// perGroup is one value a group; one value stands for all groups.
func perGroup[T any](name, what string, groups int, values []T) []T {
	switch len(values) {
	case groups:
		return values
	case 1:
		return slices.Repeat(values, groups)
	}
	refuse(name, "%d values of %s for %d parameter groups", len(values), what, groups)
	return nil
}
