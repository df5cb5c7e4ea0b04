package optim

import "github.com/forgergan/forger/torch"

// AdamOptions are the settings of Adam and AdamW. A zero field takes PyTorch's default.
type AdamOptions struct {
	LR          float64    // learning rate, 1e-3
	Betas       [2]float64 // decay of the running averages of gradient and square, (0.9, 0.999)
	Eps         float64    // 1e-8
	WeightDecay *float64   // 0 for Adam (added to the gradient), 0.01 for AdamW (shrinks the parameter)
	AMSGrad     bool       // divide by the largest average of squares so far
	Maximize    bool       // climb instead of descend

	MasterWeights bool // update float32 copies of parameters in half precision
}

// Adam is Kingma and Ba 2015, and AdamW of Loshchilov and Hutter 2019.
//
// Its state holds step, exp_avg, exp_avg_sq and, with AMSGrad, max_exp_avg_sq of each parameter.
type Adam struct {
	base[adamGroup, *adamGroup]
	decoupled bool
}

// adamGroup is a group's settings under PyTorch's names.
type adamGroup struct {
	Group
	Betas       [2]float64 `json:"betas"`
	Eps         float64    `json:"eps"`
	WeightDecay float64    `json:"weight_decay"`
	AMSGrad     bool       `json:"amsgrad"`
	Maximize    bool       `json:"maximize"`
}

func (g *adamGroup) point() { g.Beta1 = &g.Betas[0] }

func (g *adamGroup) names() []string {
	names := []string{"step", "exp_avg", "exp_avg_sq"}
	if g.AMSGrad {
		names = append(names, "max_exp_avg_sq")
	}
	return names
}

// NewAdam makes an Adam optimiser; weight decay is added to the gradient (torch.optim.Adam).
func NewAdam(params []*torch.Tensor, o AdamOptions) *Adam { return newAdam(params, o, false) }

// NewAdamW makes an AdamW optimiser; weight decay shrinks the parameter (torch.optim.AdamW).
func NewAdamW(params []*torch.Tensor, o AdamOptions) *Adam { return newAdam(params, o, true) }

func newAdam(params []*torch.Tensor, o AdamOptions, decoupled bool) *Adam {
	a := &Adam{decoupled: decoupled}
	a.AddGroup(params, o)
	return a
}

// AddGroup lets the optimiser update more parameters, with their own settings.
func (a *Adam) AddGroup(params []*torch.Tensor, o AdamOptions) {
	g := &adamGroup{Betas: o.Betas, Eps: o.Eps, AMSGrad: o.AMSGrad, Maximize: o.Maximize}
	g.LR, g.MasterWeights = o.LR, o.MasterWeights
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

// Step makes one update of every parameter that has a gradient.
func (a *Adam) Step() { a.step(a.update) }

func (a *Adam) update(g *adamGroup, on active) {
	steps := a.column(on.numbers, "step")
	average, square := a.column(on.numbers, "exp_avg"), a.column(on.numbers, "exp_avg_sq")
	var largest []*torch.Tensor
	if g.AMSGrad {
		largest = a.column(on.numbers, "max_exp_avg_sq")
	}
	torch.ForeachAddScalarInPlace(steps, 1)
	fused := torch.FusedAdamInPlace
	if a.decoupled {
		fused = fusedAdamW
	}
	fused(on.params, on.grads, average, square, largest, steps, g.LR, g.Betas[0], g.Betas[1], g.WeightDecay, g.Eps, g.AMSGrad, g.Maximize)
}

// fusedAdamW gives the AdamW kernel the type of the Adam kernel.
func fusedAdamW(self, grads, average, square, largest, steps []*torch.Tensor, lr, beta1, beta2, decay, eps float64, amsgrad, maximize bool, _ ...torch.FusedAdamInPlaceOptions) {
	torch.FusedAdamWInPlace(self, grads, average, square, largest, steps, lr, beta1, beta2, decay, eps, amsgrad, maximize)
}
