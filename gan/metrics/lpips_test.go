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

func TestATrunkMayNormaliseItsOwnWay(t *testing.T) {
	torchtest.Native(t)
	torch.ManualSeed(1)
	torch.Scope(func() {
		net := features.NewEfficientNetLite0()
		bytes := torch.RandInt(0, 256, []int{1, 3, 224, 224}).ToDType(torch.Float32)
		x := bytes.DivScalar(127.5).SubScalar(1)
		diff, _ := torchtest.MaxDiff(t, net.Normalise(x), features.Lite.Apply(bytes))
		require.Less(t, diff, 1e-6, "at its own size the preparation does not resize")

		l := NewLPIPS(net)
		y := torch.Zeros([]int{1, 3, 224, 224}).SetRequiresGrad(true)
		require.Zero(t, l.Forward(x, x).Item())
		d := l.Forward(x, y)
		want := 0.0
		a, b := net.Taps(features.Lite.Apply(bytes)), net.Taps(net.Normalise(y.Detach()))
		for i := range a {
			want += unitLength(a[i]).Sub(unitLength(b[i])).Square().SumDim([]int{1}).Mean().Item()
		}
		require.InEpsilon(t, want, d.Item(), 1e-4)
		d.Sum().Backward()
		require.Greater(t, y.Grad().Abs().Max().Item(), 0.0)
	})
}
