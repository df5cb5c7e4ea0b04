package torch

import (
	"runtime"

	"github.com/forgergan/forger/torch/internal/capi"
)

// Tensor is an n-dimensional array on some device: a handle of LibTorch's at::Tensor.
//
// A tensor made inside Scope or Tidy is freed when that ends, unless Keep or Own saved it; one
// made outside is freed when the garbage collector finds it unreachable, or by Free. Using a freed
// tensor panics with an *Error of code StaleTensor. Several handles may name the same memory
// (View, Detach, Grad); the memory goes with the last of them and with the autograd graph.
type Tensor struct {
	handle uint64
	// Go packs objects without pointers below 16 bytes into shared blocks, where a neighbour that lives on would hold
	// back the cleanup.
	_ uint64
}

// Scalar is a Go number given to an operator: int, int64, float32, float64 or bool. As in Python,
// an integer keeps the type of an integer tensor and a float makes it float32.
type Scalar any

func newTensor(handle uint64, scoped bool) *Tensor {
	t := &Tensor{handle: handle}
	if profiling.Load() {
		recordTensor(handle)
	}
	if !scoped {
		t.freeWhenUnreachable()
	}
	return t
}

func (t *Tensor) freeWhenUnreachable() {
	runtime.AddCleanup(t, func(h uint64) {
		f := newFrame("Free", capi.Free)
		f.list(capi.Tensors, 0, 1)
		f.handles = append(f.handles, h)
		f.run()
		if profiling.Load() {
			forgetTensor(h)
		}
	}, t.handle)
}

// Bits of info's flags.
const (
	flagRequiresGrad = 1 << iota
	flagLeaf
	flagContiguous
	flagChannelsLast
	flagChannelsLast3d
	flagInference
)

type info struct {
	dtype  DType
	device Device
	flags  int64
	numel  int
	sizes  []int
	stride []int
}

func (t *Tensor) info() (m info, err error) {
	f := newFrame("Tensor", capi.Info)
	f.tensor(t)
	var r capi.Result
	if err := f.try(&r); err != nil {
		return m, err
	}
	v := r.Values()
	m.dtype, m.flags, m.numel = dtypeOf(v[0]), v[3], int(v[4])
	m.device = Device{Type: DeviceType(v[1]), Index: int(max(v[2], 0))}
	n := int(v[5])
	both := make([]int, 2*n)
	for i := range both {
		both[i] = int(v[6+i])
	}
	m.sizes, m.stride = both[:n:n], both[n:]
	return m, nil
}

func (t *Tensor) mustInfo() info {
	m, err := t.info()
	if err != nil {
		panic(err)
	}
	return m
}

// Shape is the size of each dimension; a scalar has none.
func (t *Tensor) Shape() []int { return t.mustInfo().sizes }

// Size is the size of one dimension; a negative one counts from the end.
func (t *Tensor) Size(dim int) int {
	s := t.Shape()
	if dim < 0 {
		dim += len(s)
	}
	if dim < 0 || dim >= len(s) {
		panic(&Error{Op: "Size", Code: IndexError, Msg: "no such dimension", Shapes: [][]int{s}})
	}
	return s[dim]
}

// Dim is the number of dimensions.
func (t *Tensor) Dim() int { return len(t.Shape()) }

// Numel is the number of elements.
func (t *Tensor) Numel() int { return t.mustInfo().numel }

// Stride is the step in elements along each dimension.
func (t *Tensor) Stride() []int { return t.mustInfo().stride }

// DType is the type of the elements.
func (t *Tensor) DType() DType { return t.mustInfo().dtype }

// Device is where the memory lies.
func (t *Tensor) Device() Device { return t.mustInfo().device }

// IsContiguous reports whether the elements lie in memory in the order of format
// (ContiguousFormat by default), without gaps.
func (t *Tensor) IsContiguous(format ...MemoryFormat) bool {
	m := t.mustInfo()
	switch option(format) {
	case ChannelsLast:
		return m.flags&flagChannelsLast != 0
	case ChannelsLast3d:
		return m.flags&flagChannelsLast3d != 0
	}
	return m.flags&flagContiguous != 0
}

// ToOptions say what To changes; a zero field leaves that as it is.
type ToOptions struct {
	DType        DType
	Device       *Device
	NonBlocking  bool // do not wait for the copy; the source must be pinned
	Copy         bool // make a copy even if nothing changes
	MemoryFormat MemoryFormat
}

// To is t with another type, device or memory format; it is t's own memory if nothing changes.
// Gradients flow back through it.
func (t *Tensor) To(o ToOptions) *Tensor {
	return t.to(toOptions{DType: o.DType, Device: o.Device, NonBlocking: o.NonBlocking, Copy: o.Copy, MemoryFormat: o.MemoryFormat})
}

// ToDType is t with another element type.
func (t *Tensor) ToDType(d DType) *Tensor { return t.To(ToOptions{DType: d}) }

// ToDevice is t on another device.
func (t *Tensor) ToDevice(d Device) *Tensor { return t.To(ToOptions{Device: &d}) }

// Item is the only element of t as a number; it waits for the device.
func (t *Tensor) Item() float64 {
	r := t.item()
	if r.Inline[0] == 0 {
		return r.Real(1)
	}
	return float64(r.Inline[1])
}

// Int is the only element of an integer or boolean tensor; it waits for the device.
func (t *Tensor) Int() int {
	r := t.item()
	if r.Inline[0] == 0 {
		return int(r.Real(1))
	}
	return int(r.Inline[1])
}

func (t *Tensor) item() capi.Result {
	f := newFrame("Item", capi.Item)
	f.tensor(t)
	return f.run()
}

// Free frees t now instead of at the end of its scope; it has no effect on a freed tensor.
func (t *Tensor) Free() {
	f := newFrame("Free", capi.Free)
	f.optTensors([]*Tensor{t})
	f.run()
	if profiling.Load() && t != nil {
		forgetTensor(t.handle)
	}
}

// Keep moves t from the innermost scope to the one around it and returns it.
func (t *Tensor) Keep() *Tensor { return t.leave("Keep", capi.Keep) }

// Own takes t out of every scope and returns it: parameters, buffers and optimiser state outlive
// the scope that made them. It is freed by Free or when the garbage collector finds it unreachable.
func (t *Tensor) Own() *Tensor { return t.leave("Own", capi.Own) }

func (t *Tensor) leave(name string, op capi.Op) *Tensor {
	f := newFrame(name, op)
	f.tensor(t)
	if f.yes() {
		t.freeWhenUnreachable()
	}
	return t
}
