package acgan

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// The numbers are those of eriklindernoren/PyTorch-GAN at commit 36d3c77, with 8 and 6 feature maps.
func TestParity(t *testing.T) {
	parity.Run(t, "acgan", func(t *testing.T, c *parity.Case) {
		require.Equal(t, "Generator", c.Meta.Class, "a case of an unknown class")
		config := Config{Latent: c.Int("latent_dim", 0), Classes: c.Int("n_classes", 0), Size: c.Int("img_size", 0), Channels: c.Int("channels", 0)}
		g := newEmbedGenerator(config, c.Weights["conv_blocks.2.weight"].Size(0), c.Weights["conv_blocks.6.weight"].Size(0))
		c.Load(g, "")
		c.CheckNetwork(g, parity.State{"out": g.Forward(c.Inputs["z"].SetRequiresGrad(true), c.Inputs["label"])})
	})
}

// The numbers were computed with clvrai/ACGAN-PyTorch's classes, in float64.
func TestFullNetworksComputeWhatTheReferenceDoes(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c, err := Presets["acgan-pytorch"].withDefaults()
		require.NoError(t, err)
		torch.NoGrad(func() {
			g, d := newCodeGenerator(c), newWideDiscriminator(c)
			zootest.Fill(g)
			zootest.Fill(d)
			code, x := zootest.Wave(1, 0.11, 0, 4, 110), zootest.Wave(0.9, 0.013, 0, 4, 3, 32, 32)
			nn.Eval(g)
			nn.Eval(d)
			zootest.EqualsVector(t, g.Decode(code), 0.0140386657, []float64{0.0970340231, 0.1778465537, 0.1251049075}, -0.0178545451)
			nn.Train(g)
			zootest.EqualsVector(t, g.Decode(code), 0.0044462851, []float64{0.2025726649, 0.3506775130, 0.2738197074}, -0.0314901036)
			source, class := d.Forward(x)
			require.InDeltaSlice(t, []float64{0.6119729610, 0.6119725790, 0.6119729917, 0.6119725508}, torch.Values[float64](source.Sigmoid().View(-1)), 1e-9)
			require.InDeltaSlice(t, []float64{0.0859343093, 0.1192814207, 0.0857782348, 0.1169753436}, torch.Values[float64](class.Softmax(1).At(0))[:4], 1e-9)
		})
	})
}

func TestACodeIsTheClassBeforeTheLatents(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c, err := Config{Divide: 16}.withDefaults()
		require.NoError(t, err)
		g := newCodeGenerator(c)
		nn.Eval(g)
		z := torch.Randn([]int{1, 100})
		code := torch.Cat([]*torch.Tensor{torch.FromSlice([]float32{0, 0, 1, 0, 0, 0, 0, 0, 0, 0}, 1, 10), z}, torch.CatOptions{Dim: 1})
		require.True(t, g.Decode(code).Equal(g.Forward(z, torch.FromSlice([]int64{2}))))
	})
}

func TestParameterCountsAreTheReferences(t *testing.T) {
	torchtest.Native(t)
	torch.SkipInit(func() {
		for _, test := range []struct {
			preset string
			g, d   int
		}{
			{"paper", 2994051, 1664875},    // from the paper's table
			{"paper64", 12440067, 1935211}, // by hand
			{"paper128", 16531971, 3016555},
			{"acgan-pytorch", 1593888, 1663867},
			{"acgan-pytorch128", 11465728, 2525563},
			{"pytorch-gan", 1050985, 103243},
			{"keras", 8172521, 525835},
		} {
			m, err := New(Presets[test.preset])
			require.NoError(t, err)
			require.Equal(t, test.g, nn.NumParameters(m.G), test.preset)
			require.Equal(t, test.d, nn.NumParameters(m.D), test.preset)
		}
	})
}
