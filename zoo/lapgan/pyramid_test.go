package lapgan

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestResizeHasTheNumbersOfTorch7(t *testing.T) {
	torchtest.Native(t)
	for _, test := range []struct{ from, want []float32 }{
		{[]float32{1, 2, 3, 4}, []float32{1.25, 2.5, 3.75}},
		{[]float32{1, 2, 3, 4}, []float32{1.5, 3.5}},
		{[]float32{1, 2, 3, 4}, []float32{2.5}},
		{[]float32{0, 1}, []float32{0, 1. / 3, 2. / 3, 1}},
		{[]float32{0, 1, 2}, []float32{0, 0.5, 1, 1.5, 2}},
		{[]float32{7}, []float32{7, 7, 7}},
	} {
		torch.Scope(func() {
			n, side := len(test.from), len(test.want)
			row := torch.FromSlice(test.from)
			want := torch.FromSlice(test.want).Expand([]int{side, side})
			across := Resize(row.Expand([]int{1, 1, n, n}), side).View(side, side)
			require.LessOrEqual(t, across.Sub(want).Abs().Max().Item(), 1e-6)
			down := Resize(row.Expand([]int{n, n}).T().Contiguous().View(1, 1, n, n), side).View(side, side)
			require.LessOrEqual(t, down.Sub(want.T()).Abs().Max().Item(), 1e-6)
		})
	}
}

func TestThePyramidGivesThePictureBack(t *testing.T) {
	torchtest.Native(t)
	for _, sides := range [][]int{{8, 14, 28}, {8, 16, 32}, {8, 16, 32, 64, 96}, {4, 8, 16, 32, 64}} {
		t.Run(fmt.Sprint(sides), func(t *testing.T) {
			torch.Scope(func() {
				last := len(sides) - 1
				x := torch.Rand([]int{2, 3, sides[last], sides[last]}).MulScalar(2).SubScalar(1)
				back, up := Split(x, sides, 0)
				require.Nil(t, up)
				for k := 1; k <= last; k++ {
					detail, _ := Split(x, sides, k)
					back = Resize(back, sides[k]).Add(detail)
				}
				require.LessOrEqual(t, back.Sub(x).Abs().Max().Item(), 1e-6)
			})
		})
	}
}
