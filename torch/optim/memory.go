package optim

import (
	"maps"
	"slices"

	"github.com/forgergan/forger/torch"
)

// memory is the tensors that an optimiser keeps for one parameter, by PyTorch's names.
type memory map[string]*torch.Tensor

// master is the name of the float32 copy of a parameter in half precision.
const master = "master"

// kept lists the tensors that g keeps for parameter i, in PyTorch's order.
func (b *base[S, G]) kept(g G, i int) []string {
	names := g.names()
	if g.shared().MasterWeights && isHalf(b.params[i].DType()) {
		names = append(names, master)
	}
	return names
}

func isHalf(d torch.DType) bool { return d == torch.BFloat16 || d == torch.Float16 }

// newMemory is what g keeps for parameter i before its first step.
func (b *base[S, G]) newMemory(g G, i int) memory {
	m, p := memory{}, b.params[i]
	names := b.kept(g, i)
	if len(names) > 0 && names[len(names)-1] == master {
		p = p.Detach().ToDType(torch.Float32)
		m[master] = p.Own()
	}
	for _, name := range names {
		switch name {
		case master:
		case "step":
			// The fused kernels read the counter, float32 whatever p is, on p's device.
			m[name] = torch.Zeros(nil, torch.TensorOptions{Device: p.Device()}).Own()
		default:
			m[name] = p.ZerosLike().Own()
		}
	}
	g.start(m)
	return m
}

// remember makes what memory of parameter i is missing, and reports whether it was: before the first step, and when a
// schedule gives the group a momentum.
func (b *base[S, G]) remember(g G, i int, names []string) bool {
	old := b.memory[i]
	if old != nil && !slices.ContainsFunc(names, func(name string) bool { return old[name] == nil }) {
		return false
	}
	b.memory[i] = b.newMemory(g, i)
	maps.Copy(b.memory[i], old)
	return true
}

// column collects one tensor of the memory of each listed parameter.
func (b *base[S, G]) column(numbers []int, name string) []*torch.Tensor {
	out := make([]*torch.Tensor, len(numbers))
	for k, i := range numbers {
		out[k] = b.memory[i][name]
	}
	return out
}

// lift puts masters and float32 gradients in the place of parameters in half precision, and returns both.
func (b *base[S, G]) lift(a active) (half, masters []*torch.Tensor) {
	var places []int
	var grads []*torch.Tensor
	for k, i := range a.numbers {
		if m := b.memory[i][master]; m != nil {
			places = append(places, k)
			half, masters, grads = append(half, a.params[k]), append(masters, m), append(grads, a.grads[k])
		}
	}
	for j, grad := range widen(grads, masters) {
		a.params[places[j]], a.grads[places[j]] = masters[j], grad
	}
	return half, masters
}

// widen converts each of xs to the type of its neighbour in like, which has its shape.
func widen(xs, like []*torch.Tensor) []*torch.Tensor {
	if len(xs) == 0 {
		return nil
	}
	out := torch.ForeachAbs(like) // any operator would do: what it computes is overwritten
	torch.ForeachCopyInPlace(out, xs)
	return out
}
