package schedule

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/forgergan/forger/torch/optim"
)

// ChainedScheduler takes a step of several schedules of one optimiser at a time.
type ChainedScheduler struct {
	schedules []Scheduler
}

// NewChainedScheduler chains schedules: each goes on from the rate that the one before set, so that the factors of those
// that compute the next rate from the present one multiply.
func NewChainedScheduler(schedules ...Scheduler) *ChainedScheduler {
	if len(schedules) == 0 {
		refuse("ChainedScheduler", "no schedules")
	}
	return &ChainedScheduler{schedules}
}

// Step goes on to the next rates.
func (c *ChainedScheduler) Step() {
	for _, s := range c.schedules {
		s.Step()
	}
}

// LastLR lists the present rate of each group.
func (c *ChainedScheduler) LastLR() []float64 { return c.schedules[len(c.schedules)-1].LastLR() }

// State returns what Restore needs to go on exactly here: PyTorch's state_dict.
func (c *ChainedScheduler) State() json.RawMessage { return encode(compose(c.LastLR(), c.schedules)) }

// Restore puts the schedules where State was called. It fails, changing nothing, if the state is of others.
func (c *ChainedScheduler) Restore(state json.RawMessage) error {
	var saved composed
	return decode(state, &saved, func() error { return restoreAll(saved.Schedulers, c.schedules) })
}

// SequentialLR follows one schedule after the other.
type SequentialLR struct {
	schedules  []*Schedule
	groups     []*optim.Group
	milestones []int
	step       int
}

// NewSequentialLR follows the first of schedules up to step milestones[0], then the second, which begins there with its
// step 0, up to milestones[1], and so on. The schedules are of one optimiser, whose rates are set back to the initial
// ones first.
func NewSequentialLR(schedules []*Schedule, milestones []int) *SequentialLR {
	const name = "SequentialLR"
	if len(schedules) != len(milestones)+1 {
		refuse(name, "%d schedules with %d milestones between them", len(schedules), len(milestones))
	}
	s := &SequentialLR{schedules: schedules, groups: schedules[0].groups, milestones: milestones}
	for i, one := range schedules {
		if !slices.Equal(one.groups, s.groups) {
			refuse(name, "schedule %d is of another optimiser", i)
		}
		one.clock.LastEpoch-- // its turn has not come
	}
	for _, g := range s.groups {
		g.LR = *g.InitialLR
	}
	schedules[0].begin()
	return s
}

// Step goes on to the next rates.
func (s *SequentialLR) Step() {
	s.step++
	turn := 0
	for turn < len(s.milestones) && s.milestones[turn] <= s.step {
		turn++
	}
	if turn > 0 && s.milestones[turn-1] == s.step {
		s.schedules[turn].restart()
	} else {
		s.schedules[turn].Step()
	}
}

// LastLR lists the present rate of each group.
func (s *SequentialLR) LastLR() []float64 { return rates(s.groups) }

// State returns what Restore needs to go on exactly here: PyTorch's state_dict.
func (s *SequentialLR) State() json.RawMessage {
	return encode(sequence{s.milestones, s.step, compose(s.LastLR(), s.schedules)})
}

// Restore puts the schedules where State was called. It fails, changing nothing, if the state is of others.
func (s *SequentialLR) Restore(state json.RawMessage) error {
	var saved sequence
	err := decode(state, &saved, func() error {
		if len(saved.Milestones) != len(s.milestones) {
			return fmt.Errorf("it has %d milestones, not %d", len(saved.Milestones), len(s.milestones))
		}
		return restoreAll(saved.Schedulers, s.schedules)
	})
	if err == nil {
		s.milestones, s.step = saved.Milestones, saved.LastEpoch
	}
	return err
}

// composed is the state of several schedules.
type composed struct {
	LastLR     []float64         `json:"_last_lr"`
	Schedulers []json.RawMessage `json:"_schedulers"`
}

type sequence struct {
	Milestones []int `json:"_milestones"`
	LastEpoch  int   `json:"last_epoch"`
	composed
}

func compose[S Scheduler](lr []float64, schedules []S) composed {
	c := composed{LastLR: lr}
	for _, s := range schedules {
		c.Schedulers = append(c.Schedulers, s.State())
	}
	return c
}

// restoreAll restores all schedules or none.
func restoreAll[S Scheduler](states []json.RawMessage, schedules []S) error {
	if len(states) != len(schedules) {
		return fmt.Errorf("it is of %d schedules, not %d", len(states), len(schedules))
	}
	before := compose(nil, schedules).Schedulers
	for i, s := range schedules {
		if err := s.Restore(states[i]); err != nil {
			for k := range i {
				if back := schedules[k].Restore(before[k]); back != nil {
					panic(back)
				}
			}
			return fmt.Errorf("schedule %d: %w", i, err)
		}
	}
	return nil
}
