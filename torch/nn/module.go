// Package nn holds neural network layers with PyTorch's names, defaults and state dictionaries.
//
// A module is a pointer to a struct. Its tensors are fields of type *torch.Tensor with an nn tag
// that gives PyTorch's name, its children are fields that are modules:
//
//	type Generator struct {
//		Main *nn.Sequential `nn:"main"`
//	}
//
//	type BatchNorm2d struct {
//		Weight      *torch.Tensor `nn:"weight"`
//		RunningMean *torch.Tensor `nn:"running_mean,buffer"`
//	}
//
// Layers without tensors are literals whose zero settings are PyTorch's defaults, as ReLU{} and MaxPool2d{Size: 2}; layers
// with tensors are made by constructors, as NewConv2d, and initialised with PyTorch's numbers. Layers of one kind for
// signals, pictures and volumes are defined as one struct: the fields of Conv2d are those of Convolution.
//
// StateDict, Parameters, Train, To and the like walk these fields. The order is PyTorch's: a
// module's parameters, then its buffers, then its children, each in the order of the fields.
//
// Losses are operators of package torch, such as CrossEntropyLoss or TripletMarginLoss. Here are those that
// PyTorch composes in Python: GaussianNLLLoss, PoissonNLLLoss, KLDivBatchMean.
package nn

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/forgergan/forger/torch"
)

// Layer is a module that maps one tensor to one.
type Layer interface {
	Forward(x *torch.Tensor) *torch.Tensor
}

// Entry is one tensor of a state dictionary.
type Entry struct {
	Name   string // dotted, as PyTorch's: main.0.weight
	Tensor *torch.Tensor
	Buffer bool // not a parameter: it is saved but not learnt
}

// StateDict lists the parameters and buffers of module in PyTorch's order. The tensors are the
// module's own, not copies.
func StateDict(module any) []Entry {
	var out []Entry
	walk("", reflect.ValueOf(module), func(own []Entry) { out = append(out, own...) })
	return out
}

// Parameters lists the tensors that module learns, in PyTorch's order. One that it has under several
// names is listed once, so that an optimiser updates it once.
func Parameters(module any) []*torch.Tensor {
	var out []*torch.Tensor
	listed := map[*torch.Tensor]bool{}
	for _, e := range StateDict(module) {
		if !e.Buffer && !listed[e.Tensor] {
			listed[e.Tensor] = true
			out = append(out, e.Tensor)
		}
	}
	return out
}

// NumParameters counts the numbers that module learns.
func NumParameters(module any) int {
	n := 0
	for _, p := range Parameters(module) {
		n += p.Numel()
	}
	return n
}

// Apply calls f for every module below module and for module itself, children first, as PyTorch's
// Module.apply. Activations are visited, too.
func Apply(module any, f func(m any)) {
	v := reflect.ValueOf(module)
	for _, c := range childrenOf(v) {
		Apply(c.value.Interface(), f)
	}
	if v.Kind() != reflect.Slice {
		f(module)
	}
}

// trainer is a module that behaves differently in training.
type trainer interface{ SetTraining(on bool) }

// mode makes the layer that it is embedded in a trainer, in training at first.
type mode struct{ evaluating bool }

// SetTraining switches between training and evaluation, as Train and Eval do for all layers of a module.
func (m *mode) SetTraining(on bool) { m.evaluating = !on }

func (m *mode) training() bool { return !m.evaluating }

// Train puts module and all below it in training mode, in which batch norm uses batch statistics.
// New modules are in it.
func Train(module any) { setTraining(module, true) }

// Eval puts module and all below it in evaluation mode.
func Eval(module any) { setTraining(module, false) }

func setTraining(module any, on bool) {
	Apply(module, func(m any) {
		if t, ok := m.(trainer); ok {
			t.SetTraining(on)
		}
	})
}

// Freeze stops recording for the parameters of module, so that backward passes compute no gradient
// that nobody reads, and returns the function that undoes it:
//
//	defer nn.Freeze(d)()
func Freeze(module any) (undo func()) {
	var frozen []*torch.Tensor
	for _, p := range Parameters(module) {
		if p.RequiresGrad() {
			frozen = append(frozen, p.SetRequiresGrad(false))
		}
	}
	return func() {
		for _, p := range frozen {
			p.SetRequiresGrad(true)
		}
	}
}

// ToOptions say what To changes; a zero field leaves that as it is.
type ToOptions struct {
	Device       *torch.Device
	DType        torch.DType        // of floating-point tensors only
	MemoryFormat torch.MemoryFormat // of tensors with 4 dimensions only
}

// To moves and converts every tensor of module in place, gradients too, so that optimisers made before
// still hold its parameters.
func To(module any, o ToOptions) {
	torch.NoGrad(func() {
		torch.Scope(func() {
			for _, e := range StateDict(module) {
				to := torch.ToOptions{Device: o.Device}
				if e.Tensor.DType().IsFloat() {
					to.DType = o.DType
				}
				if e.Tensor.Dim() == 4 {
					to.MemoryFormat = o.MemoryFormat
				}
				grad := e.Tensor.Grad()
				if grad != nil {
					e.Tensor.SetGrad(nil) // of the old type, it would not fit the new memory
				}
				e.Tensor.SetData(e.Tensor.Detach().To(to))
				if grad != nil {
					e.Tensor.SetGrad(grad.Detach().To(to))
				}
			}
		})
	})
}

// LoadStateDict copies tensors by name into module, converting type and device. With strict, a name
// that module lacks, or one that state lacks, is an error, as a wrong shape always is; nothing is
// copied then.
func LoadStateDict(module any, state []Entry, strict bool) error {
	given := map[string]*torch.Tensor{}
	for _, e := range state {
		given[e.Name] = e.Tensor
	}
	own := StateDict(module)
	known := map[string]bool{}
	var missing, wrong, unexpected []string
	for _, e := range own {
		known[e.Name] = true
		t, ok := given[e.Name]
		switch {
		case !ok:
			missing = append(missing, e.Name)
		case !slices.Equal(t.Shape(), e.Tensor.Shape()):
			wrong = append(wrong, fmt.Sprintf("%s is %v, not %v", e.Name, t.Shape(), e.Tensor.Shape()))
		}
	}
	for _, e := range state {
		if !known[e.Name] {
			unexpected = append(unexpected, e.Name)
		}
	}
	var problems []string
	for _, p := range []struct {
		what  string
		names []string
		fatal bool
	}{{"has wrong shapes", wrong, true}, {"lacks", missing, strict}, {"has unknown tensors", unexpected, strict}} {
		if p.fatal && len(p.names) > 0 {
			problems = append(problems, fmt.Sprintf("%s: %s", p.what, some(p.names)))
		}
	}
	if problems != nil {
		return fmt.Errorf("the state does not fit %T: it %s", module, strings.Join(problems, "; it "))
	}
	torch.NoGrad(func() {
		for _, e := range own {
			if t, ok := given[e.Name]; ok {
				e.Tensor.CopyInPlace(t)
			}
		}
	})
	return nil
}

// some lists the first few names.
func some(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

type child struct {
	name  string
	value reflect.Value
}

var (
	tensorType = reflect.TypeFor[*torch.Tensor]()
	namerType  = reflect.TypeFor[namer]()
)

// namer is a field that holds as many of its module's parameters as the settings say, and names them.
type namer interface{ entries() []Entry }

// walk visits the tensors of v and of the modules below it, parents first.
func walk(prefix string, v reflect.Value, visit func(own []Entry)) {
	own := ownTensors(v)
	for i := range own {
		own[i].Name = join(prefix, own[i].Name)
	}
	visit(own)
	for _, c := range childrenOf(v) {
		walk(join(prefix, c.name), c.value, visit)
	}
}

// ownTensors lists the tensors of v without those of its children, parameters before buffers.
func ownTensors(v reflect.Value) []Entry {
	own := append(tensorsOf("", v, false), tensorsOf("", v, true)...)
	if p, ok := v.Interface().(interface{ state(own []Entry) []Entry }); ok {
		own = p.state(own)
	}
	return own
}

func join(prefix, name string) string {
	switch {
	case prefix == "":
		return name
	case name == "":
		return prefix
	}
	return prefix + "." + name
}

// structOf is the struct that v, a module, points to or is; false for anything else.
func structOf(v reflect.Value) (reflect.Value, bool) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return v, false
		}
		v = v.Elem()
	}
	return v, v.Kind() == reflect.Struct
}

func tensorsOf(prefix string, v reflect.Value, buffers bool) []Entry {
	s, ok := structOf(v)
	if !ok {
		return nil
	}
	var out []Entry
	for i := range s.NumField() {
		field := s.Type().Field(i)
		tag, tagged := field.Tag.Lookup("nn")
		if !tagged {
			continue
		}
		if field.Type.Implements(namerType) && !buffers {
			for _, e := range s.Field(i).Interface().(namer).entries() {
				out = append(out, Entry{join(prefix, e.Name), e.Tensor, false})
			}
		}
		if field.Type != tensorType || s.Field(i).IsNil() {
			continue
		}
		name, kind, _ := strings.Cut(tag, ",")
		if (kind == "buffer") == buffers {
			out = append(out, Entry{join(prefix, name), s.Field(i).Interface().(*torch.Tensor), buffers})
		}
	}
	return out
}

// childrenOf lists the tagged fields of v that are modules, or the elements of a slice of them.
func childrenOf(v reflect.Value) []child {
	if v.Kind() == reflect.Slice {
		var out []child
		if dict, ok := v.Interface().(ModuleDict); ok {
			for _, m := range dict {
				out = append(out, child{m.Name, reflect.ValueOf(m.Module)})
			}
			return out
		}
		for i := range v.Len() {
			out = append(out, child{strconv.Itoa(i), v.Index(i)})
		}
		return out
	}
	s, ok := structOf(v)
	if !ok {
		return nil
	}
	var out []child
	for i := range s.NumField() {
		field := s.Type().Field(i)
		tag, tagged := field.Tag.Lookup("nn")
		if !tagged || field.Type == tensorType || field.Type.Implements(namerType) {
			continue
		}
		if f := s.Field(i); f.Kind() == reflect.Slice || !f.IsZero() {
			out = append(out, child{tag, f})
		}
	}
	return out
}
