package optim

import "github.com/forgergan/forger/torch"

// AdagradOptions are the settings of Adagrad. A zero field takes PyTorch's default.
type AdagradOptions struct {
	LR                      float64 // learning rate, 1e-2
	LRDecay                 float64 // step t learns at LR / (1 + (t−1)·LRDecay), 0
	WeightDecay             float64 // added to the gradient, 0
	InitialAccumulatorValue float64 // where the sums of squares begin, 0
	Eps                     float64 // 1e-10
	Maximize                bool    // climb instead of descend

	MasterWeights bool // update float32 copies of parameters in half precision
}

// Adagrad is Duchi, Hazan and Singer 2011.
//
// Its state holds step and sum of each parameter, as in PyTorch from the start.
type Adagrad struct {
	base[adagradGroup, *adagradGroup]
}

// adagradGroup is a group's settings under PyTorch's names.
type adagradGroup struct {
	Group
	LRDecay                 float64 `json:"lr_decay"`
	Eps                     float64 `json:"eps"`
	WeightDecay             float64 `json:"weight_decay"`
	InitialAccumulatorValue float64 `json:"initial_accumulator_value"`
	Maximize                bool    `json:"maximize"`
}

func (g *adagradGroup) point() {}

func (g *adagradGroup) names() []string { return []string{"step", "sum"} }

func (g *adagradGroup) start(m memory) { m["sum"].FillInPlace(g.InitialAccumulatorValue) }

// NewAdagrad makes an Adagrad optimiser.
func NewAdagrad(params []*torch.Tensor, o AdagradOptions) *Adagrad {
	a := &Adagrad{}
	a.AddGroup(params, o)
	return a
}

// AddGroup lets the optimiser update more parameters, with their own settings.
func (a *Adagrad) AddGroup(params []*torch.Tensor, o AdagradOptions) {
	g := &adagradGroup{
		LRDecay: o.LRDecay, Eps: o.Eps, WeightDecay: o.WeightDecay, InitialAccumulatorValue: o.InitialAccumulatorValue, Maximize: o.Maximize,
	}
	g.LR, g.MasterWeights = o.LR, o.MasterWeights
	if g.LR == 0 {
		g.LR = 1e-2
	}
	if g.Eps == 0 {
		g.Eps = 1e-10
	}
	a.add(params, g)
	for _, i := range g.Params {
		a.remember(g, i, g.names())
	}
}

// Step makes one update of every parameter that has a gradient.
func (a *Adagrad) Step() { a.step(a.update) }

func (a *Adagrad) update(g *adagradGroup, on active) {
	steps := a.column(on.numbers, "step")
	torch.ForeachAddScalarInPlace(steps, 1)
	torch.FusedAdagradInPlace(on.params, on.grads, a.column(on.numbers, "sum"), steps, g.LR, g.LRDecay, g.WeightDecay, g.Eps, g.Maximize)
}
