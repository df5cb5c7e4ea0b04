package nn_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/torchtest"
)

func tensor(t *testing.T, module any, name string) *torch.Tensor {
	t.Helper()
	state := nn.StateDict(module)
	i := slices.IndexFunc(state, func(e nn.Entry) bool { return e.Name == name })
	require.GreaterOrEqual(t, i, 0, "%s is not in %v", name, names(state))
	return state[i].Tensor
}

func TestASpectrallyNormalisedLayerLearnsItsWeightField(t *testing.T) {
	native(t, func() {
		l := nn.NewConvTranspose2d(3, 4, 4)
		weight := l.Weight
		require.Same(t, l, nn.SpectralNorm(l))
		require.Same(t, weight, l.Weight)
		require.Equal(t, []string{"bias", "weight_orig", "weight_u", "weight_v"}, names(nn.StateDict(l)))
		require.Same(t, weight, tensor(t, l, "weight_orig"))
		require.Equal(t, []int{4}, tensor(t, l, "weight_u").Shape(), "a row for each output")
		require.Equal(t, []*torch.Tensor{l.Bias, weight}, nn.Parameters(l))

		nn.Apply(nn.NewSequential(l), func(m any) {
			if c, ok := m.(*nn.ConvTranspose2d); ok {
				initializer.Normal(c.Weight, 0, 3)
			}
		})
		opt := optim.NewSGD(nn.Parameters(l), optim.SGDOptions{LR: 1})
		before := weight.Detach().Clone()
		l.Forward(torch.Randn([]int{1, 3, 2, 2})).Square().Sum().Backward()
		opt.Step()
		require.False(t, weight.Detach().Equal(before))
		require.Nil(t, tensor(t, l, "weight_u").Grad())
	})
}

func TestSpectralNormIteratesInTrainingOnlyAndEndsAtTheLargestSingularValue(t *testing.T) {
	for _, parametrization := range []bool{false, true} {
		native(t, func() {
			l := nn.NewLinear(6, 5, nn.LinearOptions{NoBias: true})
			nn.SpectralNorm(l, nn.SpectralNormOptions{Parametrization: parametrization})
			net := nn.NewSequential(l)
			u := nn.StateDict(l)[1].Tensor
			eye := torch.Eye(6)
			nn.Eval(net)
			start := u.Clone()
			net.Forward(eye)
			require.True(t, u.Equal(start), "no iteration in evaluation")
			nn.Train(net)
			torch.NoGrad(func() { net.Forward(eye) })
			require.False(t, u.Equal(start), "one without recording, too")
			for range 300 {
				net.Forward(eye)
			}
			nn.Eval(net)
			require.InDelta(t, 1, torch.SVDVals(net.Forward(eye).Detach()).Max().Item(), 1e-4)
		})
	}
}

// The numbers are those of torch.nn.utils.parametrizations.spectral_norm after manual_seed(3).
func TestTheParametrizationStartsWithPyTorchsSixteenIterations(t *testing.T) {
	native(t, func() {
		torch.ManualSeed(3)
		l := nn.SpectralNorm(nn.NewConv2d(2, 3, 2), nn.SpectralNormOptions{Parametrization: true})
		require.InDeltaSlice(t, []float32{-0.749219596, 0.434224159, 0.500119269},
			torch.Values[float32](tensor(t, l, "parametrizations.weight.0._u")), 1e-6)
		require.InDeltaSlice(t, []float32{0.21634765, 0.595460773, 0.270576537, 0.581068099},
			torch.Values[float32](tensor(t, l, "parametrizations.weight.0._v"))[:4], 1e-6)
		require.InDelta(t, 0.29810619354248047, torch.Rand([]int{1}).Item(), 0, "the random stream goes on as in PyTorch")
	})
}

func TestASpectrallyNormalisedStateMovesConvertsAndLoads(t *testing.T) {
	native(t, func() {
		from, to := nn.SpectralNorm(nn.NewEmbedding(5, 3)), nn.SpectralNorm(nn.NewEmbedding(5, 3))
		ids := torch.FromSlice([]int64{4, 0, 2})
		for range 3 {
			from.Forward(ids)
		}
		nn.To(from, nn.ToOptions{DType: torch.Float64})
		require.Equal(t, torch.Float64, from.Forward(ids).DType())
		nn.Eval(from)
		nn.Eval(to)
		require.NoError(t, nn.LoadStateDict(to, nn.StateDict(from), true))
		diff, _ := torchtest.MaxDiff(t, to.Forward(ids), from.Forward(ids))
		require.Less(t, diff, 1e-6)
	})
}

func TestASpectrallyNormalisedPassLeavesNoTensors(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		l := nn.SpectralNorm(nn.NewLinear(3, 3))
		x := torch.Ones([]int{1, 3})
		live := torch.Live()
		l.Forward(x)
		require.Equal(t, live+2, torch.Live(), "the result and the weight")
	})
}

func TestWeightNormStartsWithTheWeightOfItsLayer(t *testing.T) {
	for dim, shape := range map[int][]int{0: {4, 1, 1, 1}, 1: {1, 3, 1, 1}, 3: {1, 1, 1, 2}, -1: {}} {
		native(t, func() {
			l := nn.NewConv2d(3, 4, 2)
			x := torch.Randn([]int{2, 3, 5, 5})
			y := l.Forward(x)
			nn.WeightNorm(l, nn.WeightNormOptions{Dim: dim})
			require.Equal(t, shape, append([]int{}, tensor(t, l, "weight_g").Shape()...))
			diff, _ := torchtest.MaxDiff(t, l.Forward(x), y)
			require.Less(t, diff, 1e-5)
			require.Len(t, nn.Parameters(l), 3)
		})
	}
}

// sized keeps the name of the weight and adds a buffer, as many official implementations do.
type sized struct{ size *torch.Tensor }

func (s sized) Weight(w *torch.Tensor, training bool) *torch.Tensor {
	if training {
		torch.NoGrad(func() { s.size.CopyInPlace(w.Abs().Max()) })
	}
	return w.Div(s.size.Clone())
}

func (s sized) State(own []nn.Entry) []nn.Entry {
	return append(own, nn.Entry{Name: "sn_sigma", Tensor: s.size, Buffer: true})
}

func TestOtherPackagesBringTheirOwnParametrization(t *testing.T) {
	native(t, func() {
		l := nn.Parametrize(nn.NewConv1d(2, 2, 1), func(w *torch.Tensor, outputs int) nn.Parametrization {
			require.Equal(t, []int{2, 2, 1}, w.Shape())
			require.Zero(t, outputs)
			return sized{torch.Ones([]int{1}).Own()}
		})
		require.Equal(t, []string{"weight", "bias", "sn_sigma"}, names(nn.StateDict(l)))
		l.Forward(torch.Ones([]int{1, 2, 3})).Sum().Backward()
		require.Equal(t, l.Weight.Abs().Max().Item(), tensor(t, l, "sn_sigma").Item())
		require.NotNil(t, l.Weight.Grad())
	})
}

func TestAModuleThatEmbedsAParametrizedLayerListsItOnce(t *testing.T) {
	native(t, func() {
		type equalised struct {
			*nn.Linear `nn:""`
		}
		l := nn.SpectralNorm(&equalised{nn.NewLinear(2, 2)})
		require.Equal(t, []string{"bias", "weight_orig", "weight_u", "weight_v"}, names(nn.StateDict(l)))
	})
}
