package resnet32

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// requireOutput compares the mean, the first three elements and the last one.
func requireOutput(t *testing.T, want [5]float64, x *torch.Tensor) {
	t.Helper()
	flat := torch.Values[float64](x.Detach())
	got := [5]float64{x.Mean().Item(), flat[0], flat[1], flat[2], flat[len(flat)-1]}
	require.InDeltaSlice(t, want[:], got[:], 1e-9)
}

var (
	z      = func() *torch.Tensor { return zootest.Wave(1, 0.11, 0, 4, 128) }
	images = func() *torch.Tensor { return zootest.Wave(0.9, 0.013, 0, 4, 3, 32, 32) }
	labels = func() *torch.Tensor { return torch.FromSlice([]int64{0, 1, 2, 3}, 4) }
)

// The numbers of the tests below are those of the official programs in float64, with networks of the published widths.

func TestTheGeneratorGivesTheOfficialNumbersInBothModes(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		g := NewGenerator(GeneratorOptions{Classes: 10, Latent: 128, Width: 256, Channels: 3})
		zootest.Fill(g)
		nn.Eval(g)
		requireOutput(t, [5]float64{0.4021083753, 0.3664866018, 0.3430196233, 0.3427144897, 0.3415169445}, g.Forward(z(), labels()))
		nn.Train(g)
		requireOutput(t, [5]float64{0.4001746573, 0.3892888701, 0.3880659580, 0.4086746288, 0.3739401041}, g.Forward(z(), labels()))
		nn.Eval(g)
		requireOutput(t, [5]float64{0.4021082165, 0.3676103032, 0.3443217461, 0.3440045723, 0.3432659946}, g.Forward(z(), labels()))
	})
}

func TestTheGeneratorMixesClassesByTheirWeights(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		g := NewGenerator(GeneratorOptions{Classes: 5, Latent: 128, Width: 128, Channels: 3})
		zootest.Fill(g)
		weights := zootest.Wave(1, 1, 0, 4, 5).Softmax(1)
		nn.Eval(g)
		x := g.Forward(z(), weights)
		requireOutput(t, [5]float64{-0.0419048874, 0.5836332930, 0.5750779571, 0.5750798423, 0.3324548272}, x)
		nn.Train(g)
		x = g.Forward(z(), weights)
		requireOutput(t, [5]float64{0.3763434937, 0.4235733872, 0.4124339762, 0.4123409064, 0.3618976302}, x)
	})
}

func TestTheDiscriminatorsGiveTheOfficialNumbers(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		o := DiscriminatorOptions{Classes: 10, Width: 128, Channels: 3}
		d := NewDiscriminator(o)
		zootest.Fill(d)
		out := d.Forward(images(), nil)
		requireOutput(t, [5]float64{2.7939034113, 2.7936651824, 2.7941741894, 2.7943284468, 2.7934458265}, out.Score)
		requireOutput(t, [5]float64{0.3634855900, -1.7612504572, 2.6731629496, -1.8115378249, 0.0513193890}, out.Classes)

		o.Pool, o.SpectralNorm = Sum, true
		d = NewDiscriminator(o)
		zootest.Fill(d)
		nn.Eval(d)
		out = d.Forward(images(), nil)
		requireOutput(t, [5]float64{1023.9913382482, 1035.1929242582, 1011.9602824274, 1012.1339795556, 1036.6781667514}, out.Score)
		requireOutput(t, [5]float64{1.1110838349, 6.5920781652, -4.4686202284, 4.3480291350, 6.4430665669}, out.Classes)
		requireOutput(t, [5]float64{9.4918202923, 20.1717444943, 0, 26.8092375041, 17.8508963465}, out.Features)
		nn.Train(d)
		requireOutput(t, [5]float64{-31.1547071143, -31.1546677895, -31.1547252878, -31.1547806458, -31.1546547341},
			d.Forward(images(), nil).Score)

		o.Projection = true
		d = NewDiscriminator(o)
		zootest.Fill(d)
		nn.Eval(d)
		requireOutput(t, [5]float64{98.0697871430, -1010.5102669779, 1248.3259747373, -1341.0680203955, 1495.5314612082},
			d.Forward(images(), labels()).Score)
		nn.Train(d)
		requireOutput(t, [5]float64{10.0779603261, 20.4086263494, -1.0524729579, 27.7730659048, -6.8173779918},
			d.Forward(images(), labels()).Score)
		requireOutput(t, [5]float64{10.0817901617, 20.3878947119, -1.0221796711, 27.7348185337, -6.7733729277},
			d.Forward(images(), labels()).Score)
	})
}

func TestNetworksHaveAsManyParametersAsTheOfficialOnes(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		for _, test := range []struct{ classes, width, want int }{
			{10, 256, 4304387}, {100, 256, 4580867}, {10, 128, 1218307}, {100, 128, 1356547}, {5, 128, 1210627}, {3, 128, 1207555},
		} {
			g := NewGenerator(GeneratorOptions{Classes: test.classes, Latent: 128, Width: test.width, Channels: 3})
			require.Equal(t, test.want, nn.NumParameters(g), "G of %d classes, width %d", test.classes, test.width)
		}
		for classes, want := range map[int]int{10: 1055115, 100: 1066725, 5: 1054470, 3: 1054212} {
			d := NewDiscriminator(DiscriminatorOptions{Classes: classes, Width: 128, Channels: 3})
			require.Equal(t, want, nn.NumParameters(d), "AC-GAN's D of %d classes", classes)
		}
		for classes, want := range map[int]int{10: 1055104, 100: 1066624} {
			d := NewDiscriminator(DiscriminatorOptions{Classes: classes, Width: 128, Channels: 3, Projection: true})
			require.Equal(t, want, nn.NumParameters(d), "cGAN's D of %d classes", classes)
		}
	})
}

func TestLayersWithASpectralNormBeginWithPyTorchsDefaultsUnlessXavierIsAskedFor(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		largest := func(o DiscriminatorOptions) (main, embedding float64) {
			d := NewDiscriminator(o)
			return d.Body.(*Body).Block3.Conv1.Weight.Abs().Max().Item(), d.Head.(*ProjectionHead).Embed.Weight.Abs().Max().Item()
		}
		o := DiscriminatorOptions{Classes: 10, Width: 16, Channels: 3, Projection: true}
		const inputs, xavier = 16 * 9, 0.2041241 // √2·√(6/(2·16·9))
		for _, test := range []struct{ spectral, xavier bool }{{false, false}, {true, true}, {true, false}} {
			o.SpectralNorm, o.Xavier = test.spectral, test.xavier
			main, embedding := largest(o)
			if test.spectral && !test.xavier {
				require.InDelta(t, 1/math.Sqrt(inputs), main, 1e-3)
				require.Greater(t, embedding, 1.0) // N(0, 1)
				continue
			}
			require.InDelta(t, xavier, main, 1e-3)
			require.Less(t, embedding, math.Sqrt(6./26))
		}
	})
}
