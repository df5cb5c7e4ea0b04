package optim

import (
	"encoding/json"
	"fmt"

	"github.com/forgergan/forger/torch"
)

// AdamOptions are the settings of Adam and AdamW. A zero field takes PyTorch's default.
type AdamOptions struct {
	LR          float64    // learning rate, 1e-3
	Betas       [2]float64 // decay of the running averages of gradient and square, (0.9, 0.999)
	Eps         float64    // 1e-8
	WeightDecay *float64   // 0 for Adam (added to the gradient), 0.01 for AdamW (shrinks the parameter)
	AMSGrad     bool       // divide by the largest average of squares so far
	Maximize    bool       // climb instead of descend
}

// Adam is Kingma and Ba 2015, and AdamW of Loshchilov and Hutter 2019.
type Adam struct {
	base[adamGroup]
	decoupled bool
}

// adamGroup is a group's settings under PyTorch's names.
type adamGroup struct {
	LR          float64    `json:"lr"`
	Betas       [2]float64 `json:"betas"`
	Eps         float64    `json:"eps"`
	WeightDecay float64    `json:"weight_decay"`
	AMSGrad     bool       `json:"amsgrad"`
	Maximize    bool       `json:"maximize"`
}

// NewAdam makes an Adam optimiser; weight decay is added to the gradient (torch.optim.Adam).
func NewAdam(params []*torch.Tensor, o AdamOptions) *Adam { return newAdam(params, o, false) }

// NewAdamW makes an AdamW optimiser; weight decay shrinks the parameter (torch.optim.AdamW).
func NewAdamW(params []*torch.Tensor, o AdamOptions) *Adam { return newAdam(params, o, true) }

func newAdam(params []*torch.Tensor, o AdamOptions, decoupled bool) *Adam {
	a := &Adam{decoupled: decoupled}
	a.names = []string{"step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"}
	a.AddGroup(params, o)
	return a
}

// AddGroup lets the optimiser update more parameters, with their own settings.
func (a *Adam) AddGroup(params []*torch.Tensor, o AdamOptions) {
	g := adamGroup{LR: o.LR, Betas: o.Betas, Eps: o.Eps, AMSGrad: o.AMSGrad, Maximize: o.Maximize}
	if g.LR == 0 {
		g.LR = 1e-3
	}
	if g.Betas == [2]float64{} {
		g.Betas = [2]float64{0.9, 0.999}
	}
	if g.Eps == 0 {
		g.Eps = 1e-8
	}
	switch {
	case o.WeightDecay != nil:
		g.WeightDecay = *o.WeightDecay
	case a.decoupled:
		g.WeightDecay = 0.01
	}
	a.add(params, g)
}

// SetLR sets the learning rate of every group.
func (a *Adam) SetLR(lr float64) {
	for _, g := range a.groups {
		g.settings.LR = lr
	}
}

// Step makes one update of every parameter that has a gradient.
func (a *Adam) Step() { a.step(a.update) }

func (a *Adam) update(g *group[adamGroup]) {
	index, params, grads := a.active(g)
	if len(index) == 0 {
		return
	}
	s := g.settings
	for k, i := range index {
		if a.memory[i] == nil {
			a.memory[i] = newAdamMemory(params[k], s.AMSGrad)
		}
	}
	steps := a.column(index, "step")
	average, square := a.column(index, "exp_avg"), a.column(index, "exp_avg_sq")
	var largest []*torch.Tensor
	if s.AMSGrad {
		largest = a.column(index, "max_exp_avg_sq")
	}
	torch.ForeachAddScalarInPlace(steps, 1)
	fused := torch.FusedAdamInPlace
	if a.decoupled {
		fused = fusedAdamW
	}
	fused(params, grads, average, square, largest, steps, s.LR, s.Betas[0], s.Betas[1], s.WeightDecay, s.Eps, s.AMSGrad, s.Maximize)
}

// fusedAdamW gives the AdamW kernel the type of the Adam kernel.
func fusedAdamW(self, grads, average, square, largest, steps []*torch.Tensor, lr, beta1, beta2, decay, eps float64, amsgrad, maximize bool, _ ...torch.FusedAdamInPlaceOptions) {
	torch.FusedAdamWInPlace(self, grads, average, square, largest, steps, lr, beta1, beta2, decay, eps, amsgrad, maximize)
}

func newAdamMemory(p *torch.Tensor, amsgrad bool) memory {
	m := memory{"step": newStep(p), "exp_avg": p.ZerosLike().Own(), "exp_avg_sq": p.ZerosLike().Own()}
	if amsgrad {
		m["max_exp_avg_sq"] = p.ZerosLike().Own()
	}
	return m
}

// State returns PyTorch's state: step, exp_avg, exp_avg_sq and, with AMSGrad, max_exp_avg_sq of each parameter.
func (a *Adam) State() State {
	type entry struct {
		adamGroup
		Params []int `json:"params"`
	}
	var groups []entry
	for _, g := range a.groups {
		groups = append(groups, entry{g.settings, g.parameterNumbers()})
	}
	return State{a.tensors(), marshal(groups)}
}

// Restore goes on where State was called.
func (a *Adam) Restore(s State) error {
	var groups []adamGroup
	if err := json.Unmarshal(s.Groups, &groups); err != nil {
		return fmt.Errorf("the optimiser's groups cannot be read: %w", err)
	}
	if len(groups) != len(a.groups) {
		return fmt.Errorf("the optimiser state has %d parameter groups, not %d", len(groups), len(a.groups))
	}
	if err := a.restore(s); err != nil {
		return err
	}
	for i, g := range a.groups {
		g.settings = groups[i]
	}
	return nil
}

func marshal(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain numbers, strings and lists always marshal
	}
	return text
}
