package metrics

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/torchtest"
)

// barsOf makes pictures with a bar at the height of their class, as the set bars has them, all without noise: shift is
// what the generator gets wrong.
func barsOf(shift int64) func(labels *torch.Tensor) *torch.Tensor {
	return func(labels *torch.Tensor) *torch.Tensor {
		x := torch.Full([]int{labels.Size(0), 1, 10, 10}, -0.5)
		for i, class := range torch.Values[int64](labels) {
			row := int((class + shift) % 10)
			x.SetAt(torch.Of(float32(1)), i, 0, row)
		}
		return x
	}
}

func TestGeneratedPicturesAreADataSet(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	l, err := GenerateLabelled(t.Context(), 23, 10, 10, barsOf(0))
	require.NoError(t, err)
	require.Equal(t, 23, l.Len())
	row := []data.Array{{Float32: make([]float32, 100)}, {Int64: make([]int64, 1)}}
	require.NoError(t, l.Read(13, nil, row))
	require.Equal(t, int64(3), row[1].Int64[0], "classes come in turn")
	require.InDelta(t, 1, row[0].Float32[3*10], 1e-6)
	require.InDelta(t, 64.0/127.5-1, row[0].Float32[2*10], 1e-6, "a byte, as it is saved")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err = GenerateLabelled(ctx, 2, 1, 2, barsOf(0))
	require.ErrorIs(t, err, context.Canceled)
}

func TestAClassifierTellsWhetherClassesAreRight(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.ManualSeed(5)
	stream := torch.DefaultGenerator(torch.Device{}).State()
	var heard []string
	o := AccuracyOptions{Epochs: 3, Batch: 25, LR: 0.05, Seed: 1, Log: func(line string) { heard = append(heard, line) }}
	right, err := GenerateLabelled(t.Context(), 100, 100, 10, barsOf(0))
	require.NoError(t, err)
	wrong, err := GenerateLabelled(t.Context(), 300, 100, 10, barsOf(1))
	require.NoError(t, err)
	real := bars{100, 10}

	good, err := GANTest(t.Context(), bars{400, 10}, right, 10, o)
	require.NoError(t, err)
	require.Greater(t, good, 0.9)
	require.Len(t, heard, 3)
	require.Contains(t, heard[2], "ResNet32: epoch 3 of 3")
	loss, _, _ := strings.Cut(heard[0][len("ResNet32: epoch 1 of 3, "):], ",")
	o.Epochs = 1
	_, err = GANTest(t.Context(), bars{400, 10}, right, 10, o)
	require.NoError(t, err)
	require.Contains(t, heard[3], "ResNet32: epoch 1 of 1, "+loss+",", "the seed decides")
	o.Epochs = 3
	bad, err := GANTrain(t.Context(), wrong, real, 10, o)
	require.NoError(t, err)
	require.Less(t, bad, 0.3)
	require.Equal(t, stream, torch.DefaultGenerator(torch.Device{}).State(), "the caller's random numbers are left alone")
	require.Equal(t, "epochs=90; batch=128; lr=0.1; seed=0", AccuracyOptions{}.String())
}
