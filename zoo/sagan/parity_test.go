package sagan

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

// The numbers are those of kwotsin/mimicry at commit a7fda06.
func TestParity(t *testing.T) {
	parity.Run(t, "mimicry/*sagan*", func(t *testing.T, c *parity.Case) {
		config := Config{
			Size: 32, Net: "mimicry", Classes: c.Int("num_classes", 10), Latent: c.Int("nz", 128),
			Width: c.Int("ngf", 256), DWidth: c.Int("ndf", 128),
		}
		check := func(network any, out *torch.Tensor) {
			var names []string
			for _, e := range nn.StateDict(network) {
				names = append(names, e.Name)
			}
			require.Equal(t, c.Meta.KeyOrder, names)
			c.CheckNetwork(network, parity.State{"out": out})
		}
		x := c.Inputs["x"].SetRequiresGrad(c.Outputs["grad.input.x"] != nil)
		switch c.Meta.Class {
		case "SAGANGenerator32":
			g, err := NewGenerator(config)
			require.NoError(t, err)
			c.Load(g, "")
			check(g, g.Forward(x, c.Inputs["y"]))
		case "SAGANDiscriminator32":
			d, err := NewDiscriminator(config)
			require.NoError(t, err)
			c.Load(d, "")
			check(d, d.Forward(x, c.Inputs["y"]))
		default:
			require.Fail(t, "a case of an unknown class", c.Meta.Class)
		}
	})
}

// The numbers are mimicry's in float64 with weights that follow from their place in the state alone.
func TestTheNetworksGiveMimicrysNumbersInFloat64(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(Presets["mimicry32"])
		require.NoError(t, err)
		zootest.Fill(m.G)
		zootest.Fill(m.D)
		z, x := zootest.Wave(1, 0.11, 0, 4, 128), zootest.Wave(0.9, 0.013, 0, 4, 3, 32, 32)
		y := torch.FromSlice([]int64{0, 1, 2, 3})
		torch.NoGrad(func() {
			nn.Eval(m.G)
			zootest.EqualsVector(t, m.G.Forward(z, y),
				-0.2806820280, []float64{0.9993480119, 0.9999992946, 0.9999993234}, -0.6092115768)
			nn.Train(m.G)
			zootest.EqualsVector(t, m.G.Forward(z, y),
				0.5240728690, []float64{0.5164311150, 0.5012051167, 0.5007448753}, 0.5173527354)
			nn.Eval(m.D)
			zootest.EqualsVector(t, m.D.Forward(x, y),
				488.6463464062, []float64{-541.9575771672, 1585.0345403560, -248.3261495562}, 1159.8345719924)
			nn.Train(m.D)
			zootest.EqualsVector(t, m.D.Forward(x, y),
				-57.1455570243, []float64{-11.6541671390, -105.1338199495, -15.1484301918}, -96.6458108169)
			zootest.EqualsVector(t, m.D.Forward(x, y),
				-57.1534964724, []float64{-11.9067939611, -104.8836340581, -15.3822659492}, -96.4412919211)
		})
	})
}

func TestParameterCountsAreTheReferences(t *testing.T) {
	torchtest.Native(t)
	wide, few := Presets["mimicry128"], Presets["mimicry128"]
	wide.DWidth, few.Classes = 1024, 10
	for name, test := range map[string]struct {
		config Config
		g, d   int
	}{
		"paper":                      {Presets["paper"], 42078852, 39463618},
		"mimicry32":                  {Presets["mimicry32"], 4386308, 1075586},
		"mimicry128":                 {Presets["mimicry128"], 42078852, 582818},
		"mimicry128, as wide as G":   {wide, 42078852, 30062338},
		"mimicry128 for ten classes": {few, 32321412, 456098},
	} {
		t.Run(name, func(t *testing.T) {
			torch.SkipInit(func() {
				g, err := NewGenerator(test.config)
				require.NoError(t, err)
				require.Equal(t, test.g, nn.NumParameters(g))
			})
			torch.SkipInit(func() {
				d, err := NewDiscriminator(test.config)
				require.NoError(t, err)
				require.Equal(t, test.d, nn.NumParameters(d))
			})
		})
	}
}
