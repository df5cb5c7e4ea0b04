package discogan

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// The numbers are those of eriklindernoren/PyTorch-GAN at commit 36d3c77, with 2 feature maps in place of 64.
func TestParity(t *testing.T) {
	parity.Run(t, "discogan", func(t *testing.T, c *parity.Case) {
		config := Config{Net: "unet", Width: 2}
		require.JSONEq(t, `"2..16"`, string(c.Meta.Constructor["channels"]))
		config, err := config.withDefaults()
		require.NoError(t, err)
		var net nn.Layer
		switch c.Meta.Class {
		case "GeneratorUNet":
			net = newGenerator(config)
		case "Discriminator":
			net = newJudge(config)
		default:
			require.Fail(t, "a case of an unknown class", c.Meta.Class)
		}
		c.Load(net, "")
		x := c.Inputs["x"].SetRequiresGrad(true)
		if d, ok := net.(judge); ok {
			logits, features := d.Features(x)
			require.True(t, logits.Equal(d.Forward(x)))
			require.Len(t, features, 3)
		}
		c.CheckNetwork(net, parity.State{"out": net.Forward(x)})
		zootest.SavesNames(t, net, c.Meta.KeyOrder)
	})
}

// The authors save whole modules, whose names these are.
func TestNamesAreTheAuthors(t *testing.T) {
	torchtest.Native(t)
	c, err := Config{Width: 1, Net: "deep"}.withDefaults()
	require.NoError(t, err)
	g, d := nn.StateDict(NewGenerator(c)), nn.StateDict(NewDiscriminator(c))
	names := func(state []nn.Entry) (names []string) {
		for _, e := range state {
			if !e.Buffer {
				names = append(names, e.Name)
			}
		}
		return names
	}
	text, err := json.Marshal(append(names(g), names(d)...))
	require.NoError(t, err)
	require.JSONEq(t, `["main.0.weight","main.2.weight","main.3.weight","main.3.bias","main.5.weight","main.6.weight","main.6.bias",
		"main.8.weight","main.9.weight","main.9.bias","main.11.weight","main.12.weight","main.12.bias","main.14.weight","main.15.weight",
		"main.15.bias","main.17.weight","main.18.weight","main.18.bias","main.20.weight","main.21.weight","main.21.bias","main.23.weight",
		"main.24.weight","main.24.bias","main.26.weight","conv1.weight","conv2.weight","bn2.weight","bn2.bias","conv3.weight","bn3.weight",
		"bn3.bias","conv4.weight","bn4.weight","bn4.bias","conv5.weight"]`, string(text))
}

func TestParameterCountsAreTheReferences(t *testing.T) {
	torchtest.Native(t)
	torch.SkipInit(func() {
		for _, test := range []struct {
			preset string
			g, d   int
		}{
			{"paper", 5513856, 2765568},
			{"angle-pairing", 7153480, 2765568},
			{"unet", 29241731, 662977},
		} {
			m, err := New(Presets[test.preset])
			require.NoError(t, err)
			require.Equal(t, test.g, nn.NumParameters(m.GA), test.preset)
			require.Equal(t, test.g, nn.NumParameters(m.GB), test.preset)
			require.Equal(t, test.d, nn.NumParameters(m.DA), test.preset)
			require.Equal(t, test.d, nn.NumParameters(m.DB), test.preset)
		}
	})
}

// The authors' sigmoid of 64-pixel pictures in [0, 1] becomes a hyperbolic tangent of half in [−1, 1].
func TestPicturesAreSymmetricOutsideTheNetworks(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		torch.ManualSeed(1)
		c, err := Config{Width: 2}.withDefaults()
		require.NoError(t, err)
		g, x := NewGenerator(c), torch.Rand([]int{2, 3, 64, 64})
		want := g.Main.Forward(x)
		got := g.Forward(x.MulScalar(2).SubScalar(1)).AddScalar(1).MulScalar(0.5)
		require.Less(t, want.Sub(got).Abs().Max().Item(), 1e-5)
	})
}
