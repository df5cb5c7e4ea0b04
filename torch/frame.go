package torch

import (
	"fmt"
	"math"
	"runtime"
	"sync"

	"github.com/forgergan/forger/torch/internal/capi"
)

//go:generate go run ./internal/gen

const firstOp = capi.FirstOperator

// A frame collects the arguments of one native call. Generated operators fill it in the order
// of their schema; run, one, many and yes make the call and give the frame back.
type frame struct {
	name    string
	op      capi.Op
	args    []capi.Arg
	ints_   []int64
	handles []uint64
	text    []byte
	held    []*Tensor // operands, alive until the call returns
	drawn   *Generator
	result  capi.Result
}

var frames = sync.Pool{New: func() any { return new(frame) }}

func newFrame(name string, op capi.Op) *frame {
	if err := load(); err != nil {
		panic(err)
	}
	f := frames.Get().(*frame)
	f.name, f.op = name, op
	return f
}

func (f *frame) add(kind capi.Kind, i int64) { f.args = append(f.args, capi.Arg{Kind: kind, I: i}) }

// list adds an argument whose n parts begin at place i of their array.
func (f *frame) list(kind capi.Kind, i, n int) {
	f.args = append(f.args, capi.Arg{Kind: kind, N: int32(n), I: int64(i)})
}

func (f *frame) none() { f.args = append(f.args, capi.Arg{}) }

func (f *frame) refuse(format string, a ...any) {
	panic(&Error{Op: f.name, Code: ValueError, Msg: fmt.Sprintf(format, a...)})
}

func (f *frame) tensor(t *Tensor) {
	if t == nil {
		f.refuse("argument %d is a nil tensor", len(f.args)+1)
	}
	f.optTensor(t)
}

func (f *frame) optTensor(t *Tensor) {
	if t == nil {
		f.none()
		return
	}
	f.held = append(f.held, t)
	f.add(capi.Tensor, int64(t.handle))
}

func (f *frame) tensors(ts []*Tensor) {
	for i, t := range ts {
		if t == nil || t.handle == 0 {
			f.refuse("tensor %d of the list is nil", i)
		}
	}
	f.optTensors(ts)
}

func (f *frame) optTensors(ts []*Tensor) {
	f.list(capi.Tensors, len(f.handles), len(ts))
	for _, t := range ts {
		var h uint64
		if t != nil {
			h = t.handle
		}
		f.handles = append(f.handles, h)
	}
	f.held = append(f.held, ts...)
}

func (f *frame) int(v int) { f.add(capi.Int, int64(v)) }

func (f *frame) optInt(v *int) {
	if v == nil {
		f.none()
		return
	}
	f.int(*v)
}

func (f *frame) ints(v []int) {
	f.list(capi.Ints, len(f.ints_), len(v))
	for _, n := range v {
		f.ints_ = append(f.ints_, int64(n))
	}
}

// intsOf writes a list of n numbers; one number stands for n equal ones.
func (f *frame) intsOf(n int, v []int) {
	if len(v) != 1 {
		f.ints(v)
		return
	}
	f.list(capi.Ints, len(f.ints_), n)
	for range n {
		f.ints_ = append(f.ints_, int64(v[0]))
	}
}

func (f *frame) optInts(v []int) {
	if v == nil {
		f.none()
		return
	}
	f.ints(v)
}

func (f *frame) float(v float64) { f.args = append(f.args, capi.Arg{Kind: capi.Float, D: v}) }

func (f *frame) optFloat(v *float64) {
	if v == nil {
		f.none()
		return
	}
	f.float(*v)
}

func (f *frame) optFloats(v []float64) {
	if v == nil {
		f.none()
		return
	}
	f.floats(v)
}

func (f *frame) floats(v []float64) {
	f.list(capi.Floats, len(f.ints_), len(v))
	for _, x := range v {
		f.ints_ = append(f.ints_, int64(math.Float64bits(x)))
	}
}

func (f *frame) scalar(v Scalar) {
	switch v := v.(type) {
	case int:
		f.int(v)
	case int64:
		f.add(capi.Int, v)
	case float64:
		f.float(v)
	case float32:
		f.float(float64(v))
	case bool:
		f.bool(v)
	default:
		f.refuse("%v (%T) is not a number", v, v)
	}
}

func (f *frame) optScalar(v Scalar) {
	if v == nil {
		f.none()
		return
	}
	f.scalar(v)
}

func (f *frame) bool(v bool) {
	var i int64
	if v {
		i = 1
	}
	f.add(capi.Bool, i)
}

func (f *frame) optBool(v *bool) {
	if v == nil {
		f.none()
		return
	}
	f.bool(*v)
}

func (f *frame) string(s string) {
	f.list(capi.String, len(f.text), len(s))
	f.text = append(f.text, s...)
}

func (f *frame) optString(s *string) {
	if s == nil {
		f.none()
		return
	}
	f.string(*s)
}

func (f *frame) dtype(d DType) {
	if d == DefaultDType || !d.known() {
		f.refuse("%s is no element type", d)
	}
	f.add(capi.Int, dtypes[d].code)
}

func (f *frame) optDType(d DType) {
	if d == DefaultDType {
		f.none()
		return
	}
	f.dtype(d)
}

func (f *frame) device(d Device) {
	index := d.Index
	if d.Type == CPU {
		index = -1
	}
	f.list(capi.Device, int(d.Type), index)
}

func (f *frame) optDevice(d *Device) {
	if d == nil {
		f.none()
		return
	}
	f.device(*d)
}

func (f *frame) memoryFormat(m MemoryFormat) {
	if m < DefaultFormat || m > ChannelsLast3d {
		f.refuse("%d is no memory format", m)
	}
	f.add(capi.Int, int64(max(m, ContiguousFormat)-ContiguousFormat))
}

func (f *frame) optMemoryFormat(m MemoryFormat) {
	if m == DefaultFormat {
		f.none()
		return
	}
	f.memoryFormat(m)
}

func (f *frame) generator(g *Generator) {
	if g == nil {
		f.none()
		return
	}
	f.drawn = g
	f.add(capi.Generator, g.id)
}

// run makes the call and panics if it fails.
func (f *frame) run() (r capi.Result) {
	if err := f.try(&r); err != nil {
		panic(err)
	}
	return r
}

// try makes the call and gives the frame back.
func (f *frame) try(r *capi.Result) error {
	err := f.call()
	*r = f.result
	f.release()
	return err
}

// call makes the call. When memory runs out, unreachable tensors are freed and the call is made once more,
// unless it is one that leaves half its work behind.
func (f *frame) call() (err error) {
	if anomalies.Load() > 0 {
		nameCaller(f.name)
	}
	capi.Call(f.op, f.args, f.ints_, f.handles, f.text, &f.result)
	if f.result.Code != capi.OK {
		if f.result.Code == capi.OutOfMemory && f.op != capi.Backward && f.op != capi.Grad {
			reclaim()
			capi.Call(f.op, f.args, f.ints_, f.handles, f.text, &f.result)
		}
		if f.result.Code != capi.OK {
			err = f.failure(&f.result)
		}
	}
	runtime.KeepAlive(f)
	return err
}

// release gives the frame back.
func (f *frame) release() {
	clear(f.held)
	f.args, f.ints_, f.handles, f.held = f.args[:0], f.ints_[:0], f.handles[:0], f.held[:0]
	if f.text != nil {
		f.text = nil
	}
	if f.drawn != nil {
		f.drawn = nil
	}
	if f.result.More != nil || f.result.Text != "" {
		f.result.More, f.result.Text = nil, ""
	}
	frames.Put(f)
}

func (f *frame) failure(r *capi.Result) error {
	if r.Code == capi.OutOfMemory {
		return &OutOfMemory{Op: f.name, Msg: oneLine(r.Text), Live: Live()}
	}
	e := &Error{Op: f.name, Code: codes[r.Code], Msg: oneLine(r.Text)}
	if e.Code == StaleTensor {
		return e
	}
	for _, t := range f.held {
		if t == nil {
			continue
		}
		if m, err := t.info(); err == nil {
			e.Shapes = append(e.Shapes, m.sizes)
		}
	}
	return e
}

// one makes the call and returns its tensor.
func (f *frame) one() *Tensor {
	err := f.call()
	handle, scoped := uint64(f.result.Inline[0]), f.result.Scoped()
	f.release()
	if err != nil {
		panic(err)
	}
	return newTensor(handle, scoped)
}

// many makes the call and returns its tensors; a value of 0 is a nil tensor.
func (f *frame) many() []*Tensor {
	r := f.run()
	out := make([]*Tensor, r.N)
	for i, h := range r.Values() {
		if h != 0 {
			out[i] = newTensor(uint64(h), r.Scoped())
		}
	}
	return out
}

// yes makes the call and returns its truth value.
func (f *frame) yes() bool {
	r := f.run()
	return r.Inline[0] != 0
}

// option is the options struct of a variadic parameter that takes at most one.
func option[T any](o []T) (p T) {
	if len(o) == 0 {
		return p
	}
	return onlyOption(o)
}

func onlyOption[T any](o []T) T {
	if len(o) > 1 {
		panic(&Error{Op: fmt.Sprintf("%T", o[0]), Code: ValueError, Msg: "more than one options struct"})
	}
	return o[0]
}

func or[T any](v *T, other T) T {
	if v == nil {
		return other
	}
	return *v
}

func orScalar(v, other Scalar) Scalar {
	if v == nil {
		return other
	}
	return v
}

func orInts(v []int, other ...int) []int {
	if v == nil {
		return other
	}
	return v
}

func orString(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
