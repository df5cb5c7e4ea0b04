package resnet32

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// The numbers are those of takuhirok/rGAN at commit 6f7a092 and takuhirok/CP-GAN at commit 7213158. Cases of losses and
// traces are those of the systems' packages.
func TestParity(t *testing.T) {
	for _, networks := range []string{"rgan/[^nt]*", "cpgan/[^kt]*"} {
		parity.Run(t, networks, func(t *testing.T, c *parity.Case) {
			d := DiscriminatorOptions{Classes: c.Int("num_classes", 0), Width: c.Int("channels", 0), Channels: 3}
			c.Setting("pooling", &d.Pool)
			c.Setting("spectral_norm", &d.SpectralNorm)
			switch c.Meta.Class {
			case "Generator":
				checkGenerator(t, c, GeneratorOptions{
					Classes: d.Classes, Latent: c.Int("latent_dim", 128), Width: d.Width, Channels: 3,
					Size: c.Int("image_size", 32), SpectralNorm: d.SpectralNorm,
				})
			case "ACGANDiscriminator", "ProjectionDiscriminator":
				d.Projection = c.Meta.Class == "ProjectionDiscriminator"
				checkDiscriminator(t, c, NewDiscriminator(d))
			default:
				require.Fail(t, "a case of an unknown class", c.Meta.Class)
			}
		})
	}
}

func checkGenerator(t *testing.T, c *parity.Case, o GeneratorOptions) {
	g := NewGenerator(o)
	c.Load(g, "")
	require.Equal(t, c.Meta.KeyOrder, names(g))
	y := c.Inputs["label"]
	if y == nil {
		y = c.Inputs["class_weight"].SetRequiresGrad(true)
	}
	c.CheckNetwork(g, parity.State{"out": g.Forward(c.Inputs["z"].SetRequiresGrad(true), y)})
}

// checkDiscriminator compares the outputs, and gradients where there are some: dropout's cases are without.
func checkDiscriminator(t *testing.T, c *parity.Case, d *Discriminator) {
	c.Load(d, "")
	require.Equal(t, c.Meta.KeyOrder, names(d))
	if c.Inputs["mask0"] != nil {
		d.Body.(*Body).Dropout = recorded(c.Inputs)
	}
	o := d.Forward(c.Inputs["x"].SetRequiresGrad(true), c.Inputs["label"])
	out := parity.State{"out_dis": o.Score, "out_feat": o.Features}
	if o.Classes != nil {
		out["out_cls"] = o.Classes
	}
	if c.Outputs["loss"] != nil {
		c.CheckNetwork(d, out)
		return
	}
	for name, x := range out {
		c.Check(name, x)
	}
}

// recorded is dropout with the masks of a case, in their order.
func recorded(inputs parity.State) func(h *torch.Tensor, p float64) *torch.Tensor {
	calls := 0
	return func(h *torch.Tensor, p float64) *torch.Tensor {
		mask := inputs[fmt.Sprintf("mask%d", calls)]
		calls++
		return h.Mul(mask).DivScalar(1 - p)
	}
}

func names(module any) (names []string) {
	for _, e := range nn.StateDict(module) {
		names = append(names, e.Name)
	}
	return names
}
