package optim

import (
	"encoding/json"
	"fmt"

	"github.com/forgergan/forger/torch"
)

// SGDOptions are the settings of SGD. A zero field takes PyTorch's default.
type SGDOptions struct {
	LR          float64 // learning rate, 1e-3
	Momentum    float64 // weight of the last update, 0
	Dampening   float64 // how much less of the gradient enters the momentum, 0
	WeightDecay float64 // added to the gradient, 0
	Nesterov    bool    // look ahead along the momentum
	Maximize    bool    // climb instead of descend
}

// SGD is stochastic gradient descent, with momentum as torch.optim.SGD defines it.
type SGD struct {
	base[sgdGroup]
}

// sgdGroup is a group's settings under PyTorch's names.
type sgdGroup struct {
	LR          float64 `json:"lr"`
	Momentum    float64 `json:"momentum"`
	Dampening   float64 `json:"dampening"`
	WeightDecay float64 `json:"weight_decay"`
	Nesterov    bool    `json:"nesterov"`
	Maximize    bool    `json:"maximize"`
}

// NewSGD makes an SGD optimiser.
func NewSGD(params []*torch.Tensor, o SGDOptions) *SGD {
	s := &SGD{}
	s.names = []string{"momentum_buffer"}
	s.AddGroup(params, o)
	return s
}

// AddGroup lets the optimiser update more parameters, with their own settings.
func (s *SGD) AddGroup(params []*torch.Tensor, o SGDOptions) {
	g := sgdGroup(o)
	if g.LR == 0 {
		g.LR = 1e-3
	}
	s.add(params, g)
}

// SetLR sets the learning rate of every group.
func (s *SGD) SetLR(lr float64) {
	for _, g := range s.groups {
		g.settings.LR = lr
	}
}

// Step makes one update of every parameter that has a gradient.
func (s *SGD) Step() { s.step(s.update) }

func (s *SGD) update(g *group[sgdGroup]) {
	index, params, grads := s.active(g)
	if g.settings.Momentum == 0 {
		s.fused(g.settings, params, grads, nil, false)
		return
	}
	// A first step sets the momentum to the gradient, later ones average into it; the kernel makes one or the other.
	var first, later [3][]*torch.Tensor
	for k, i := range index {
		to := &later
		if s.memory[i] == nil {
			s.memory[i] = memory{"momentum_buffer": grads[k].EmptyLike().Own()}
			to = &first
		}
		to[0], to[1], to[2] = append(to[0], params[k]), append(to[1], grads[k]), append(to[2], s.memory[i]["momentum_buffer"])
	}
	s.fused(g.settings, first[0], first[1], first[2], true)
	s.fused(g.settings, later[0], later[1], later[2], false)
}

func (s *SGD) fused(g sgdGroup, params, grads, momentum []*torch.Tensor, first bool) {
	if len(params) == 0 {
		return
	}
	torch.FusedSGDInPlace(params, grads, momentum, g.WeightDecay, g.Momentum, g.LR, g.Dampening, g.Nesterov, g.Maximize, first)
}

// State returns PyTorch's state: the momentum_buffer of each parameter.
func (s *SGD) State() State {
	type entry struct {
		sgdGroup
		Params []int `json:"params"`
	}
	var groups []entry
	for _, g := range s.groups {
		groups = append(groups, entry{g.settings, g.parameterNumbers()})
	}
	return State{s.tensors(), marshal(groups)}
}

// Restore goes on where State was called.
func (s *SGD) Restore(state State) error {
	var groups []sgdGroup
	if err := json.Unmarshal(state.Groups, &groups); err != nil {
		return fmt.Errorf("the optimiser's groups cannot be read: %w", err)
	}
	if len(groups) != len(s.groups) {
		return fmt.Errorf("the optimiser state has %d parameter groups, not %d", len(groups), len(s.groups))
	}
	if err := s.restore(state); err != nil {
		return err
	}
	for i, g := range s.groups {
		g.settings = groups[i]
	}
	return nil
}
