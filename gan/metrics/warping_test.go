package metrics_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/metrics"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// still is an estimator that finds no motion.
type still struct{}

func (still) Name() string { return "still" }

func (still) Flow(a, b *torch.Tensor) *torch.Tensor {
	return torch.Zeros([]int{a.Size(0), 2, a.Size(2), a.Size(3)})
}

func TestTheWarpingErrorCountsFlickerWhereTheFlowIsSure(t *testing.T) {
	torchtest.Native(t)
	grey := func(v float64) *torch.Tensor { return torch.Full([]int{1, 3, 4, 4}, v) }
	truth := grey(0)
	moved := truth.Clone()
	moved.Narrow(2, 0, 2).CopyInPlace(torch.Full([]int{1, 3, 2, 4}, 1)) // the upper half changes, so its flow cannot be trusted

	w := &metrics.Warping{Flow: still{}}
	require.NoError(t, w.Add(grey(0.2), grey(0.2), truth, truth))
	s := w.Score("x-test")
	require.Zero(t, s.Value)
	require.Equal(t, "E_warp[rgb; u8; /255; mse where sure; flow=still of true frames; N=1; ref=x-test]", s.Protocol)

	flickering := moved.Clone()
	flickering.Narrow(2, 2, 2).CopyInPlace(torch.Full([]int{1, 3, 2, 4}, 0.2))
	require.NoError(t, w.Add(grey(0), flickering, truth, moved))
	off := float64(153-128) / 255 // as bytes
	require.InDelta(t, off*off/2, w.Score("").Value, 1e-6, "the mean of a pair without and of one with flicker")

	require.ErrorContains(t, w.Add(grey(0), grey(0).DivScalar(0), truth, truth), "not finite")
}
