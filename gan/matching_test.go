package gan_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	gannets "github.com/forgergan/forger/gan/features"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// The published networks serve as feature networks.
var _ gan.Taps = (*gannets.ClassifierTrunk)(nil)

func features(values ...float32) (layers []*torch.Tensor) {
	for _, v := range values {
		layers = append(layers, torch.Full([]int{2, 3, 4, 4}, v).SetRequiresGrad(true))
	}
	return layers
}

func TestFeatureMatchingSumsOverLayersAndAveragesOverScales(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		fake := [][]*torch.Tensor{features(1, 2, 100), features(5, 5, 100)}
		real := [][]*torch.Tensor{features(0, 4, 0), features(5, 8, 0)}
		loss := gan.FeatureMatching(fake, real)
		require.InDelta(t, (1+2+0+3)/2., loss.Item(), 1e-6)
		loss.Backward()
		require.NotNil(t, fake[0][0].Grad())
		require.Nil(t, real[0][0].Grad(), "real features are constants")
		require.Nil(t, fake[0][2].Grad(), "the last layer is D's output")

		require.ErrorContains(t, torch.Try(func() { gan.FeatureMatching(fake, real[:1]) }), "2 scales of generated samples, 1 of real ones")
		real[1] = real[1][:2]
		require.ErrorContains(t, torch.Try(func() { gan.FeatureMatching(fake, real) }), "scale 1 has 3 layers of generated samples, 2 of real ones")
	})
}

func TestMeanMatchingComparesBatchesOfAnySize(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		fake := torch.FromSlice([]float32{1, 3, 3, 5}, 2, 2).SetRequiresGrad(true)       // mean 2, 4
		real := torch.FromSlice([]float32{0, 1, 0, 1, 3, 1}, 3, 2).SetRequiresGrad(true) // mean 1, 1
		loss := gan.MeanMatching([]*torch.Tensor{fake, fake}, []*torch.Tensor{real, fake})
		require.InDelta(t, (1+9)/2., loss.Item(), 1e-6)
		loss.Backward()
		require.Nil(t, real.Grad())
		require.Equal(t, []float32{0.5, 1.5, 0.5, 1.5}, torch.Values[float32](fake.Grad()))
		require.ErrorContains(t, torch.Try(func() { gan.MeanMatching([]*torch.Tensor{fake}, nil) }), "1 layers of generated samples, 0 of real ones")
	})
}

// doubling is a network whose taps are x, 2x and 4x.
type doubling struct{}

func (doubling) Taps(x *torch.Tensor) []*torch.Tensor {
	return []*torch.Tensor{x.MulScalar(1), x.MulScalar(2), x.MulScalar(4)}
}

func TestPerceptualWeighsTaps(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		fake := torch.Full([]int{1, 3, 2, 2}, 3.).SetRequiresGrad(true)
		real := torch.Full([]int{1, 3, 2, 2}, 1.).SetRequiresGrad(true)
		loss := func(o ...gan.PerceptualOptions) float64 { return gan.Perceptual(doubling{}, fake, real, o...).Item() }
		require.InDelta(t, 2+4+8, loss(), 1e-5)
		require.InDelta(t, 4+16+64, loss(gan.PerceptualOptions{Squared: true}), 1e-4)
		require.InDelta(t, 1+0+0.8, loss(gan.PerceptualOptions{Weights: []float64{0.5, 0, 0.1}}), 1e-5)
		require.ErrorContains(t, torch.Try(func() { loss(gan.PerceptualOptions{Weights: gan.VGGWeights}) }), "5 weights for 3 taps")
		gan.Perceptual(doubling{}, fake, real).Backward()
		require.NotNil(t, fake.Grad())
		require.Nil(t, real.Grad())
	})
}

func TestPerceptualTakesGradientsThroughAFrozenTrunkOnly(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		torch.ManualSeed(2)
		net := gannets.NewAlexNet()
		nn.Freeze(net)
		fake, real := torch.Rand([]int{1, 3, 35, 35}).SetRequiresGrad(true), torch.Rand([]int{1, 3, 35, 35})
		require.Zero(t, gan.Perceptual(net, real, real).Item())
		loss := gan.Perceptual(net, fake, real)
		require.Positive(t, loss.Item())
		loss.Backward()
		require.NotZero(t, fake.Grad().Abs().Sum().Item())
		for _, p := range nn.Parameters(net) {
			require.Nil(t, p.Grad())
		}
	})
}

func TestVariationsOfAStep(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		// Two pictures of 3 by 2 pixels: rows 0, 0, 2 twice; and a checkerboard of 1 and 0.
		x := torch.FromSlice([]float32{0, 0, 0, 0, 2, 2, 1, 0, 0, 1, 1, 0}, 2, 1, 3, 2)
		// Down |0 0 2 2| and |1 1 1 1|; right |0 0 0| and |1 1 1|.
		require.InDelta(t, (4+4+3)/2., gan.TotalVariation(x).Item(), 1e-6)
		require.InDelta(t, 2*((8+4)/8.+3/6.), gan.SquaredVariation(x).Item(), 1e-6)
		for name, f := range map[string]func(){
			"TotalVariation":     func() { gan.TotalVariation(x.Narrow(2, 0, 1)) },
			"SquaredVariation":   func() { gan.SquaredVariation(x.At(0)) },
			"GradientDifference": func() { gan.GradientDifference(x, x.Narrow(3, 0, 1), 1) },
		} {
			require.ErrorContains(t, torch.Try(f), name+": pictures are (N, C, H, W) of at least 2 by 2 pixels")
		}
	})
}

func TestGradientDifferenceIgnoresTheDirectionOfAnEdge(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		up := torch.FromSlice([]float32{0, 1, 0, 1}, 1, 1, 2, 2)
		require.Zero(t, gan.GradientDifference(up, up.Neg(), 1).Item())
		steep := torch.FromSlice([]float32{0, 3, 0, 3}, 1, 1, 2, 2)
		require.InDelta(t, 2, gan.GradientDifference(steep, up, 1).Item(), 1e-6)
		require.InDelta(t, 4, gan.GradientDifference(steep, up, 2).Item(), 1e-6)
		down := steep.Transpose(2, 3) // edges the other way
		require.InDelta(t, 3+1, gan.GradientDifference(down, up, 1).Item(), 1e-6)
	})
}

func TestMaskedDifferencesAreAveragedOverAllElements(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		a, b := torch.FromSlice([]float32{1, 2, 3, 4, 5, 6, 7, 8}, 1, 2, 2, 2), torch.Full([]int{1, 2, 2, 2}, 2.)
		mask := torch.FromSlice([]float32{1, 0, 0, 0}, 1, 1, 2, 2)
		require.InDelta(t, (1+3)/8., gan.MaskedL1(a, b, mask).Item(), 1e-6)
	})
}

func ExamplePerceptual() {
	torch.Scope(func() {
		net := gannets.NewSqueezeNet() // into which published weights are loaded
		nn.Freeze(net)
		real := torch.Rand([]int{1, 3, 32, 32})
		fmt.Println(gan.Perceptual(net, real, real, gan.PerceptualOptions{Squared: true}).Item())
	})
	// Output: 0
}
