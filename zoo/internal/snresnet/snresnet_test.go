package snresnet

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// The official discriminator is that of takuhirok/rGAN, whose layers are called otherwise and come in another order. The
// numbers were computed with its ProjectionDiscriminator in float64.
func TestTheOfficialDiscriminatorComputesWhatRGANDoes(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		d := NewDiscriminator(Options{Plan: "32", Channels: 3, Classes: 10}, Heads{})
		order := nn.ModuleDict{{Name: "block1", Module: d.blocks[0]}}
		for _, l := range d.blocks[1:] {
			b := l.(*gan.DBlock)
			if b.CSC != nil {
				order = append(order, nn.NamedModule{Name: "conv_shortcut", Module: b.CSC})
			}
			order = append(order, nn.NamedModule{Name: "conv1", Module: b.C1}, nn.NamedModule{Name: "conv2", Module: b.C2})
		}
		order = append(order, nn.NamedModule{Name: "linear5", Module: d.score}, nn.NamedModule{Name: "embed5", Module: d.embed})
		torch.NoGrad(func() {
			nn.To(d, nn.ToOptions{DType: torch.Float64})
			zootest.Fill(order)
			x, y := zootest.Wave(0.9, 0.013, 0, 4, 3, 32, 32), torch.FromSlice([]int64{0, 1, 2, 3})
			nn.Eval(d)
			zootest.EqualsVector(t, d.Forward(x, y), 98.0697871430, []float64{-1010.5102669779, 1248.3259747373, -1341.0680203955}, 1495.5314612082)
			nn.Train(d)
			zootest.EqualsVector(t, d.Forward(x, y), 10.0779603261, []float64{20.4086263494, -1.0524729579, 27.7730659048}, -6.8173779918)
			zootest.EqualsVector(t, d.Forward(x, y), 10.0817901617, []float64{20.3878947119, -1.0221796711, 27.7348185337}, -6.7733729277)
		})
	})
}

func TestTheOfficialNetworksBeginAsTheProgramDoes(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		o := Options{Plan: "32", Channels: 3, Latent: 8, Width: 4, DWidth: 4, Classes: 3}
		g, d := NewGenerator(o), NewDiscriminator(o, Heads{})
		for _, net := range []any{g, d} {
			nn.Apply(net, func(m any) {
				switch l := m.(type) {
				case *nn.Conv2d:
					require.Zero(t, l.Bias.Abs().Max().Item())
				case *gan.ConditionalBatchNorm2d:
					require.Equal(t, 1.0, l.Embed.Weight.Narrow(1, 0, 4).Min().Item())
					require.Equal(t, 1.0, l.Embed.Weight.Narrow(1, 0, 4).Max().Item())
					require.Zero(t, l.Embed.Weight.Narrow(1, 4, 4).Abs().Max().Item())
				}
			})
		}
		require.Zero(t, g.L1.Bias.Abs().Max().Item())
		require.Nil(t, d.score.Bias)
	})
}

func TestTheOfficialGeneratorRepeatsPixelsAndMimicrysInterpolates(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		o := Options{Plan: "64", Channels: 3, Latent: 8, Width: 16, DWidth: 16}
		official := NewGenerator(o)
		o.Mimicry = true
		mimicry := NewGenerator(o)
		require.NoError(t, nn.LoadStateDict(mimicry, nn.StateDict(official), true))
		nn.Eval(official)
		nn.Eval(mimicry)
		z := torch.Randn([]int{2, 8})
		x, y := official.Forward(z, nil), mimicry.Forward(z, nil)
		require.Equal(t, []int{2, 3, 64, 64}, x.Shape())
		require.Equal(t, x.Shape(), y.Shape())
		require.False(t, x.Equal(y))
	})
}
