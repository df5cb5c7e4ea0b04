package schedule

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/forgergan/forger/torch/optim"
)

// CyclicMode says how the height of cycles changes.
type CyclicMode string

// The modes.
const (
	Triangular  CyclicMode = "triangular"  // all cycles are equal
	Triangular2 CyclicMode = "triangular2" // each is half as high as the one before
	ExpRange    CyclicMode = "exp_range"   // the height is multiplied by Gamma in every step
)

// CyclicLROptions are the optional arguments of NewCyclicLR. A zero field takes PyTorch's default.
type CyclicLROptions struct {
	StepSizeUp   int        // steps from base to top, 2000
	StepSizeDown int        // steps back, as many as up
	Mode         CyclicMode // Triangular
	Gamma        float64    // of ExpRange, 1
	KeepMomentum bool       // leave the momentum alone; it cycles against the rate otherwise
	BaseMomentum float64    // at the top, 0.8
	MaxMomentum  float64    // at the base, 0.9
}

type cyclicLR struct {
	clock
	MaxLRs        []float64  `json:"max_lrs"`
	TotalSize     float64    `json:"total_size"`
	StepRatio     float64    `json:"step_ratio"`
	Mode          CyclicMode `json:"mode"`
	Gamma         float64    `json:"gamma"`
	ScaleMode     string     `json:"scale_mode"`
	CycleMomentum bool       `json:"cycle_momentum"`
	UseBeta1      bool       `json:"use_beta1"`
	BaseMomentums []float64  `json:"base_momentums"`
	MaxMomentums  []float64  `json:"max_momentums"`
	ScaleFn       *struct{}  `json:"_scale_fn_custom"` // Python expects the key
}

// NewCyclicLR lets the rate go up and down between base and top, each one value or one a group (Smith 2017). The
// momentum, or Adam's first beta, goes the other way.
func NewCyclicLR(opt optim.Optimizer, base, top []float64, o CyclicLROptions) *Schedule {
	const name = "CyclicLR"
	groups := opt.Groups()
	base = perGroup(name, "base", len(groups), base)
	up := float64(cmp.Or(o.StepSizeUp, 2000))
	down := float64(cmp.Or(o.StepSizeDown, int(up)))
	r := &cyclicLR{
		MaxLRs: perGroup(name, "top", len(groups), top), TotalSize: up + down, StepRatio: up / (up + down),
		Mode: cmp.Or(o.Mode, Triangular), Gamma: cmp.Or(o.Gamma, 1), ScaleMode: "cycle", CycleMomentum: !o.KeepMomentum,
	}
	if r.Mode == ExpRange {
		r.ScaleMode = "iterations"
	}
	for i, g := range groups {
		g.LR = base[i]
	}
	if r.CycleMomentum {
		low, high := cmp.Or(o.BaseMomentum, 0.8), cmp.Or(o.MaxMomentum, 0.9)
		r.UseBeta1 = cycleMomentum(groups, low, high)
		r.BaseMomentums = perGroup(name, "", len(groups), []float64{low})
		r.MaxMomentums = perGroup(name, "", len(groups), []float64{high})
	}
	s := newSchedule(name, opt, r)
	s.clock.BaseLRs = base // not the initial rates
	return s
}

func (r *cyclicLR) check(groups []*optim.Group) error {
	n := len(groups)
	switch {
	case len(r.MaxLRs) != n || r.CycleMomentum && (len(r.BaseMomentums) != n || len(r.MaxMomentums) != n):
		return fmt.Errorf("bounds for other groups than these %d", n)
	case !(r.TotalSize > 0 && r.StepRatio > 0 && r.StepRatio < 1):
		return fmt.Errorf("a cycle of %g steps, of which %g go up", r.TotalSize, r.TotalSize*r.StepRatio)
	case r.Mode != Triangular && r.Mode != Triangular2 && r.Mode != ExpRange:
		return fmt.Errorf("the mode %q is unknown", r.Mode)
	}
	return checkMomentum(r.CycleMomentum, groups)
}

func (r *cyclicLR) rate(i int, g *optim.Group, _ float64) float64 {
	t := float64(r.LastEpoch)
	cycle := math.Floor(1 + t/r.TotalSize)
	x := 1 + t/r.TotalSize - cycle
	height := x / r.StepRatio
	if x > r.StepRatio {
		height = (x - 1) / (r.StepRatio - 1)
	}
	scale := 1.0
	switch r.Mode {
	case Triangular2:
		scale = 1 / math.Pow(2, cycle-1)
	case ExpRange:
		scale = math.Pow(r.Gamma, t)
	}
	if r.CycleMomentum {
		setMomentum(g, r.MaxMomentums[i]-(r.MaxMomentums[i]-r.BaseMomentums[i])*height*scale)
	}
	return r.BaseLRs[i] + (r.MaxLRs[i]-r.BaseLRs[i])*height*scale
}

// OneCycleLROptions are the optional arguments of NewOneCycleLR. A zero field takes PyTorch's default.
type OneCycleLROptions struct {
	PctStart       float64 // part of the steps in which the rate rises, 0.3
	Linear         bool    // along lines instead of cosines
	KeepMomentum   bool    // leave the momentum alone; it cycles against the rate otherwise
	BaseMomentum   float64 // at the top, 0.85
	MaxMomentum    float64 // at both ends, 0.95
	DivFactor      float64 // the top over the first rate, 25
	FinalDivFactor float64 // the first rate over the last, 1e4
	ThreePhase     bool    // fall to the first rate in as many steps as it rose, and only then to the last
}

type oneCycleLR struct {
	clock
	TotalSteps    int     `json:"total_steps"`
	Phases        []phase `json:"_schedule_phases"`
	Anneal        string  `json:"_anneal_func_type"`
	CycleMomentum bool    `json:"cycle_momentum"`
	UseBeta1      bool    `json:"use_beta1"`
}

// A phase goes from one of a group's rates and momenta, by its name there, to another.
type phase struct {
	EndStep       float64 `json:"end_step"`
	StartLR       string  `json:"start_lr"`
	EndLR         string  `json:"end_lr"`
	StartMomentum string  `json:"start_momentum"`
	EndMomentum   string  `json:"end_momentum"`
}

// NewOneCycleLR lets the rate rise to top, one value or one a group, and fall to almost nothing in totalSteps steps
// (Smith and Topin 2018). The momentum, or Adam's first beta, goes the other way. A Step beyond the last panics with a
// *torch.Error.
func NewOneCycleLR(opt optim.Optimizer, top []float64, totalSteps int, o OneCycleLROptions) *Schedule {
	const name = "OneCycleLR"
	groups := opt.Groups()
	top = perGroup(name, "top", len(groups), top)
	r := &oneCycleLR{TotalSteps: totalSteps, Anneal: "cos", CycleMomentum: !o.KeepMomentum}
	if o.Linear {
		r.Anneal = "linear"
	}
	rising, end := cmp.Or(o.PctStart, 0.3)*float64(totalSteps), float64(totalSteps-1)
	r.Phases = []phase{{rising - 1, "initial_lr", "max_lr", "max_momentum", "base_momentum"}}
	if o.ThreePhase {
		r.Phases = append(r.Phases,
			phase{2*rising - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum"},
			phase{end, "initial_lr", "min_lr", "max_momentum", "max_momentum"})
	} else {
		r.Phases = append(r.Phases, phase{end, "max_lr", "min_lr", "base_momentum", "max_momentum"})
	}
	for i, g := range groups {
		first := top[i] / cmp.Or(o.DivFactor, 25)
		g.InitialLR, g.MaxLR, g.MinLR = &first, new(top[i]), new(first/cmp.Or(o.FinalDivFactor, 1e4))
	}
	if r.CycleMomentum {
		r.UseBeta1 = cycleMomentum(groups, cmp.Or(o.BaseMomentum, 0.85), cmp.Or(o.MaxMomentum, 0.95))
	}
	return newSchedule(name, opt, r)
}

func (r *oneCycleLR) check(groups []*optim.Group) error {
	if r.TotalSteps < 1 {
		return fmt.Errorf("%d steps", r.TotalSteps)
	}
	if len(r.Phases) == 0 {
		return errors.New("no phases")
	}
	for _, p := range r.Phases {
		names := []string{p.StartLR, p.EndLR}
		if r.CycleMomentum {
			names = append(names, p.StartMomentum, p.EndMomentum)
		}
		for _, name := range names {
			of := bounds[name]
			if of == nil || slices.ContainsFunc(groups, func(g *optim.Group) bool { return of(g) == nil }) {
				return fmt.Errorf("a phase from or to %q, which the groups do not have", name)
			}
		}
	}
	return checkMomentum(r.CycleMomentum, groups)
}

// bounds are what phases go between.
var bounds = map[string]func(*optim.Group) *float64{
	"initial_lr":    func(g *optim.Group) *float64 { return g.InitialLR },
	"max_lr":        func(g *optim.Group) *float64 { return g.MaxLR },
	"min_lr":        func(g *optim.Group) *float64 { return g.MinLR },
	"base_momentum": func(g *optim.Group) *float64 { return g.BaseMomentum },
	"max_momentum":  func(g *optim.Group) *float64 { return g.MaxMomentum },
}

func (r *oneCycleLR) rate(_ int, g *optim.Group, _ float64) float64 {
	t := float64(r.LastEpoch)
	if r.LastEpoch > r.TotalSteps {
		refuse("OneCycleLR", "step %d of %d", r.LastEpoch, r.TotalSteps)
	}
	start, p := 0.0, r.Phases[0]
	for _, next := range r.Phases[1:] {
		if t <= p.EndStep {
			break
		}
		start, p = p.EndStep, next
	}
	part := (t - start) / (p.EndStep - start)
	between := func(from, to string) float64 {
		a, b := *bounds[from](g), *bounds[to](g)
		if r.Anneal == "linear" {
			return (b-a)*part + a
		}
		return b + (a-b)/2*(math.Cos(math.Pi*part)+1)
	}
	if r.CycleMomentum {
		setMomentum(g, between(p.StartMomentum, p.EndMomentum))
	}
	return between(p.StartLR, p.EndLR)
}

// cycleMomentum gives all groups the bounds of a momentum that begins at high, and reports whether it is a beta.
func cycleMomentum(groups []*optim.Group, low, high float64) (beta bool) {
	for _, g := range groups {
		g.BaseMomentum, g.MaxMomentum = &low, &high
		beta = g.Beta1 != nil
	}
	return beta
}

func checkMomentum(cycle bool, groups []*optim.Group) error {
	for _, g := range groups {
		if cycle && g.Momentum == nil && g.Beta1 == nil {
			return errors.New("the optimiser has no momentum to cycle: set KeepMomentum")
		}
	}
	return nil
}

func setMomentum(g *optim.Group, m float64) {
	if g.Beta1 != nil {
		*g.Beta1 = m
	} else {
		*g.Momentum = m
	}
}
