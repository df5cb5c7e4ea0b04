package torch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// counting is 0, 1, 2, … in a shape, int64.
func counting(shape ...int) *torch.Tensor {
	n := 1
	for _, s := range shape {
		n *= s
	}
	return torch.Arange(0, n).View(shape...)
}

func longs(v ...int64) *torch.Tensor { return torch.FromSlice(v) }

func TestAtTakesWhatPythonTakes(t *testing.T) {
	torchtest.Native(t)
	type index = []any
	all, axis, dots := torch.All, torch.NewAxis, torch.Ellipsis
	for _, c := range []struct {
		name  string
		index func() index
		shape []int
		first []int64 // the first elements of the result
	}{
		{"x[()]", func() index { return index{} }, []int{2, 3, 4}, []int64{0, 1, 2}},
		{"x[1]", func() index { return index{1} }, []int{3, 4}, []int64{12, 13}},
		{"x[-1]", func() index { return index{-1} }, []int{3, 4}, []int64{12, 13}},
		{"x[1, 2, 3]", func() index { return index{1, 2, 3} }, []int{}, []int64{23}},
		{"x[:, 1]", func() index { return index{all, 1} }, []int{2, 4}, []int64{4, 5, 6, 7, 16}},
		{"x[..., 1]", func() index { return index{dots, 1} }, []int{2, 3}, []int64{1, 5, 9, 13}},
		{"x[1, ...]", func() index { return index{1, dots} }, []int{3, 4}, []int64{12}},
		{"x[..., :, :, :]", func() index { return index{dots, all, all, all} }, []int{2, 3, 4}, []int64{0, 1}},
		{"x[None]", func() index { return index{axis} }, []int{1, 2, 3, 4}, []int64{0, 1}},
		{"x[0, None, 1]", func() index { return index{0, axis, 1} }, []int{1, 4}, []int64{4, 5, 6, 7}},
		{"x[..., None]", func() index { return index{dots, axis} }, []int{2, 3, 4, 1}, []int64{0, 1}},
		{"x[:, 1:]", func() index { return index{all, torch.Range{Start: 1}} }, []int{2, 2, 4}, []int64{4, 5}},
		{"x[:, :-1]", func() index { return index{all, torch.Range{End: new(-1)}} }, []int{2, 2, 4}, []int64{0, 1}},
		{"x[:, -2:]", func() index { return index{all, torch.Range{Start: -2}} }, []int{2, 2, 4}, []int64{4, 5}},
		{"x[:, :0]", func() index { return index{all, torch.Range{End: new(0)}} }, []int{2, 0, 4}, nil},
		{"x[:, 1:99]", func() index { return index{all, torch.Range{Start: 1, End: new(99)}} }, []int{2, 2, 4}, []int64{4}},
		{"x[..., ::2]", func() index { return index{dots, torch.Range{Step: 2}} }, []int{2, 3, 2}, []int64{0, 2, 4, 6}},
		{"x[..., 1:4:2]", func() index { return index{dots, torch.Range{1, new(4), 2}} }, []int{2, 3, 2}, []int64{1, 3, 5}},
		{"x[[1, 0]]", func() index { return index{longs(1, 0)} }, []int{2, 3, 4}, []int64{12, 13}},
		{"x[:, [2, 0]]", func() index { return index{all, longs(2, 0)} }, []int{2, 2, 4}, []int64{8, 9, 10, 11, 0}},
		{"x[[0, 1], [2, -1]]", func() index { return index{longs(0, 1), longs(2, -1)} }, []int{2, 4}, []int64{8, 9, 10, 11, 20}},
		{"x[[0, 1], :, [3, 1]]", func() index { return index{longs(0, 1), all, longs(3, 1)} }, []int{2, 3}, []int64{3, 7, 11, 13}},
		{"x[1, :, [3, 1]]", func() index { return index{1, all, longs(3, 1)} }, []int{3, 2}, []int64{15, 13, 19}},
		{"x[[[0], [1]], [0, 2]]", func() index { return index{longs(0, 1).View(2, 1), longs(0, 2)} }, []int{2, 2, 4}, []int64{0, 1, 2, 3, 8}},
		{"x[x > 20]", func() index { return index{counting(2, 3, 4).GtScalar(20)} }, []int{3}, []int64{21, 22, 23}},
		{"x[mask of two dims, 0]", func() index {
			return index{torch.FromSlice([]bool{true, false, true, false, true, false}, 2, 3), 0}
		}, []int{3}, []int64{0, 8, 16}},
		{"x[:, mask]", func() index { return index{all, torch.FromSlice([]bool{false, true, true})} }, []int{2, 2, 4}, []int64{4, 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			torchtest.NoLeaks(t)
			torch.Scope(func() {
				got := counting(2, 3, 4).At(c.index()...)
				require.Equal(t, c.shape, append([]int{}, got.Shape()...))
				require.Equal(t, c.first, append([]int64(nil), torch.Values[int64](got)[:len(c.first)]...))
			})
		})
	}
}

func TestAtSharesMemoryAndGradientsUnlessATensorIndexes(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.Zeros([]int{2, 3})
		x.At(1, torch.Range{Start: 1}).FillInPlace(5)
		x.At(longs(0)).FillInPlace(9)
		require.Equal(t, []float32{0, 0, 0, 0, 5, 5}, torch.Values[float32](x))

		w := torch.Ones([]int{3}).SetRequiresGrad(true)
		w.At(longs(0, 0, 2)).Sum().Add(w.At(1)).Backward()
		require.Equal(t, []float32{2, 1, 1}, torch.Values[float32](w.Grad()))

		whole := x.At()
		whole.Free()
		require.Equal(t, 6, x.Numel(), "freeing the result leaves x alone")
	})
}

func TestSetAtWritesOnlyThePart(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x := torch.Zeros([]int{2, 3})
		require.Same(t, x, x.SetAt(1, 0, 1))
		x.SetAt(torch.FromSlice([]int64{7, 8}), 1, torch.Range{Start: 1})
		require.Equal(t, []float32{0, 1, 0, 0, 7, 8}, torch.Values[float32](x))
		x.SetAt(-1.5, x.GtScalar(6))
		require.Equal(t, []float32{0, 1, 0, 0, -1.5, -1.5}, torch.Values[float32](x))
		x.SetAt(torch.FromSlice([]float64{3, 4}), longs(1, 0), longs(0, 0))
		require.Equal(t, []float32{4, 1, 0, 3, -1.5, -1.5}, torch.Values[float32](x))
		x.SetAt(torch.FromSlice([]float32{6, 6, 6}, 1, 1, 3), 0)
		x.SetAt(torch.FromSlice([]float32{1, 2, 3}), torch.Ellipsis)
		require.Equal(t, []float32{1, 2, 3, 1, 2, 3}, torch.Values[float32](x))
	})
}

func TestAWrongIndexPanicsWithAnIndexError(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := counting(2, 3)
		for _, c := range []struct {
			index []any
			says  string
		}{
			{[]any{2}, "torch.At: index 2 is out of range for a dimension of size 2 [shapes (2, 3)]"},
			{[]any{0, -4}, "torch.At: index -4 is out of range for a dimension of size 3 [shapes (2, 3)]"},
			{[]any{0, 0, 0}, "torch.At: 3 indices for 2 dimensions [shapes (2, 3)]"},
			{[]any{torch.Ellipsis, torch.Ellipsis}, "torch.At: more than one Ellipsis [shapes (2, 3)]"},
			{[]any{"a"}, "torch.At: an index of type string [shapes (2, 3)]"},
			{[]any{[]int{1}}, "torch.At: an index of type []int [shapes (2, 3)]"},
			{[]any{nil}, "torch.At: an index of type <nil> [shapes (2, 3)]"},
			{[]any{torch.Range{Step: -1}}, "torch.At: a Range with step -1: use Flip [shapes (2, 3)]"},
			{[]any{(*torch.Tensor)(nil)}, "torch.At: a nil tensor as an index [shapes (2, 3)]"},
			{[]any{torch.Of(1.5)}, "torch.At: an index tensor of type float64: int64 or bool is needed [shapes (2, 3)]"},
			{[]any{torch.FromSlice([]bool{true})}, "torch.At: a mask of shape (1,) for dimensions of shape (2, 3) [shapes (2, 3)]"},
			{[]any{longs(5)}, "torch.Index: index 5 is out of bounds for dimension 0 with size 2 [shapes (2, 3) (1,)]"},
		} {
			err := torch.Try(func() { x.At(c.index...) })
			require.EqualError(t, err, c.says)
			var e *torch.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, torch.IndexError, e.Code)
		}
		require.ErrorContains(t, torch.Try(func() { x.SetAt(1, 9) }), "torch.SetAt: index 9")
	})
}
