package dcgan

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// The numbers are those of pytorch/examples dcgan/main.py at commit 77f55b9.
func TestParity(t *testing.T) {
	parity.Run(t, "dcgan", func(t *testing.T, c *parity.Case) {
		config, err := Config{
			Latent: c.Int("nz", 100), Width: c.Int("ngf", c.Int("ndf", 64)), Channels: c.Int("nc", 3),
		}.withDefaults()
		require.NoError(t, err)
		switch c.Meta.Class {
		case "Generator":
			g := NewGenerator(config)
			c.Load(g, "")
			z := c.Inputs["z"].SetRequiresGrad(true)
			c.CheckNetwork(g, parity.State{"out": g.Forward(z)})
		case "Discriminator":
			d := NewDiscriminator(config)
			c.Load(d, "")
			x := c.Inputs["x"].SetRequiresGrad(true)
			c.CheckNetwork(d, parity.State{"out": d.Forward(x)})
		case "loop of dcgan/main.py":
			checkTrace(t, c, config)
		default:
			require.Fail(t, "a case of an unknown class", c.Meta.Class)
		}
	})
}

// checkTrace makes the recorded steps with the recorded latents.
func checkTrace(t *testing.T, c *parity.Case, config Config) {
	m, err := New(config)
	require.NoError(t, err)
	c.Load(m.G, "G.")
	c.Load(m.D, "D.")
	for step := 0; c.Inputs[fmt.Sprintf("z%d", step)] != nil; step++ {
		batch := train.NewBatch(map[string]*torch.Tensor{"image": c.Inputs["x"]})
		metrics, fakes := m.update(batch, c.Inputs[fmt.Sprintf("z%d", step)])
		prefix := fmt.Sprintf("step%d.", step)
		for i, name := range []string{"errD_real", "errD_fake", "errG"} {
			c.Check(prefix+name, metrics.Losses[i].Value)
		}
		if c.Outputs[prefix+"fake"] != nil {
			c.Check(prefix+"fake", fakes[0])
		}
	}
	for _, n := range m.Parts().Networks {
		for _, e := range nn.StateDict(n.Module) {
			c.Check("final."+n.Name+"."+e.Name, e.Tensor)
		}
	}
}

func TestParameterCountsAreTheReferences(t *testing.T) {
	torchtest.Native(t)
	torch.SkipInit(func() {
		for _, test := range []struct {
			channels, g, d int
		}{{3, 3576704, 2765568}, {1, 3574656, 2763520}} {
			c, err := Config{Channels: test.channels}.withDefaults()
			require.NoError(t, err)
			require.Equal(t, test.g, nn.NumParameters(NewGenerator(c)))
			require.Equal(t, test.d, nn.NumParameters(NewDiscriminator(c)))
		}
	})
}

var _ train.Model = (*Model)(nil)
