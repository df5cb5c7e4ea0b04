// Package optim holds optimisers on LibTorch's fused kernels, with PyTorch's rules and state layout.
//
//	opt := optim.NewAdam(nn.Parameters(net), optim.AdamOptions{LR: 2e-4, Betas: [2]float64{0.5, 0.999}})
//	for batch := range batches {
//		torch.Scope(func() {
//			opt.ZeroGrad()
//			loss(net.Forward(batch)).Backward()
//			opt.Step()
//		})
//	}
//
// A step is three native calls a group whatever the number of parameters: read the gradients, count
// the steps, update everything. A parameter without a gradient is left alone, as in PyTorch, and so
// are its memory and its count of steps. An optimiser owns its memory: it outlives the scope around
// the step.
package optim

import "github.com/forgergan/forger/torch"

// Optimizer updates parameters from their gradients.
type Optimizer interface {
	// Step makes one update.
	Step()
	// ZeroGrad removes the gradients of all parameters.
	ZeroGrad()
	// SetLR sets the learning rate of every group.
	SetLR(lr float64)
	// State returns what Restore needs to go on exactly here.
	State() State
	// Restore puts the optimiser where State was called. It fails, changing nothing, if the state is of
	// other parameters.
	Restore(s State) error
}

// memory is the tensors that an optimiser keeps for one parameter, by PyTorch's names.
type memory map[string]*torch.Tensor

// common is what every group has, under PyTorch's names.
type common struct {
	LR     float64 `json:"lr"`
	Params []int   `json:"params"` // numbers of its parameters, counted over all groups
}

func (c *common) shared() *common { return c }

// A group is a pointer to the settings S of some parameters; S embeds common.
type group[S any] interface {
	*S
	shared() *common
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

// step runs update once for each group that has a gradient, inside a scope and without recording.
func (b *base[S, G]) step(update func(g G, a active)) {
	torch.NoGrad(func() {
		torch.Scope(func() {
			for _, g := range b.groups {
				if a := b.active(g); len(a.params) > 0 {
					update(g, a)
				}
			}
		})
	})
}

// active are the parameters that have a gradient, with their numbers and gradients.
type active struct {
	numbers       []int
	params, grads []*torch.Tensor
}

func (b *base[S, G]) active(g G) (a active) {
	numbers := g.shared().Params
	if len(numbers) == 0 {
		return a
	}
	first := numbers[0]
	for i, grad := range torch.Grads(b.params[first : first+len(numbers)]) {
		if grad != nil {
			a.numbers = append(a.numbers, first+i)
			a.params = append(a.params, b.params[first+i])
			a.grads = append(a.grads, grad)
		}
	}
	return a
}

// column collects one tensor of the memory of each listed parameter.
func (b *base[S, G]) column(numbers []int, name string) []*torch.Tensor {
	out := make([]*torch.Tensor, len(numbers))
	for k, i := range numbers {
		out[k] = b.memory[i][name]
	}
	return out
}

// newMemory is memory of zeros for parameter p.
func newMemory(p *torch.Tensor, names []string) memory {
	m := memory{}
	for _, name := range names {
		if name == "step" {
			// The fused kernels read the counter, float32 whatever p is, on p's device.
			m[name] = torch.Zeros(nil, torch.TensorOptions{Device: p.Device()}).Own()
		} else {
			m[name] = p.ZerosLike().Own()
		}
	}
	return m
}
