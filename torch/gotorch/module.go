//go:build gotorch

package gotorch

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unsafe"

	their "github.com/wangkuiyi/gotorch"
	theirnn "github.com/wangkuiyi/gotorch/nn"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Module is a module of gotorch as one of Forger's: a layer whose parameters and buffers the functions of package nn
// list, save, load and move, and which nn.Train and nn.Eval switch.
type Module struct {
	Tensors nn.ModuleDict `nn:""`

	module  theirnn.IModule
	forward func(their.Tensor) their.Tensor
}

type (
	parameter struct {
		Tensor *torch.Tensor `nn:""`
	}
	buffer struct {
		Tensor *torch.Tensor `nn:",buffer"`
	}
)

// FromModule makes m a module of Forger's. Its tensors are m's own, in the order and under the names that PyTorch gives
// them: RunningMean of the third module of Main is main.2.running_mean. Fields in camel case become snake case, elements
// of a slice have their index, and a Sequential's modules are numbered without the name of its field.
//
// It panics with a *torch.Error if m has no Forward of one tensor. A later SetStateDict of m gives m other tensors, of
// which this module knows nothing; nn.LoadStateDict copies numbers into those that both have.
func FromModule(m theirnn.IModule) *Module {
	out := &Module{module: m}
	switch f := m.(type) {
	case interface {
		Forward(their.Tensor) their.Tensor
	}:
		out.forward = f.Forward
	case interface{ Forward(...any) any }:
		out.forward = func(x their.Tensor) their.Tensor { return f.Forward(x).(their.Tensor) }
	default:
		panic(&torch.Error{Op: "FromModule", Code: torch.TypeError, Msg: fmt.Sprintf("%T has no Forward from one tensor to one", m)})
	}
	w := walker{known: map[*unsafe.Pointer]*torch.Tensor{}}
	w.walk("", m)
	out.Tensors = w.out
	return out
}

// Forward is m's Forward. Gradients flow through it. What m's layers make on the way is gotorch's and is freed by Go's
// garbage collector; see the package's comment. An error of LibTorch, which gotorch throws as a string, panics with a
// *torch.Error.
func (m *Module) Forward(x *torch.Tensor) *torch.Tensor {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case string:
			line, _, _ := strings.Cut(r, "\n")
			panic(&torch.Error{Op: m.module.Name() + ".Forward", Code: torch.Failed, Msg: line})
		default:
			panic(r)
		}
	}()
	return FromGoTorch(m.forward(ToGoTorch(x)))
}

// SetTraining is m's Train, for nn.Train and nn.Eval.
func (m *Module) SetTraining(on bool) { m.module.Train(on) }

// A walker lists the tensors of a gotorch module in PyTorch's order. What is a tensor, a buffer or a child is gotorch's
// rule (visitTensors and makeTensorRecorder of its nn/module.go); its own functions return maps, which have no order.
type walker struct {
	out   nn.ModuleDict
	known map[*unsafe.Pointer]*torch.Tensor // a tensor under two names is one parameter
}

func (w *walker) walk(prefix string, m theirnn.IModule) {
	type child struct {
		name   string
		module theirnn.IModule
	}
	var children []child
	var buffers nn.ModuleDict
	v := reflect.ValueOf(m).Elem()
	visit := func(name, tag string, value any) {
		switch value := value.(type) {
		case their.Tensor:
			switch {
			case value.T == nil:
			case tag == "buffer":
				buffers = append(buffers, nn.NamedModule{Name: name, Module: buffer{w.tensor(value)}})
			case tag == "" || tag == "param":
				w.out = append(w.out, nn.NamedModule{Name: name, Module: parameter{w.tensor(value)}})
			}
		case theirnn.IModule:
			if !reflect.ValueOf(value).IsNil() {
				children = append(children, child{name, value})
			}
		}
	}
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		if !field.IsExported() {
			continue
		}
		name, tag := join(prefix, snake(field.Name)), field.Tag.Get("gotorch")
		if _, sequential := m.(*theirnn.SequentialModule); sequential {
			name = prefix
		}
		if value.Kind() != reflect.Slice && value.Kind() != reflect.Array {
			visit(name, tag, value.Interface())
			continue
		}
		for k := range value.Len() {
			visit(join(name, fmt.Sprint(k)), tag, value.Index(k).Interface())
		}
	}
	w.out = append(w.out, buffers...)
	for _, c := range children {
		w.walk(c.name, c.module)
	}
}

func (w *walker) tensor(a their.Tensor) *torch.Tensor {
	if w.known[a.T] == nil {
		w.known[a.T] = FromGoTorch(a).Own()
	}
	return w.known[a.T]
}

func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

// snake is a Go name as Python writes it: RunningMean is running_mean, BN1 is bn1.
func snake(name string) string {
	var out strings.Builder
	letters := []rune(name)
	for i, r := range letters {
		follows := i > 0 && !unicode.IsUpper(letters[i-1])
		leads := i > 0 && i+1 < len(letters) && unicode.IsLower(letters[i+1])
		if unicode.IsUpper(r) && (follows || leads) {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}
