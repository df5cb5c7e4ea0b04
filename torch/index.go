package torch

import "fmt"

// Range is an index that takes the elements [Start, End) of a dimension in steps of Step. Negative bounds count
// from the end, and bounds outside the dimension are cut to it, as in Python.
//
// A nil End is the end of the dimension, so that Range{Start: 2} is 2:, Range{End: new(-1)} is :-1 and Range{} is
// everything. It is a pointer because 0 is a bound like any other: a computed End of 0 takes nothing.
type Range struct {
	Start int
	End   *int
	Step  int // 1 by default; it must be positive
}

type place int

// The indices that are no number.
const (
	All      place = iota // the whole of one dimension
	NewAxis               // a new dimension of size 1
	Ellipsis              // the whole of all dimensions that the other indices leave; at most one
)

// At is the part of t at index, an item a dimension from the first on, as Python's t[index]:
//
//   - an int takes one element and drops the dimension; a negative one counts from the end;
//   - a Range takes a part of the dimension, All the whole, NewAxis inserts one, Ellipsis skips some;
//   - an int64 *Tensor takes the elements at its numbers, a bool one those where it is true, over as many dimensions as
//     it has. Several are broadcast together, and what they take stands where the first of them stood, or first
//     where another index lies between them.
//
// Without a *Tensor the result shares memory with t. Panics with an *Error of code IndexError if an index is out of
// range, of another type, or one too many.
func (t *Tensor) At(index ...any) *Tensor {
	return Tidy(func() *Tensor {
		part, taken := t.locate("At", index)
		switch {
		case taken != nil:
			return part.Index(taken)
		case part == t:
			return t.Alias() // a handle of its own, that Free may take
		}
		return part
	})
}

// SetAt writes value, a *Tensor or a Scalar, to the part of t at index (see At) and returns t. A tensor is broadcast
// to the shape of the part and converted to t's type.
func (t *Tensor) SetAt(value any, index ...any) *Tensor {
	Scope(func() {
		part, taken := t.locate("SetAt", index)
		v, isTensor := value.(*Tensor)
		switch {
		case isTensor && taken == nil:
			for v.Dim() > part.Dim() && v.Size(0) == 1 { // as Python's x[0] = v with one row
				v = v.Select(0, 0)
			}
			part.CopyInPlace(v)
		case isTensor:
			part.IndexPutInPlace(taken, v.ToDType(t.DType()))
		case taken == nil:
			part.FillInPlace(value)
		default:
			part.IndexPutInPlace(taken, Full(nil, value, TensorOptions{DType: t.DType(), Device: t.Device()}))
		}
	})
	return t
}

// locate is the view of t that the indices without a tensor give, and the index tensors by its dimensions, nil where
// a dimension is taken whole or where there are none at all.
func (t *Tensor) locate(op string, index []any) (view *Tensor, taken []*Tensor) {
	shape := t.Shape()
	fail := func(format string, a ...any) {
		panic(&Error{Op: op, Code: IndexError, Msg: fmt.Sprintf(format, a...), Shapes: [][]int{shape}})
	}
	used, skips := 0, 0
	for _, x := range index {
		switch {
		case x == Ellipsis:
			skips++
		default:
			used += dimsOf(x)
		}
	}
	if skips > 1 {
		fail("more than one Ellipsis")
	}
	if used > len(shape) {
		fail("%d indices for %d dimensions", used, len(shape))
	}

	view, dim := t, 0 // dim is the dimension of view that the next index is for
	take := func(x *Tensor) {
		for len(taken) < dim {
			taken = append(taken, nil)
		}
		taken = append(taken, x)
		dim++
	}
	for _, x := range index {
		switch x := x.(type) {
		case int:
			n := view.Size(dim)
			if x < -n || x >= n {
				fail("index %d is out of range for a dimension of size %d", x, n)
			}
			view = view.Select(dim, x)
		case Range:
			if x.Step < 0 {
				fail("a Range with step %d: use Flip", x.Step)
			}
			view = view.Slice(SliceOptions{Dim: dim, Start: &x.Start, End: x.End, Step: new(max(x.Step, 1))})
			dim++
		case place:
			switch x {
			case All:
				dim++
			case NewAxis:
				view = view.Unsqueeze(dim)
				dim++
			case Ellipsis:
				dim += len(shape) - used
			}
		case *Tensor:
			if x == nil {
				fail("a nil tensor as an index")
			}
			switch x.DType() {
			case Bool:
				want := view.Shape()[dim:]
				for i, n := range x.Shape() {
					if want[i] != n {
						fail("a mask of shape %s for dimensions of shape %s", shapeString(x.Shape()), shapeString(want))
					}
				}
				where := x.Nonzero()
				for i := range x.Dim() {
					take(where.Select(1, i))
				}
			case Int64, Int32:
				take(x)
			default:
				fail("an index tensor of type %s: int64 or bool is needed", x.DType())
			}
		default:
			fail("an index of type %T", x)
		}
	}
	return view, taken
}

// dimsOf is the number of dimensions that an index uses up.
func dimsOf(x any) int {
	if t, ok := x.(*Tensor); ok && t != nil && t.DType() == Bool {
		return t.Dim()
	}
	if x == NewAxis {
		return 0
	}
	return 1
}
