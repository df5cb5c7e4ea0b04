package translation_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

func ExampleInstanceEdges() {
	instances := torch.FromSlice([]int64{
		7, 7, 7, 7,
		7, 7, 9, 9,
		7, 7, 9, 9,
	}, 1, 3, 4)
	edges := translation.InstanceEdges(instances)
	for row := range 3 {
		fmt.Println(torch.Values[float32](edges)[4*row : 4*row+4])
	}
	// Output:
	// [0 0 1 1]
	// [0 1 1 1]
	// [0 1 1 0]
}

func TestALabelOutsideTheClassesLeavesAPixelEmpty(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		maps := translation.OneHotMap(torch.FromSlice([]int64{0, 2, 3, -1}, 1, 2, 2), 3)
		require.Equal(t, []int{1, 3, 2, 2}, maps.Shape())
		require.Equal(t, []float32{1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}, torch.Values[float32](maps))
	})
}

func TestTheMeanOfAnInstanceIsThatOfItsOwnPicture(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.FromSlice([]float32{1, 3, 5, 7, 10, 20, 30, 40}, 2, 1, 2, 2).SetRequiresGrad(true)
		ids := torch.FromSlice([]int64{4, 4, 26001, 4, 4, 4, 4, 26001}, 2, 2, 2)
		mean := translation.InstanceMean(x, ids)
		require.InDeltaSlice(t, []float32{11. / 3, 11. / 3, 5, 11. / 3, 20, 20, 20, 40}, torch.Values[float32](mean.Contiguous()), 1e-5)
		mean.Select(0, 0).Select(1, 0).Select(1, 0).Backward(torch.BackwardOptions{Gradient: torch.Ones([]int{1})})
		third := float32(1. / 3)
		require.InDeltaSlice(t, []float32{third, third, 0, third, 0, 0, 0, 0}, torch.Values[float32](x.Grad()), 1e-6)
	})
}

func TestTheMeanOfALargeInstanceIsExactInHalfPrecision(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.Full([]int{1, 1, 64, 64}, 0.75).ToDType(torch.BFloat16)
		mean := translation.InstanceMean(x, torch.Zeros([]int{1, 64, 64}).ToDType(torch.Int64))
		require.Equal(t, torch.BFloat16, mean.DType())
		require.True(t, mean.Equal(x))
	})
}

func TestAMapOfAnotherKindIsRefused(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		for name, f := range map[string]func(){
			"floats":    func() { translation.OneHotMap(torch.Zeros([]int{1, 2, 2}), 3) },
			"a channel": func() { translation.InstanceEdges(torch.FromSlice([]int64{0, 0, 0, 0}, 1, 1, 2, 2)) },
			"another size": func() {
				translation.InstanceMean(torch.Zeros([]int{1, 3, 2, 2}), torch.FromSlice([]int64{0, 0}, 1, 1, 2))
			},
			"another batch": func() {
				translation.InstanceMean(torch.Zeros([]int{2, 3, 1, 2}), torch.FromSlice([]int64{0, 0}, 1, 1, 2))
			},
		} {
			var e *torch.Error
			require.ErrorAs(t, torch.Try(f), &e, name)
			require.Equal(t, torch.ValueError, e.Code, name)
		}
	})
}
