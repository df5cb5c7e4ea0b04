package torch

import (
	"runtime"
	"strings"

	"github.com/forgergan/forger/torch/internal/capi"
)

// RequiresGrad reports whether operations on t are recorded for gradients.
func (t *Tensor) RequiresGrad() bool { return t.mustInfo().flags&flagRequiresGrad != 0 }

// IsLeaf reports whether t was made by the program rather than by a recorded operation.
func (t *Tensor) IsLeaf() bool { return t.mustInfo().flags&flagLeaf != 0 }

// SetRequiresGrad turns recording of operations on a leaf on or off and returns t.
func (t *Tensor) SetRequiresGrad(on bool) *Tensor {
	f := newFrame("SetRequiresGrad", capi.RequiresGrad)
	f.tensor(t)
	f.bool(on)
	f.run()
	return t
}

// SetData lets t take over the memory of other, type, device and layout included, as PyTorch's
// tensor.data = other. Whoever holds t, an optimiser for one, goes on with the new memory.
func (t *Tensor) SetData(other *Tensor) {
	f := newFrame("SetData", capi.SetData)
	f.tensor(t)
	f.tensor(other)
	f.run()
}

// Grad is the gradient that Backward accumulated in t, or nil. It shares memory with it.
func (t *Tensor) Grad() *Tensor {
	f := newFrame("Grad", capi.GradGet)
	f.tensor(t)
	return f.many()[0]
}

// SetGrad replaces the gradient of t; nil removes it.
func (t *Tensor) SetGrad(g *Tensor) {
	f := newFrame("SetGrad", capi.GradSet)
	f.tensor(t)
	f.optTensor(g)
	f.run()
}

// ClearGrads removes the gradients of ts in one call, as zero_grad(set_to_none=True).
func ClearGrads(ts []*Tensor) {
	f := newFrame("ClearGrads", capi.GradClear)
	f.tensors(ts)
	f.run()
}

// Grads returns the gradients of ts in one call, nil where there is none.
func Grads(ts []*Tensor) []*Tensor {
	f := newFrame("Grads", capi.GradOf)
	f.tensors(ts)
	return f.many()
}

// gradFn is the name of the function that made t, "" for a leaf. It fails for a view that was changed in place while
// nothing was recorded.
func (t *Tensor) gradFn() (string, error) {
	f := newFrame("String", capi.GradFn)
	f.tensor(t)
	text := make([]byte, 256)
	f.text = text
	var r capi.Result
	if err := f.try(&r); err != nil {
		return "", err
	}
	name := string(text[:r.Inline[0]])
	return name[strings.LastIndexByte(name, ':')+1:], nil
}

// BackwardOptions are the optional arguments of Backward.
type BackwardOptions struct {
	Gradient    *Tensor   // weight of each element of t; a scalar needs none
	RetainGraph bool      // keep the graph for another backward pass
	CreateGraph bool      // record the pass itself, for gradients of gradients
	Inputs      []*Tensor // accumulate in these leaves only; all by default
}

// Backward adds the gradient of t with respect to every leaf that it was made from to that leaf's Grad.
func (t *Tensor) Backward(o ...BackwardOptions) {
	p := option(o)
	f := newFrame("Backward", capi.Backward)
	f.tensors([]*Tensor{t})
	f.optTensors([]*Tensor{p.Gradient})
	f.bool(p.RetainGraph || p.CreateGraph)
	f.bool(p.CreateGraph)
	f.tensors(p.Inputs)
	f.run()
}

// GradOptions are the optional arguments of Grad.
type GradOptions struct {
	GradOutputs []*Tensor // weight of each output; a scalar output needs none
	RetainGraph bool      // keep the graph for another pass
	CreateGraph bool      // record the pass itself, for gradients of gradients
	AllowUnused bool      // give nil for an input that the outputs do not depend on, instead of panicking
}

// Grad is the gradient of the sum of outputs with respect to each input; nothing is accumulated.
func Grad(outputs, inputs []*Tensor, o ...GradOptions) []*Tensor {
	p := option(o)
	weights := p.GradOutputs
	if weights == nil {
		weights = make([]*Tensor, len(outputs))
	}
	f := newFrame("Grad", capi.Grad)
	f.tensors(outputs)
	f.tensors(inputs)
	f.optTensors(weights)
	f.bool(p.RetainGraph || p.CreateGraph)
	f.bool(p.CreateGraph)
	f.bool(p.AllowUnused)
	return f.many()
}

// NoGrad runs f without recording operations for gradients; the mode before it returns
// afterwards, also when f panics.
func NoGrad(f func()) { withGradMode(false, f) }

// EnableGrad runs f with recording on, inside NoGrad.
func EnableGrad(f func()) { withGradMode(true, f) }

func withGradMode(on bool, f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := setGradMode(on)
	defer setGradMode(before)
	f()
}

func setGradMode(on bool) bool {
	f := newFrame("NoGrad", capi.GradMode)
	f.bool(on)
	return f.yes()
}

// GradEnabled reports whether operations of this thread are recorded.
func GradEnabled() bool {
	f := newFrame("GradEnabled", capi.GradMode)
	f.none()
	return f.yes()
}

// Inference runs f in inference mode: NoGrad that also saves the bookkeeping by which later changes and views of a
// tensor are noticed. Tensors made in f stay out of every graph for good: using one where an operation is recorded that
// must save it panics.
func Inference(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	setInference(true)
	defer setInference(false)
	f()
}

func setInference(on bool) {
	f := newFrame("Inference", capi.Inference)
	f.bool(on)
	f.run()
}

// IsInference reports whether t was made in Inference.
func (t *Tensor) IsInference() bool { return t.mustInfo().flags&flagInference != 0 }
