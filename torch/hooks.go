package torch

import "github.com/forgergan/forger/torch/internal/capi"

// Hook is a function that was registered on a tensor.
type Hook struct {
	t           *Tensor
	function    int64
	accumulated bool
}

// RegisterHook lets f see the gradient of t in every backward pass that computes it, before it flows on or is added to
// t.Grad: f returns what shall take its place, of the same shape and type, or nil to leave it. Hooks run in the order
// of their registration, each with what the one before gave.
//
// f runs in a scope of its own: the gradient is gone when f returns unless it is kept with Own. Operations in f are
// recorded only where the pass is itself recorded (CreateGraph). A panic in f ends the backward pass and goes on from
// the call of Backward or Grad. A hook belongs to the tensor and its graph and ends with them; f must not hold a handle
// made of t outside every scope, or neither is ever freed.
func (t *Tensor) RegisterHook(f func(grad *Tensor) *Tensor) *Hook {
	return t.register("RegisterHook", false, func(in []uint64) { giveBack([]*Tensor{f(scopedTensors(in)[0])}) })
}

// RegisterPostAccumulateGradHook calls f after a backward pass has added to the gradient of t, a leaf: an optimiser
// may step there and clear the gradient. For the rest it is RegisterHook.
func (t *Tensor) RegisterPostAccumulateGradHook(f func(t *Tensor)) *Hook {
	return t.register("RegisterPostAccumulateGradHook", true, func(in []uint64) { f(scopedTensors(in)[0]) })
}

func (t *Tensor) register(name string, accumulated bool, f capi.Callback) *Hook {
	c := newFrame(name, capi.Hook)
	c.tensor(t)
	c.bool(accumulated)
	h := &Hook{t: t, function: capi.Hold(f), accumulated: accumulated}
	c.add(capi.Int, h.function)
	c.run()
	return h
}

// Remove ends the hook; it has no effect the second time, or after the end of the tensor.
func (h *Hook) Remove() {
	if h.t == nil {
		return
	}
	f := newFrame("Remove", capi.Unhook)
	f.tensor(h.t)
	f.bool(h.accumulated)
	f.add(capi.Int, h.function)
	var r capi.Result
	err := f.try(&r)
	capi.Forget(h.function) // the graph may outlive the tensor
	h.t = nil
	if e, ok := err.(*Error); err != nil && !(ok && e.Code == StaleTensor) {
		panic(err)
	}
}

// RetainGrad lets backward passes keep the gradient of t, which is not a leaf, in t.Grad.
func (t *Tensor) RetainGrad() {
	f := newFrame("RetainGrad", capi.RetainGrad)
	f.tensor(t)
	f.run()
}

// scopedTensors names the tensors that C++ calls a Go function with; they belong to the scope of that call.
func scopedTensors(handles []uint64) []*Tensor {
	ts := make([]*Tensor, len(handles))
	for i, h := range handles {
		if h != 0 {
			ts[i] = newTensor(h, true)
		}
	}
	return ts
}

// giveBack hands the results of a Go function to C++, which called it.
func giveBack(ts []*Tensor) {
	f := newFrame("Backward", capi.Return)
	f.optTensors(ts)
	f.run()
}
