package dualgan

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

// The numbers are those of eriklindernoren/PyTorch-GAN at commit 36d3c77, with 2 feature maps in place of 64. Of some cases
// the kit has the gradients of vectors only.
func TestParity(t *testing.T) {
	parity.Run(t, "dualgan", func(t *testing.T, c *parity.Case) {
		config := Presets["unet"]
		require.JSONEq(t, `"2..16"`, string(c.Meta.Constructor["channels"]))
		config.Width = 2
		config, err := config.withDefaults()
		require.NoError(t, err)
		var net nn.Layer
		switch c.Meta.Class {
		case "Generator":
			net = newGenerator(config)
		case "Discriminator":
			net = newCritic(config)
		default:
			require.Fail(t, "a case of an unknown class", c.Meta.Class)
		}
		c.Load(net, "")
		x := c.Inputs["x"].SetRequiresGrad(true)
		out := net.Forward(x)
		c.Check("out", out)
		loss := out.Mul(c.Inputs["proj.out"]).Sum()
		c.Check("loss", loss)
		loss.Backward()
		c.Check("grad.input.x", x.Grad())
		for _, e := range nn.StateDict(net) {
			if e.Buffer {
				c.Check("state."+e.Name, e.Tensor)
			} else if c.Outputs["grad."+e.Name] != nil {
				c.Check("grad."+e.Name, e.Tensor.Grad())
			}
		}
		zootest.SavesNames(t, net, c.Meta.KeyOrder)
	})
}

func TestParameterCountsAreTheReferences(t *testing.T) {
	torchtest.Native(t)
	torch.SkipInit(func() {
		for _, test := range []struct {
			name   string
			config Config
			g, d   int
		}{
			{"paper", Presets["paper"], 30627907, 3949441},
			{"patches", Config{Head: "patch"}, 30627907, 3921281},
			{"unet", Presets["unet"], 41828995, 663745},
		} {
			m, err := New(test.config)
			require.NoError(t, err)
			require.Equal(t, test.g, nn.NumParameters(m.GA), test.name)
			require.Equal(t, test.g, nn.NumParameters(m.GB), test.name)
			require.Equal(t, test.d, nn.NumParameters(m.DA), test.name)
			require.Equal(t, test.d, nn.NumParameters(m.DB), test.name)
		}
	})
}
