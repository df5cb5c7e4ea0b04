package lapgan

import (
	"encoding/json"
	"fmt"

	"github.com/forgergan/forger/torch/optim"
)

// rise is the schedule of the official programs: after each epoch, of so many steps, the momentum grows by 0.0008 up to a bound, and
// its dampening with it, and the learning rate falls by a factor. It implements schedule.Scheduler. As with those of
// PyTorch, the optimiser's state holds the numbers and Restore leaves them alone.
type rise struct {
	groups []*optim.Group
	epoch  int     // steps
	most   float64 // of the momentum
	decay  float64 // what the learning rate is divided by
	state  struct {
		Step int `json:"step"`
	}
}

// growth of the momentum in an epoch, the decay of the learning rate of the coarsest level, and the least rate.
const growth, baseDecay, least = 0.0008, 1.000004, 1e-6

// rise makes the schedule of an optimiser of level k.
func (c Config) rise(k int, opt optim.Optimizer) *rise {
	r := &rise{groups: opt.Groups(), epoch: c.Epoch, most: *c.MaxMomentum, decay: *c.Decay}
	if k == 0 {
		r.decay = baseDecay
	}
	return r
}

// Step counts a step.
func (r *rise) Step() {
	r.state.Step++
	if r.state.Step%r.epoch != 0 {
		return
	}
	for _, g := range r.groups {
		g.LR = max(g.LR/r.decay, least)
		if g.Dampening != nil { // SGD
			*g.Momentum = min(*g.Momentum+growth, r.most)
			*g.Dampening = *g.Momentum
		}
	}
}

// LastLR lists the present rate of each group.
func (r *rise) LastLR() (rates []float64) {
	for _, g := range r.groups {
		rates = append(rates, g.LR)
	}
	return rates
}

// State is the number of steps.
func (r *rise) State() json.RawMessage {
	text, err := json.Marshal(r.state)
	if err != nil {
		panic(err)
	}
	return text
}

// Restore sets the number of steps.
func (r *rise) Restore(state json.RawMessage) error {
	before := r.state
	if err := json.Unmarshal(state, &r.state); err != nil {
		r.state = before
		return fmt.Errorf("the state does not fit this schedule: %w", err)
	}
	return nil
}
