package schedule

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/forgergan/forger/torch/optim"
)

// ReduceLROnPlateauOptions are the optional arguments of NewReduceLROnPlateau. A zero field takes PyTorch's default.
type ReduceLROnPlateauOptions struct {
	Max       bool      // the larger the metric the better; the smaller otherwise
	Factor    float64   // what the rate is multiplied by, 0.1
	Patience  *int      // steps without improvement that are borne, 10
	Threshold *float64  // by how much a metric must be better to be an improvement, 1e-4
	Absolute  bool      // Threshold is a difference, not a part of the best metric
	Cooldown  int       // steps after a reduction in which no failure counts, 0
	MinLR     []float64 // bounds of the rate, one or one a group, 0
	Eps       float64   // a change of the rate by less is not made, 1e-8
}

// ReduceLROnPlateau reduces the rates when a metric has stopped improving.
type ReduceLROnPlateau struct {
	groups []*optim.Group
	state  plateau
}

// plateau is its state under PyTorch's names.
type plateau struct {
	Factor        float64   `json:"factor"`
	DefaultMinLR  *float64  `json:"default_min_lr"`
	MinLRs        []float64 `json:"min_lrs"`
	Patience      int       `json:"patience"`
	Cooldown      int       `json:"cooldown"`
	Eps           float64   `json:"eps"`
	LastEpoch     int       `json:"last_epoch"`
	LastLRs       []float64 `json:"_last_lr"`
	ModeWorse     number    `json:"mode_worse"`
	Mode          string    `json:"mode"`
	Threshold     float64   `json:"threshold"`
	ThresholdMode string    `json:"threshold_mode"`
	Best          number    `json:"best"`
	Cooling       int       `json:"cooldown_counter"`
	BadEpochs     int       `json:"num_bad_epochs"`
}

// number is a float64 that JSON can hold where it is infinite: "inf", "-inf".
type number float64

// MarshalJSON writes an infinity as a string.
func (n number) MarshalJSON() ([]byte, error) {
	if math.IsInf(float64(n), 0) {
		return json.Marshal(map[bool]string{true: "inf", false: "-inf"}[n > 0])
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON reads a number or "inf", "-inf".
func (n *number) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case `"inf"`:
		*n = number(math.Inf(1))
	case `"-inf"`:
		*n = number(math.Inf(-1))
	default:
		return json.Unmarshal(text, (*float64)(n))
	}
	return nil
}

// NewReduceLROnPlateau multiplies the rates by Factor when the metric given to Step has not improved for more than
// Patience steps.
func NewReduceLROnPlateau(opt optim.Optimizer, o ReduceLROnPlateauOptions) *ReduceLROnPlateau {
	const name = "ReduceLROnPlateau"
	groups := opt.Groups()
	p := plateau{
		Factor: 0.1, MinLRs: o.MinLR, Patience: 10, Cooldown: o.Cooldown, Eps: 1e-8, LastLRs: rates(groups),
		Mode: "min", ModeWorse: number(math.Inf(1)), Threshold: 1e-4, ThresholdMode: "rel",
	}
	if o.Factor != 0 {
		p.Factor = o.Factor
	}
	if o.Patience != nil {
		p.Patience = *o.Patience
	}
	if o.Threshold != nil {
		p.Threshold = *o.Threshold
	}
	if o.Eps != 0 {
		p.Eps = o.Eps
	}
	if o.Max {
		p.Mode, p.ModeWorse = "max", number(math.Inf(-1))
	}
	if o.Absolute {
		p.ThresholdMode = "abs"
	}
	if len(p.MinLRs) == 0 {
		p.MinLRs = []float64{0}
	}
	if len(p.MinLRs) == 1 {
		p.DefaultMinLR = new(p.MinLRs[0])
	}
	p.MinLRs = perGroup(name, "MinLR", len(groups), p.MinLRs)
	p.Best = p.ModeWorse
	if err := p.check(groups); err != nil {
		refuse(name, "%v", err)
	}
	return &ReduceLROnPlateau{groups, p}
}

// Step judges the metric of a step or epoch, and reduces the rates if patience is at its end.
func (p *ReduceLROnPlateau) Step(metric float64) {
	s := &p.state
	s.LastEpoch++
	if s.better(metric) {
		s.Best = number(metric)
		s.BadEpochs = 0
	} else {
		s.BadEpochs++
	}
	if s.Cooling > 0 {
		s.Cooling--
		s.BadEpochs = 0
	}
	if s.BadEpochs > s.Patience {
		for i, g := range p.groups {
			if lr := max(g.LR*s.Factor, s.MinLRs[i]); g.LR-lr > s.Eps {
				g.LR = lr
			}
		}
		s.Cooling, s.BadEpochs = s.Cooldown, 0
	}
	s.LastLRs = rates(p.groups)
}

func (p *plateau) better(metric float64) bool {
	best, relative := float64(p.Best), p.ThresholdMode == "rel"
	switch {
	case p.Mode == "max" && relative:
		return metric > best*(p.Threshold+1)
	case p.Mode == "max":
		return metric > best+p.Threshold
	case relative:
		return metric < best*(1-p.Threshold)
	}
	return metric < best-p.Threshold
}

// LastLR lists the present rate of each group.
func (p *ReduceLROnPlateau) LastLR() []float64 { return slices.Clone(p.state.LastLRs) }

// State returns what Restore needs to go on exactly here: PyTorch's state_dict, with "inf" for an infinity.
func (p *ReduceLROnPlateau) State() json.RawMessage { return encode(p.state) }

// Restore puts the schedule where State was called. It fails, changing nothing, if the state is of another one.
func (p *ReduceLROnPlateau) Restore(state json.RawMessage) error {
	return decode(state, &p.state, func() error { return p.state.check(p.groups) })
}

func (p *plateau) check(groups []*optim.Group) error {
	switch {
	case len(p.MinLRs) != len(groups):
		return fmt.Errorf("it has %d parameter groups, not %d", len(p.MinLRs), len(groups))
	case !(p.Factor < 1):
		return fmt.Errorf("the factor %g is not below 1", p.Factor)
	case p.Mode != "min" && p.Mode != "max" || p.ThresholdMode != "rel" && p.ThresholdMode != "abs":
		return fmt.Errorf("the modes %q and %q are not min or max and rel or abs", p.Mode, p.ThresholdMode)
	}
	return nil
}
