package nn

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/forgergan/forger/torch"
)

// Table is what Summary tells of a module.
type Table struct {
	Rows       []Row `json:"rows"`
	Output     []int `json:"output"`     // the shape of the module's own result
	Parameters int   `json:"parameters"` // numbers that are learnt or frozen, shared ones once
	Trainable  int   `json:"trainable"`  // those that are not frozen
	Buffers    int   `json:"buffers"`    // numbers in buffers
}

// Row is one layer: a module with tensors of its own or without children.
type Row struct {
	Name       string `json:"name"` // dotted, as in the state dictionary
	Type       string `json:"type"`
	Output     []int  `json:"output"`     // the shape of the result when it first ran; nil if it was not seen to run
	Parameters int    `json:"parameters"` // numbers in the layer's own parameters
	Buffers    int    `json:"buffers"`    // numbers in its own buffers
	Frozen     bool   `json:"frozen"`     // has parameters, and none of them requires a gradient
	Shared     bool   `json:"shared"`     // a row above has one of its tensors, too
}

// Summary lists the layers of module with the shapes that they put out for inputs, in one forward pass without recording:
//
//	fmt.Print(nn.Summary(generator, []int{2, 100, 1, 1}))
//
// An input is a shape ([]int), for zeros on the device of the module and of its type, or a *torch.Tensor. They go to the
// method Forward of module. Buffers and the CPU's random stream are as before afterwards. Shapes are seen of the layers of
// this package that have parameters, and of whatever is in a Sequential. Summary panics with a *torch.Error if module has
// no Forward with as many arguments; what Forward itself panics with passes through.
func Summary(module any, inputs ...any) *Table {
	t := &Table{}
	seen := &observer{shapes: map[any][]int{}}
	torch.Scope(func() { t.Output = run(module, inputs, seen) })
	t.list("", reflect.ValueOf(module), nil, seen, map[*torch.Tensor]bool{})
	return t
}

// run observes one forward pass that changes nothing.
func run(module any, inputs []any, seen *observer) (output []int) {
	forward := reflect.ValueOf(module).MethodByName("Forward")
	if !forward.IsValid() || forward.Type().NumIn() != len(inputs) {
		panic(refusal("%T has no method Forward of %d inputs", module, len(inputs)))
	}
	args := arguments(module, inputs)
	torch.NoGrad(func() {
		defer saveBuffers(module)()
		torch.ForkRNG(func() {
			defer seen.start()()
			if y, ok := forward.Call(args)[0].Interface().(*torch.Tensor); ok {
				output = y.Shape()
			}
		})
	})
	return output
}

// arguments makes tensors of inputs, zeros of a shape on the device of module and of its floating-point type.
func arguments(module any, inputs []any) []reflect.Value {
	var like torch.TensorOptions
	for _, e := range StateDict(module) {
		if e.Tensor.DType().IsFloat() {
			like = torch.TensorOptions{DType: e.Tensor.DType(), Device: e.Tensor.Device()}
			break
		}
	}
	args := make([]reflect.Value, len(inputs))
	for i, in := range inputs {
		switch v := in.(type) {
		case []int:
			args[i] = reflect.ValueOf(torch.Zeros(v, like))
		case *torch.Tensor:
			args[i] = reflect.ValueOf(v)
		default:
			panic(refusal("an input of the summary is a shape or a tensor, not a %T", in))
		}
	}
	return args
}

// saveBuffers copies the buffers of module and returns the function that puts their numbers back.
func saveBuffers(module any) (restore func()) {
	before := map[*torch.Tensor]*torch.Tensor{}
	for _, e := range StateDict(module) {
		if e.Buffer {
			before[e.Tensor] = e.Tensor.Clone()
		}
	}
	return func() {
		for buffer, numbers := range before {
			buffer.CopyInPlace(numbers)
		}
	}
}

// list adds the rows of v and of what is below it. slot is where a Sequential holds v.
func (t *Table) list(name string, v reflect.Value, slot any, seen *observer, listed map[*torch.Tensor]bool) {
	children := childrenOf(v)
	if own := ownTensors(v); v.Kind() != reflect.Slice && (len(own) > 0 || len(children) == 0) {
		row := Row{Name: name, Type: reflect.Indirect(v).Type().Name(), Output: seen.shapes[slot]}
		if row.Output == nil && v.Kind() == reflect.Pointer {
			row.Output = seen.shapes[v.Interface()]
		}
		for _, e := range own {
			t.count(&row, e, listed[e.Tensor])
			listed[e.Tensor] = true
		}
		t.Rows = append(t.Rows, row)
	}
	for _, c := range children {
		value, slot := c.value, any(nil)
		if value.Kind() == reflect.Interface {
			value, slot = value.Elem(), value.Addr().Interface()
		}
		t.list(join(name, c.name), value, slot, seen, listed)
	}
}

// count adds a tensor of a row, which may have been in another row already.
func (t *Table) count(row *Row, e Entry, again bool) {
	n := e.Tensor.Numel()
	row.Shared = row.Shared || again
	if e.Buffer {
		row.Buffers += n
		if !again {
			t.Buffers += n
		}
		return
	}
	frozen := !e.Tensor.RequiresGrad()
	row.Frozen = frozen && (row.Frozen || row.Parameters == 0)
	row.Parameters += n
	if !again {
		t.Parameters += n
		if !frozen {
			t.Trainable += n
		}
	}
}

// String is the table as text: a line a layer, then the totals.
func (t *Table) String() string {
	lines := [][]string{{"name", "type", "output", "parameters", "buffers", ""}}
	for _, r := range t.Rows {
		lines = append(lines, []string{
			r.Name, r.Type, shapeText(r.Output), strconv.Itoa(r.Parameters), strconv.Itoa(r.Buffers), r.marks(),
		})
	}
	lines = append(lines, []string{"total", "", shapeText(t.Output), strconv.Itoa(t.Parameters), strconv.Itoa(t.Buffers),
		fmt.Sprintf("%d trainable", t.Trainable)})
	var widths [6]int
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, l := range lines {
		line := fmt.Sprintf("%-*s  %-*s  %-*s  %*s  %*s  %s", widths[0], l[0], widths[1], l[1], widths[2], l[2],
			widths[3], l[3], widths[4], l[4], l[5])
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

func shapeText(shape []int) string {
	if shape == nil {
		return "-"
	}
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", "×")
}

func (r Row) marks() string {
	var marks []string
	if r.Frozen {
		marks = append(marks, "frozen")
	}
	if r.Shared {
		marks = append(marks, "shared")
	}
	return strings.Join(marks, ", ")
}

// An observer notes the shapes that layers put out. A layer is known by its pointer, or by the place in a Sequential that
// holds it.
type observer struct {
	mu     sync.Mutex
	shapes map[any][]int
}

// observing is the observer of the Summary that runs; nil, nearly always, costs one load a layer.
var (
	observing  atomic.Pointer[observer]
	oneAtATime sync.Mutex
)

// start makes o see every layer until the function that it returns is called.
func (o *observer) start() (stop func()) {
	oneAtATime.Lock()
	observing.Store(o)
	return func() {
		observing.Store(nil)
		oneAtATime.Unlock()
	}
}

// observe tells the Summary that may run what a layer put out, and returns that.
func observe(layer any, y *torch.Tensor) *torch.Tensor {
	if o := observing.Load(); o != nil {
		o.mu.Lock()
		if o.shapes[layer] == nil {
			o.shapes[layer] = y.Shape()
		}
		o.mu.Unlock()
	}
	return y
}
