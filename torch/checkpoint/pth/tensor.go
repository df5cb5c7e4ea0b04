package pth

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/forgergan/forger/torch"
)

const maxRank = 64 // no tensor library goes further

// Tensor describes a tensor: a view of a storage, which other tensors may view too. It holds no values of its own.
type Tensor struct {
	DType         torch.DType
	Shape, Stride []int // in elements
	Offset        int   // of the first element in the storage, in elements
	Storage       *Storage
	RequiresGrad  bool
	Parameter     bool // a torch.nn.Parameter
}

// NewTensor describes a tensor of row-major little-endian values with a storage of its own. It panics with a
// *torch.Error if the sizes differ.
func NewTensor(dtype torch.DType, data []byte, shape ...int) *Tensor {
	t := &Tensor{DType: dtype, Shape: slices.Clone(shape), Stride: rowMajor(shape), Storage: NewStorage(data)}
	if n, err := t.numel(); err != nil || dtype.Size() == 0 || n != len(data)/dtype.Size() || len(data)%dtype.Size() != 0 {
		panic(&torch.Error{Op: "NewTensor", Code: torch.ValueError, Msg: fmt.Sprintf("%d bytes are no %s tensor", len(data), dtype), Shapes: [][]int{shape}})
	}
	return t
}

// Numel is the number of elements.
func (t *Tensor) Numel() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// IsContiguous reports whether the elements lie in row-major order without gaps.
func (t *Tensor) IsContiguous() bool {
	expected := 1
	for i := len(t.Shape) - 1; i >= 0; i-- {
		if t.Shape[i] == 0 {
			return true
		}
		if t.Shape[i] != 1 && t.Stride[i] != expected {
			return false
		}
		expected *= t.Shape[i]
	}
	return true
}

// Bytes is the elements in row-major order, little-endian. For a contiguous tensor they are a read-only view of its
// storage, valid as long as that (see [Storage.Bytes]); for another they are a copy.
func (t *Tensor) Bytes() ([]byte, error) {
	data, err := t.Storage.Bytes()
	if err != nil {
		return nil, err
	}
	size := t.DType.Size()
	n := t.Numel()
	switch {
	case n == 0:
		return nil, nil
	case t.IsContiguous():
		return data[t.Offset*size : (t.Offset+n)*size : (t.Offset+n)*size], nil
	}
	out := make([]byte, 0, n*size)
	return t.gather(out, data, 0, t.Offset), nil
}

// gather appends the elements of the dimensions from dim on, the first of which is at the offset.
func (t *Tensor) gather(out, data []byte, dim, offset int) []byte {
	size := t.DType.Size()
	if dim == len(t.Shape) {
		return append(out, data[offset*size:(offset+1)*size]...)
	}
	n, stride := t.Shape[dim], t.Stride[dim]
	if dim == len(t.Shape)-1 { // the inner loop without calls
		if stride == 1 {
			return append(out, data[offset*size:(offset+n)*size]...)
		}
		for i := range n {
			at := (offset + i*stride) * size
			out = append(out, data[at:at+size]...)
		}
		return out
	}
	for i := range n {
		out = t.gather(out, data, dim+1, offset+i*stride)
	}
	return out
}

// numel counts the elements and checks the shape. Dimensions of 0 do not hide an overflow of the others.
func (t *Tensor) numel() (int, error) {
	if len(t.Shape) > maxRank {
		return 0, fmt.Errorf("has %d dimensions, the limit is %d", len(t.Shape), maxRank)
	}
	product, empty := 1, false
	for _, d := range t.Shape {
		if d < 0 {
			return 0, fmt.Errorf("has the negative size %d", d)
		}
		empty = empty || d == 0
		high, low := bits.Mul64(uint64(product), uint64(max(d, 1)))
		if high != 0 || low > math.MaxInt/16 {
			return 0, fmt.Errorf("of shape %v has too many elements", t.Shape)
		}
		product = int(low)
	}
	if empty {
		return 0, nil
	}
	return product, nil
}

// check checks that the tensor lies within its storage.
func (t *Tensor) check() error {
	n, err := t.numel()
	if err != nil {
		return err
	}
	if len(t.Shape) != len(t.Stride) {
		return fmt.Errorf("has %d sizes and %d strides", len(t.Shape), len(t.Stride))
	}
	if t.Offset < 0 {
		return fmt.Errorf("has the negative offset %d", t.Offset)
	}
	last := uint64(t.Offset)
	for i, stride := range t.Stride {
		if stride < 0 {
			return fmt.Errorf("has the negative stride %d", stride)
		}
		high, low := bits.Mul64(uint64(max(t.Shape[i]-1, 0)), uint64(stride))
		sum, carry := bits.Add64(last, low, 0)
		if high != 0 || carry != 0 || sum > math.MaxInt {
			return fmt.Errorf("of shape %v and strides %v reaches beyond all memory", t.Shape, t.Stride)
		}
		last = sum
	}
	if room := t.Storage.size / t.DType.Size(); n > 0 && last >= uint64(room) {
		return fmt.Errorf("of shape %v, strides %v and offset %d needs %d elements of its storage, which has %d",
			t.Shape, t.Stride, t.Offset, last+1, room)
	}
	return nil
}

// rowMajor is the strides of a contiguous tensor.
func rowMajor(shape []int) []int {
	strides := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = n
		n *= max(shape[i], 1)
	}
	return strides
}
