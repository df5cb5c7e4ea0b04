//go:build gotorch

package gotorch

import (
	their "github.com/wangkuiyi/gotorch"
	theirnn "github.com/wangkuiyi/gotorch/nn"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Layer is a layer of Forger's as a module of gotorch, for its Sequential, optimisers and training loops. gotorch wants
// all fields of a module exported.
type Layer struct {
	theirnn.Module
	Wrapped nn.Layer

	Weights    []their.Tensor // parameters, in the order of nn.StateDict
	Statistics []their.Tensor `gotorch:"buffer"` // buffers
}

// ToModule makes l a module of gotorch. Its parameters and buffers are l's own, those that l has now.
func ToModule(l nn.Layer) *Layer {
	out := &Layer{Wrapped: l}
	for _, e := range nn.StateDict(l) {
		if e.Buffer {
			out.Statistics = append(out.Statistics, ToGoTorch(e.Tensor))
		} else {
			out.Weights = append(out.Weights, ToGoTorch(e.Tensor))
		}
	}
	out.Init(out)
	return out
}

// Forward is the layer's Forward. Gradients flow through it. What the layer makes on the way is freed when it returns,
// but for what the graph needs.
func (l *Layer) Forward(x their.Tensor) (y their.Tensor) {
	torch.Scope(func() { y = ToGoTorch(l.Wrapped.Forward(FromGoTorch(x))) })
	return y
}

// Train switches the layer between training and evaluation.
func (l *Layer) Train(on bool) {
	l.Module.Train(on)
	l.follow()
}

// Apply is gotorch's. Its Train switches whatever is below a module by it, so the layer follows here.
func (l *Layer) Apply(f func(theirnn.IModule)) {
	l.Module.Apply(f)
	l.follow()
}

func (l *Layer) follow() {
	if l.IsTraining() {
		nn.Train(l.Wrapped)
	} else {
		nn.Eval(l.Wrapped)
	}
}
