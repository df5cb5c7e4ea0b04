package gan_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMinibatchStddevComparesStridedGroupsOverEachPartOfTheChannels(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		// Six samples of two channels and one pixel, in groups {0, 2, 4} and {1, 3, 5}.
		x := torch.FromSlice([]float32{0, 1, 0, 7, 3, 1, 0, 7, 6, 1, 0, 7}, 6, 2, 1, 1)
		y := gan.MinibatchStddev{Group: 3, Features: 2}.Forward(x)
		require.Equal(t, []int{6, 4, 1, 1}, y.Shape())
		require.Equal(t, torch.Values[float32](x), torch.Values[float32](y.Narrow(1, 0, 2).Contiguous()))
		spread := []float64{math.Sqrt(6), 1e-4, 1e-4, 1e-4} // of {0, 3, 6}; of three alike, √1e-8
		for i, v := range torch.Values[float32](y.Narrow(1, 2, 2).Contiguous()) {
			require.InDelta(t, spread[i%4], v, 1e-6, "value %d", i)
		}
		require.EqualError(t, torch.Try(func() { gan.MinibatchStddev{}.Forward(x) }),
			"torch.MinibatchStddev: groups of 4 samples and 1 parts of the channels do not divide them [shapes (6, 2, 1, 1)]")
	})
}

func TestAConditionalInstanceNormScalesAndShiftsNormalisedSignals(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		gamma, beta := nn.NewEmbedding(2, 3), nn.NewEmbedding(2, 3)
		norm := gan.NewConditionalInstanceNorm(gamma, beta)
		y := torch.FromSlice([]int64{1, 0})
		for _, shape := range [][]int{{2, 3, 40}, {2, 3, 5, 8}} {
			out := norm.Forward(torch.Randn(shape).MulScalar(7).AddScalar(3), y).Flatten(torch.FlattenOptions{StartDim: 2})
			diff, _ := torchtest.MaxDiff(t, out.MeanDim([]int{2}), beta.Forward(y))
			require.LessOrEqual(t, diff, 1e-5)
			deviation := out.Var(torch.VarOptions{Dim: []int{2}, Correction: 0}).Sqrt()
			diff, _ = torchtest.MaxDiff(t, deviation, gamma.Forward(y).Abs())
			require.LessOrEqual(t, diff, 1e-4)
		}
	})
}

func TestCCBNWithPlainGainIsCompareGANs(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		gain, bias := nn.NewEmbedding(2, 3), nn.NewEmbedding(2, 3)
		x, y := torch.Randn([]int{2, 3, 4, 4}), torch.FromSlice([]int64{0, 1})
		biggan := gan.NewCCBN(3, gain, bias).Forward(x, y)
		plain := gan.NewCCBN(3, gain, bias, gan.CCBNOptions{PlainGain: true}).Forward(x, y)
		normal := nn.NewBatchNorm2d(3, nn.BatchNorm{NoAffine: true}).Forward(x)
		diff, _ := torchtest.MaxDiff(t, biggan.Sub(plain), normal)
		require.LessOrEqual(t, diff, 1e-5)
	})
}

func TestNormsOfBigGANCollectTheMeanOfAllBatches(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		layer := nn.NewEmbedding(1, 1)
		y := torch.FromSlice([]int64{0, 0})
		c, b := gan.NewCCBN(1, layer, layer), gan.NewBigGANBatchNorm2d(1)
		for _, norm := range []struct {
			collect        func() func()
			forward        func(x *torch.Tensor)
			mean, variance *torch.Tensor
		}{
			{c.Collect, func(x *torch.Tensor) { c.Forward(x, y) }, c.StoredMean, c.StoredVar},
			{b.Collect, func(x *torch.Tensor) { b.Forward(x) }, b.StoredMean, b.StoredVar},
		} {
			of := func(v ...float32) *torch.Tensor { return torch.FromSlice(v, 2, 1, 1, 1) }
			norm.forward(of(100, 50))
			stop := norm.collect()
			nn.Eval(c)
			nn.Eval(b)
			norm.forward(of(0, 2))
			norm.forward(of(4, 10))
			stop()
			require.InDelta(t, 4, norm.mean.Item(), 1e-6)
			require.InDelta(t, 10, norm.variance.Item(), 1e-5) // of 2 and 18
			norm.forward(of(100, 50))
			require.InDelta(t, 4, norm.mean.Item(), 1e-6, "in evaluation nothing is learnt")
		}
	})
}

// Whatever the multiplier, an equalised layer starts alike; its stored numbers, and so Adam's steps, do not.
func TestTheLearningRateMultiplierChangesWhatIsStoredOnly(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.Randn([]int{5, 64})
		var out [2]*torch.Tensor
		var layers [2]*gan.EqualLinear
		for i, multiplier := range []float64{1, 0.01} {
			torch.ManualSeed(2)
			layers[i] = gan.NewEqualLinear(64, 8, gan.EqualOptions{Gain: math.Sqrt2, LRMultiplier: multiplier})
			out[i] = layers[i].Forward(x)
		}
		diff, magnitude := torchtest.MaxDiff(t, out[1], out[0])
		require.LessOrEqual(t, diff, 1e-5*magnitude)
		require.InDelta(t, 100, layers[1].Weight.Std().Item()/layers[0].Weight.Std().Item(), 1e-3)
		out[0].Sum().Backward()
		out[1].Sum().Backward()
		require.InDelta(t, 0.01, layers[1].Bias.Grad().Sum().Item()/layers[0].Bias.Grad().Sum().Item(), 1e-7)
	})
}

func TestNoiseIsDrawnForEachSampleAndTheSameForAllChannels(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		l := gan.NewNoiseInjection()
		x := torch.Zeros([]int{2, 3, 16, 16})
		require.Zero(t, l.Forward(x, nil).Abs().Max().Item(), "a new layer adds nothing")
		l.Weight.SetData(torch.FromSlice([]float32{2}))
		y := l.Forward(x, nil)
		require.InDelta(t, 2, y.Std().Item(), 0.2)
		require.Equal(t, y.Select(1, 0).Contiguous().Bytes(), y.Select(1, 2).Contiguous().Bytes())
		require.NotEqual(t, y.Select(0, 0).Contiguous().Bytes(), y.Select(0, 1).Contiguous().Bytes())
	})
}

func TestBigGANsSingularValuesAreThoseOfTheWeight(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		l := gan.SpectralNormBigGAN(nn.NewLinear(4, 3), gan.SpectralNormBigGANOptions{Iterations: 60, Values: 3})
		torch.NoGrad(func() {
			l.Weight.CopyInPlace(torch.FromSlice([]float32{0, 2, 0, 0, 0, 0, 0, -5, 0.5, 0, 0, 0}, 3, 4))
		})
		w := torch.Values[float32](l.Forward(torch.Eye(4)).Sub(l.Bias).T().Contiguous())
		for i, v := range []float64{0, 0.4, 0, 0, 0, 0, 0, -1, 0.1, 0, 0, 0} {
			require.InDelta(t, v, w[i], 1e-5)
		}
		for name, v := range map[string]float64{"sv0": 5, "sv1": 2, "sv2": 0.5} {
			require.InDelta(t, v, named(l, name).Item(), 1e-5, name)
		}
	})
}

func TestBlocksRefuseInOneSentence(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		for want, f := range map[string]func(){
			"NewSelfAttention: 4 channels; at least 8 are needed": func() { gan.NewSelfAttention(4, nil) },
			"NewSPADE: a kernel of 4, which is even":              func() { gan.NewSPADE(3, 3, gan.SPADEOptions{Kernel: 4}) },
			"NewImagePool: a pool of -1 pictures":                 func() { gan.NewImagePool(-1, []int{3, 2, 2}, 0) },
			`DiffAugment: no augmentation "blur"`:                 func() { gan.DiffAugment{"blur"}.Forward(torch.Zeros([]int{1, 3, 2, 2})) },
			"SpectralNormBigGAN: -1 singular values in 0 iterations": func() {
				gan.SpectralNormBigGAN(nn.NewLinear(2, 2), gan.SpectralNormBigGANOptions{Values: -1})
			},
			"NewNoiseInjection: noise at an equalised learning rate needs a number of channels": func() {
				gan.NewNoiseInjection(gan.NoiseOptions{EqualLR: true})
			},
		} {
			require.EqualError(t, torch.Try(f), "torch."+want)
		}
	})
}
