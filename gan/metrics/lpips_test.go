package metrics

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/features"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestLPIPSIsADistanceWithGradientsForPicturesOnly(t *testing.T) {
	torchtest.Native(t)
	torch.ManualSeed(1)
	torch.Scope(func() {
		l := NewLPIPS(features.NewAlexNet())
		a, b := torch.Rand([]int{2, 3, 64, 64}), torch.Rand([]int{2, 3, 64, 64}).SetRequiresGrad(true)
		require.Equal(t, []float32{0, 0}, torch.Values[float32](l.Forward(a, a)))
		d := l.Forward(a, b)
		require.Equal(t, []int{2}, d.Shape())
		require.Greater(t, d.Min().Item(), 0.0)
		require.InDelta(t, d.At(1).Item(), l.Forward(b, a).At(1).Item(), 1e-6)
		require.Equal(t, []int{2, 1, 64, 64}, l.Map(a, b).Shape())

		d.Sum().Backward()
		require.Greater(t, b.Grad().Abs().Max().Item(), 0.0)
		for _, e := range nn.StateDict(l) {
			require.Nil(t, e.Tensor.Grad(), "%s learns nothing", e.Name)
		}
	})
}

func TestDeadFeaturesGiveNoGradientOfInfinity(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		conv := nn.NewConv2d(3, 4, 3)
		torch.NoGrad(func() { conv.Weight.ZeroInPlace(); conv.Bias.FillInPlace(-1) })
		l := NewLPIPS(&smallTrunk{Convs: []*nn.Conv2d{conv}, channels: []int{4}})
		b := torch.Ones([]int{1, 3, 8, 8}).SetRequiresGrad(true)
		d := l.Forward(torch.Zeros([]int{1, 3, 8, 8}), b)
		require.Zero(t, d.Item())
		d.Sum().Backward()
		require.Zero(t, b.Grad().Abs().Max().Item())
	})
}
