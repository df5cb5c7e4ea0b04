package torch

import (
	"fmt"

	"github.com/forgergan/forger/torch/internal/capi"
)

// Function is an operation whose derivative is written in Go, as torch.autograd.Function.
//
//	double := torch.Function{
//		Forward:  func(c *torch.Context, in []*torch.Tensor) []*torch.Tensor { return []*torch.Tensor{in[0].MulScalar(2)} },
//		Backward: func(c *torch.Context, grads []*torch.Tensor) []*torch.Tensor { return []*torch.Tensor{grads[0].MulScalar(2)} },
//	}
//	y := double.Apply(x)[0]
//
// Forward computes the outputs; nothing in it is recorded. Backward gets one gradient for each output, of its shape,
// zeros where nothing depends on the output, and returns one for each input, nil for an input that needs none. Both run
// in a scope of their own. Backward's operations are recorded where the pass is (CreateGraph), so a Backward made of
// differentiable operations on its gradients and on saved tensors can be differentiated again.
//
// Tensors that Backward needs go through [Context.SaveForBackward], not through variables that both functions see: only
// so does an in-place change in between become an error, and an output that Backward needs does not keep itself alive.
// Whatever else Backward needs may be such a variable. Neither function may change an input in place.
type Function struct {
	Name     string // of the operation, in grad_fn and in errors; "GoFunction" if empty
	Forward  func(c *Context, inputs []*Tensor) []*Tensor
	Backward func(c *Context, grads []*Tensor) []*Tensor
}

// Context is what a Function's Forward leaves for its Backward.
type Context struct {
	needs  []bool
	saved  []*Tensor
	cutOff []*Tensor
}

// SaveForBackward keeps inputs, outputs or other tensors for Saved; nil is allowed. A second call replaces the first.
func (c *Context) SaveForBackward(ts ...*Tensor) { c.saved = ts }

// Saved is what SaveForBackward kept, for Backward.
func (c *Context) Saved() []*Tensor { return c.saved }

// NeedsInputGrad reports whether input i needs a gradient; Backward may save itself the work if not.
func (c *Context) NeedsInputGrad(i int) bool { return c.needs[i] }

// MarkNonDifferentiable says of outputs that they have no gradient. Outputs of integers never have one.
func (c *Context) MarkNonDifferentiable(outputs ...*Tensor) { c.cutOff = outputs }

// Apply runs Forward on inputs and records Backward as its derivative.
func (f Function) Apply(inputs ...*Tensor) []*Tensor {
	if f.Name == "" {
		f.Name = "GoFunction"
	}
	c := &Context{needs: make([]bool, len(inputs))}
	record := false
	for i, t := range inputs {
		c.needs[i] = t.RequiresGrad()
		record = record || c.needs[i]
	}
	record = record && GradEnabled()
	return TidyAll(func() []*Tensor {
		var outputs []*Tensor
		NoGrad(func() { outputs = f.Forward(c, inputs) })
		if !record {
			return outputs
		}
		return f.attach(c, inputs, outputs)
	})
}

// attach makes outputs the results of a node of the graph whose derivative is f.Backward.
func (f Function) attach(c *Context, inputs, outputs []*Tensor) []*Tensor {
	needs := c.needs // c itself holds tensors of the forward pass
	backward := func(in []uint64) {
		ts, n := scopedTensors(in), len(outputs)
		grads := f.Backward(&Context{needs: needs, saved: ts[n:]}, ts[:n:n])
		if len(grads) != len(needs) {
			panic(&Error{Op: f.Name, Code: ValueError, Msg: fmt.Sprintf("Backward returned %d gradients for %d inputs", len(grads), len(needs))})
		}
		giveBack(grads)
	}
	frame := newFrame(f.Name, capi.Function)
	frame.string(f.Name + "Backward")
	frame.tensors(inputs)
	frame.tensors(outputs)
	frame.optTensors(c.saved)
	frame.tensors(c.cutOff)
	frame.add(capi.Int, capi.Hold(backward))
	return frame.many()
}
