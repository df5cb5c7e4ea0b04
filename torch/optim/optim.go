// Package optim holds optimisers on LibTorch's fused kernels, with PyTorch's rules and state layout.
//
// A step is three native calls whatever the number of parameters: read the gradients, count the
// steps, update everything. A parameter without a gradient is left alone, as in PyTorch.
package optim

import (
	"encoding/json"
	"fmt"

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
	// State returns what Restore needs to go on exactly here.
	State() State
	// Restore puts the optimiser where State was called. It fails, changing nothing, if the state is of
	// other parameters.
	Restore(s State) error
}

// State is an optimiser's memory in PyTorch's layout.
type State struct {
	// Tensors are named state.<parameter>.<name>, as PyTorch's state_dict()["state"]; parameters that
	// had no step yet have none. They are the optimiser's own, not copies.
	Tensors []Tensor
	// Groups is PyTorch's param_groups: the settings, and the numbers of the parameters.
	Groups json.RawMessage
}

// Tensor is one tensor of a State.
type Tensor struct {
	Name   string
	Tensor *torch.Tensor
}

// memory is the tensors that an optimiser keeps for one parameter, by PyTorch's names.
type memory map[string]*torch.Tensor

// base is what all optimisers share: the parameters in order, cut into groups with settings G.
type base[G any] struct {
	names  []string // of the tensors a parameter may have, in PyTorch's order
	groups []*group[G]
	params []*torch.Tensor
	memory []memory // by parameter
}

type group[G any] struct {
	settings G
	first, n int // its parameters are params[first : first+n]
}

func (b *base[G]) add(params []*torch.Tensor, settings G) {
	b.groups = append(b.groups, &group[G]{settings, len(b.params), len(params)})
	b.params = append(b.params, params...)
	b.memory = append(b.memory, make([]memory, len(params))...)
}

// ZeroGrad removes the gradients of all parameters.
func (b *base[G]) ZeroGrad() { torch.ClearGrads(b.params) }

// active lists the parameters of g that have a gradient, and those gradients, together with the
// numbers of the parameters.
func (b *base[G]) active(g *group[G]) (index []int, params, grads []*torch.Tensor) {
	for i, grad := range torch.Grads(b.params[g.first : g.first+g.n]) {
		if grad != nil {
			index = append(index, g.first+i)
			params = append(params, b.params[g.first+i])
			grads = append(grads, grad)
		}
	}
	return index, params, grads
}

// column collects one tensor of the memory of each listed parameter.
func (b *base[G]) column(index []int, name string) []*torch.Tensor {
	out := make([]*torch.Tensor, len(index))
	for k, i := range index {
		out[k] = b.memory[i][name]
	}
	return out
}

// step runs update once for each group, inside a scope and without recording.
func (b *base[G]) step(update func(g *group[G])) {
	torch.NoGrad(func() {
		torch.Scope(func() {
			for _, g := range b.groups {
				if g.n > 0 {
					update(g)
				}
			}
		})
	})
}

func (b *base[G]) tensors() []Tensor {
	var out []Tensor
	for i, m := range b.memory {
		for _, name := range b.names {
			if t := m[name]; t != nil {
				out = append(out, Tensor{fmt.Sprintf("state.%d.%s", i, name), t})
			}
		}
	}
	return out
}

// restore takes over the tensors of s, copied to the device and layout of their parameters.
func (b *base[G]) restore(s State) error {
	memories := make([]memory, len(b.params))
	known := map[string]bool{}
	for _, name := range b.names {
		known[name] = true
	}
	for _, t := range s.Tensors {
		var i int
		var name string
		if n, _ := fmt.Sscanf(t.Name, "state.%d.%s", &i, &name); n != 2 || !known[name] || i < 0 || i >= len(b.params) {
			return fmt.Errorf("the optimiser state has a tensor %s that fits none of the %d parameters", t.Name, len(b.params))
		}
		if name != "step" && t.Tensor.Numel() != b.params[i].Numel() {
			return fmt.Errorf("the optimiser state's %s has shape %v, its parameter %v", t.Name, t.Tensor.Shape(), b.params[i].Shape())
		}
		if memories[i] == nil {
			memories[i] = memory{}
		}
		memories[i][name] = t.Tensor
	}
	torch.NoGrad(func() {
		for i, m := range memories {
			for name, t := range m {
				m[name] = b.adopt(i, name, t)
			}
		}
	})
	b.memory = memories
	return nil
}

// adopt copies t to where the memory of parameter i lies; a step counter stays on the CPU unless the parameter is on a
// GPU, whose kernel reads it there.
func (b *base[G]) adopt(i int, name string, t *torch.Tensor) *torch.Tensor {
	if name == "step" {
		return newStep(b.params[i]).CopyInPlace(t)
	}
	return b.params[i].ZerosLike().Own().CopyInPlace(t)
}

// newStep is a counter for the fused kernels, on the parameter's device.
func newStep(p *torch.Tensor) *torch.Tensor {
	return torch.Zeros(nil, torch.TensorOptions{Device: p.Device()}).Own()
}

// parameterNumbers is PyTorch's "params" of a group.
func (g *group[G]) parameterNumbers() []int {
	out := make([]int, g.n)
	for i := range out {
		out[i] = g.first + i
	}
	return out
}
