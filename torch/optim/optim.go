// Package optim holds optimisers on LibTorch's fused kernels, with PyTorch's rules and state layout, and averages of
// weights.
//
//	opt := optim.NewAdam(nn.Parameters(net), optim.AdamOptions{LR: 2e-4, Betas: [2]float64{0.5, 0.999}})
//	decay := schedule.NewCosineAnnealingLR(opt, 100, 0)
//	average := optim.NewEMA(nn.Parameters(net), optim.Warmup(0.999))
//	for batch := range batches {
//		torch.Scope(func() {
//			opt.ZeroGrad()
//			loss(net.Forward(batch)).Backward()
//			opt.Step()
//			decay.Step()
//			average.Update()
//		})
//	}
//	average.Use(func() { evaluate(net) })
//
// A step is a handful of native calls a group whatever the number of parameters: read the gradients, count the steps,
// update everything. A parameter without a gradient is left alone, as in PyTorch, and so are its memory and its count of
// steps. An optimiser owns its memory: it outlives the scope around the step.
//
// Several groups of parameters may have settings of their own: AddGroup. The parameters of a group are on one device;
// on a GPU they are of one element type as well.
//
// # Half precision
//
// Parameters in bfloat16 or float16 keep too few digits for small updates to add up. With MasterWeights the optimiser
// updates float32 copies, made from the parameters at the first step, and rounds them into the parameters. To train
// float32 parameters at the speed of half precision, see torch.Autocast and package amp.
package optim

import (
	"cmp"

	"github.com/forgergan/forger/torch"
)

// Optimizer updates parameters from their gradients.
type Optimizer interface {
	// Step makes one update.
	Step()
	// ZeroGrad removes the gradients of all parameters.
	ZeroGrad()
	// SetLR sets the learning rate of every group.
	SetLR(lr float64)
	// Params lists the parameters of all groups.
	Params() []*torch.Tensor
	// Groups lists the groups, for schedules to change.
	Groups() []*Group
	// State returns what Restore needs to go on exactly here.
	State() State
	// Restore puts the optimiser where State was called. It fails, changing nothing, if the state is of
	// other parameters.
	Restore(s State) error
}

// Group is what all groups of parameters have, under PyTorch's names.
type Group struct {
	LR            float64 `json:"lr"`
	MasterWeights bool    `json:"master_weights,omitempty"` // Forger's own
	Params        []int   `json:"params"`                   // numbers of its parameters, counted over all groups

	// What schedules keep in a group: the learning rate that it began with, and the bounds of cycles.
	InitialLR    *float64 `json:"initial_lr,omitempty"`
	MaxLR        *float64 `json:"max_lr,omitempty"`
	MinLR        *float64 `json:"min_lr,omitempty"`
	MaxMomentum  *float64 `json:"max_momentum,omitempty"`
	BaseMomentum *float64 `json:"base_momentum,omitempty"`

	// Momentum points to the momentum, Dampening to that of SGD, Beta1 to the first of the betas; nil where the method has none.
	Momentum  *float64 `json:"-"`
	Dampening *float64 `json:"-"`
	Beta1     *float64 `json:"-"`
}

func (g *Group) shared() *Group { return g }

// inherit takes what schedules keep from other, where g has none of it: the state was saved without them.
func (g *Group) inherit(other Group) {
	g.InitialLR = cmp.Or(g.InitialLR, other.InitialLR)
	g.MaxLR, g.MinLR = cmp.Or(g.MaxLR, other.MaxLR), cmp.Or(g.MinLR, other.MinLR)
	g.MaxMomentum, g.BaseMomentum = cmp.Or(g.MaxMomentum, other.MaxMomentum), cmp.Or(g.BaseMomentum, other.BaseMomentum)
}

// start gives the new memory of a parameter values other than 0.
func (g *Group) start(memory) {}

// A group is a pointer to the settings S of some parameters; S embeds Group.
type group[S any] interface {
	*S
	shared() *Group
	start(memory)
	// point sets Group's pointers into S.
	point()
	// names lists the tensors that these settings keep for a parameter, in PyTorch's order.
	names() []string
}

// base is what all optimisers share: the parameters in order, cut into groups.
type base[S any, G group[S]] struct {
	groups []G
	params []*torch.Tensor
	memory []memory // by parameter, nil before its first step
}

func (b *base[S, G]) add(params []*torch.Tensor, g G) {
	c := g.shared()
	c.Params = make([]int, len(params))
	for i := range params {
		c.Params[i] = len(b.params) + i
	}
	g.point()
	b.groups = append(b.groups, g)
	b.params = append(b.params, params...)
	b.memory = append(b.memory, make([]memory, len(params))...)
}

// ZeroGrad removes the gradients of all parameters.
func (b *base[S, G]) ZeroGrad() { torch.ClearGrads(b.params) }

// SetLR sets the learning rate of every group.
func (b *base[S, G]) SetLR(lr float64) {
	for _, g := range b.groups {
		g.shared().LR = lr
	}
}

// Params lists the parameters of all groups.
func (b *base[S, G]) Params() []*torch.Tensor { return b.params }

// Groups lists the groups, for schedules to change.
func (b *base[S, G]) Groups() []*Group {
	out := make([]*Group, len(b.groups))
	for i, g := range b.groups {
		out[i] = g.shared()
	}
	return out
}

// step runs update once for each group that has a gradient, inside a scope and without recording.
func (b *base[S, G]) step(update func(g G, a active)) {
	torch.NoGrad(func() {
		torch.Scope(func() {
			for _, g := range b.groups {
				a := b.active(g)
				if len(a.params) == 0 {
					continue
				}
				half, masters := b.lift(a)
				update(g, a)
				if len(half) > 0 {
					torch.ForeachCopyInPlace(half, masters)
				}
			}
		})
	})
}

// active are the parameters that have a gradient, with their numbers and gradients.
type active struct {
	numbers       []int
	fresh         []bool // whether memory was made for this step
	params, grads []*torch.Tensor
}

func (b *base[S, G]) active(g G) (a active) {
	numbers := g.shared().Params
	if len(numbers) == 0 {
		return a
	}
	first, names := numbers[0], g.names()
	for i, grad := range torch.Grads(b.params[first : first+len(numbers)]) {
		if grad != nil {
			a.numbers = append(a.numbers, first+i)
			a.fresh = append(a.fresh, b.remember(g, first+i, names))
			a.params = append(a.params, b.params[first+i])
			a.grads = append(a.grads, grad)
		}
	}
	return a
}
