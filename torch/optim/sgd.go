package optim

import "github.com/forgergan/forger/torch"

// SGDOptions are the settings of SGD. A zero field takes PyTorch's default.
type SGDOptions struct {
	LR          float64 // learning rate, 1e-3
	Momentum    float64 // weight of the last update, 0
	Dampening   float64 // how much less of the gradient enters the momentum, 0
	WeightDecay float64 // added to the gradient, 0
	Nesterov    bool    // look ahead along the momentum
	Maximize    bool    // climb instead of descend

	MasterWeights bool // update float32 copies of parameters in half precision
}

// SGD is stochastic gradient descent, with momentum as torch.optim.SGD defines it.
//
// Its state holds, where there is momentum, the momentum_buffer of each parameter.
type SGD struct {
	base[sgdGroup, *sgdGroup]
}

// sgdGroup is a group's settings under PyTorch's names.
type sgdGroup struct {
	Group
	Momentum    float64 `json:"momentum"`
	Dampening   float64 `json:"dampening"`
	WeightDecay float64 `json:"weight_decay"`
	Nesterov    bool    `json:"nesterov"`
	Maximize    bool    `json:"maximize"`
}

const momentumBuffer = "momentum_buffer"

func (g *sgdGroup) point() { g.Group.Momentum, g.Group.Dampening = &g.Momentum, &g.Dampening }

func (g *sgdGroup) names() []string {
	if g.Momentum == 0 {
		return nil
	}
	return []string{momentumBuffer}
}

// NewSGD makes an SGD optimiser.
func NewSGD(params []*torch.Tensor, o SGDOptions) *SGD {
	s := &SGD{}
	s.AddGroup(params, o)
	return s
}

// AddGroup lets the optimiser update more parameters, with their own settings. As in PyTorch, Nesterov without
// momentum or with dampening panics with a *torch.Error.
func (s *SGD) AddGroup(params []*torch.Tensor, o SGDOptions) {
	if o.Nesterov && (o.Momentum <= 0 || o.Dampening != 0) {
		panic(&torch.Error{Op: "SGD", Code: torch.ValueError, Msg: "Nesterov needs momentum and no dampening"})
	}
	if o.LR == 0 {
		o.LR = 1e-3
	}
	g := &sgdGroup{Momentum: o.Momentum, Dampening: o.Dampening, WeightDecay: o.WeightDecay, Nesterov: o.Nesterov, Maximize: o.Maximize}
	g.LR, g.MasterWeights = o.LR, o.MasterWeights
	s.add(params, g)
}

// Step makes one update of every parameter that has a gradient.
func (s *SGD) Step() { s.step(s.update) }

func (s *SGD) update(g *sgdGroup, on active) {
	if g.Momentum == 0 {
		s.fused(g, on, nil, false)
		return
	}
	// A first step sets the momentum to the gradient, later ones average into it; the kernel makes one or the other.
	var first, later active
	for k, i := range on.numbers {
		to := &later
		if on.fresh[k] {
			to = &first
		}
		to.numbers = append(to.numbers, i)
		to.params, to.grads = append(to.params, on.params[k]), append(to.grads, on.grads[k])
	}
	s.fused(g, first, s.column(first.numbers, momentumBuffer), true)
	s.fused(g, later, s.column(later.numbers, momentumBuffer), false)
}

func (s *SGD) fused(g *sgdGroup, on active, momentum []*torch.Tensor, first bool) {
	if len(on.params) == 0 {
		return
	}
	torch.FusedSGDInPlace(on.params, on.grads, momentum, g.WeightDecay, g.Momentum, g.LR, g.Dampening, g.Nesterov, g.Maximize, first)
}
