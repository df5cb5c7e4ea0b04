package metrics

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data/labels"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestEachClassHasAnAccuracyOfItsOwn(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	made, err := GenerateLabelled(t.Context(), 20, 7, 3, func(labels *torch.Tensor) *torch.Tensor {
		shown := labels.ToDType(torch.Float32).View(-1, 1, 1, 1).ClampMax(1) // class 2 looks like class 1
		return shown.Expand([]int{-1, 1, 2, 2})
	})
	require.NoError(t, err)
	bright := func(x *torch.Tensor) *torch.Tensor { // two classes, told by the brightness
		v := x.MeanDim([]int{1, 2, 3})
		return torch.Stack([]*torch.Tensor{v.Neg().AddScalar(1), v, v.MulScalar(0).AddScalar(-9), v.MulScalar(0).AddScalar(-9)}, torch.StackOptions{Dim: 1})
	}
	accuracies, err := ClassAccuracies(t.Context(), made, 4, bright)
	require.NoError(t, err)
	require.Equal(t, []float64{1, 1, 0}, accuracies[:3])
	require.True(t, math.IsNaN(accuracies[3]), "there is no picture of it")

	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err = ClassAccuracies(ctx, made, 4, bright)
	require.ErrorIs(t, err, context.Canceled)
}

func TestDMATellsClassesOfOneLabelFromThoseOfSeveral(t *testing.T) {
	seven := NewDMA([]float64{1, 0.5, 0.8, 0.2, 0.9, 0.4, 0.1}, labels.Overlap{Classes: 7, Labels: 3})
	require.InDelta(t, 0.9, seven.Distinct, 1e-12)
	require.InDelta(t, 0.3, seven.Mutual, 1e-12)
	require.InDelta(t, 3.9/7, seven.Accuracy, 1e-12)
	four := NewDMA([]float64{1, 0, 1, 0}, labels.Overlap{Classes: 4, Labels: 2})
	require.Equal(t, DMA{0.5, 1, 0}, four)
}
