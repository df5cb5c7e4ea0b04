// Package jit runs TorchScript: networks that torch.jit.script or torch.jit.trace saved in Python, with their code.
//
//	m, err := jit.Load("generator.pt", torch.Device{})
//	if err != nil {
//		return err
//	}
//	m.Eval()
//	y := m.Forward(x)
//
// A module is an nn.Layer. What it holds is its own: StateDict lists its tensors under PyTorch's names, so that weights
// published as TorchScript can be saved as safetensors or loaded into a network written in Go. Gradients flow through a
// module to its input and to its parameters; one that torch.jit.freeze made has none, its weights are constants.
//
// # Safety
//
// A TorchScript file is a program. LibTorch's own interpreter runs it, there is no Python, and the language has no
// files, processes or network; but the interpreter can be kept busy or given all memory, and was not made to be
// attacked. Load files of people whom you would let run a program, or read weights only, with package checkpoint.
package jit

import (
	"runtime"
	"strings"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Module is a TorchScript module. Several goroutines may run it at once if none of them changes it.
type Module struct{ id int }

// Output is what a method returned: a tensor, or a tuple or list of outputs.
type Output struct {
	Tensor *torch.Tensor
	Parts  []Output
}

// Load reads the module in the file at path to a device. A file that is missing, damaged or no TorchScript is an error
// of one sentence.
func Load(path string, d torch.Device) (*Module, error) {
	if err := torch.Available(); err != nil {
		return nil, err
	}
	if err := check(path); err != nil {
		return nil, err
	}
	m := &Module{}
	if err := torch.Try(func() { m.id = torch.CallAs[int]("forger::script_load", path, d) }); err != nil {
		return nil, loadError(path, err)
	}
	runtime.AddCleanup(m, forget, m.id)
	return m, nil
}

func forget(id int) { torch.Call("forger::script_free", id) }

// Free frees the module now instead of when the garbage collector finds it unreachable. Its tensors that StateDict gave
// stay alive.
func (m *Module) Free() { forget(m.id) }

// Forward runs the method forward on one tensor. It panics with an *Error if the result is not one tensor.
func (m *Module) Forward(x *torch.Tensor) *torch.Tensor {
	out := m.Call("forward", x)
	if out.Tensor == nil {
		for _, t := range out.Tensors() {
			t.Free()
		}
		panic(&torch.Error{Op: "jit.Forward", Code: torch.TypeError, Msg: "the module returned a tuple or list: use Call"})
	}
	return out.Tensor
}

// Call runs a method, or one of a module inside, as "layers.forward". It panics with an *Error if there is no such
// method, if it fails, or if it returns anything but tensors and tuples and lists of them.
func (m *Module) Call(method string, inputs ...*torch.Tensor) Output {
	r := torch.Call("forger::script_run", m.id, method, inputs)
	runtime.KeepAlive(m)
	tensors, shape := r[0].([]*torch.Tensor), r[1].([]int)
	return assemble(&tensors, &shape)
}

// assemble reads the next output: -1 in shape stands for a tensor, n for n parts.
func assemble(tensors *[]*torch.Tensor, shape *[]int) Output {
	n := (*shape)[0]
	*shape = (*shape)[1:]
	if n < 0 {
		t := (*tensors)[0]
		*tensors = (*tensors)[1:]
		return Output{Tensor: t}
	}
	out := Output{Parts: make([]Output, n)}
	for i := range out.Parts {
		out.Parts[i] = assemble(tensors, shape)
	}
	return out
}

// Tensors are the tensors of o in their order.
func (o Output) Tensors() []*torch.Tensor {
	if o.Tensor != nil {
		return []*torch.Tensor{o.Tensor}
	}
	var all []*torch.Tensor
	for _, p := range o.Parts {
		all = append(all, p.Tensors()...)
	}
	return all
}

// Methods are the names of the methods that Call runs.
func (m *Module) Methods() []string {
	defer runtime.KeepAlive(m)
	return strings.Fields(torch.CallAs[string]("forger::script_methods", m.id))
}

// StateDict lists the module's parameters and buffers in PyTorch's order. The tensors share the module's memory: they
// can be trained, saved with checkpoint.FromState, or loaded into a network with nn.LoadStateDict. They belong to the
// scope around the call.
func (m *Module) StateDict() []nn.Entry {
	defer runtime.KeepAlive(m)
	r := torch.Call("forger::script_state", m.id)
	state := make([]nn.Entry, len(r[0].([]*torch.Tensor)))
	names := strings.Split(r[1].(string), "\n")
	for i, t := range r[0].([]*torch.Tensor) {
		kind, name, _ := strings.Cut(names[i], " ")
		state[i] = nn.Entry{Name: name, Tensor: t, Buffer: kind == "b"}
	}
	return state
}

// Train puts the module and those in it into training mode, which a loaded one is in if it was saved so.
func (m *Module) Train() { torch.Call("forger::script_train", m.id, true) }

// Eval puts the module and those in it into evaluation mode: no dropout, running statistics.
func (m *Module) Eval() { torch.Call("forger::script_train", m.id, false) }

// ToDevice moves the module's tensors to a device. Code that a trace bound to another device stays bound to it.
func (m *Module) ToDevice(d torch.Device) { torch.Call("forger::script_to_device", m.id, d) }

// ToDType converts the module's floating-point tensors.
func (m *Module) ToDType(d torch.DType) { torch.Call("forger::script_to_dtype", m.id, d) }
