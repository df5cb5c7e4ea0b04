package spade

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// The numbers are those of NVlabs/SPADE at commit fecacc9, whose hidden width, a constant of 128 there, is cut to 8.
func TestParity(t *testing.T) {
	parity.Run(t, "spade", func(t *testing.T, c *parity.Case) {
		switch c.Meta.Class {
		case "SPADE":
			s := gan.NewSPADE(c.Int("norm_nc", 0), c.Int("label_nc", 0), options(c))
			load(t, c, s, "")
			checkNetwork(c, s, parity.State{"out": s.Forward(input(c, "x"), input(c, "seg"))})
		case "SPADEResnetBlock":
			b := gan.NewSPADEBlock(c.Int("fin", 0), c.Int("fout", 0), c.Int("semantic_nc", 0), spectral, options(c))
			load(t, c, b, "")
			checkNetwork(c, b, parity.State{"out": b.Forward(input(c, "x"), input(c, "seg"))})
		case "SPADEGenerator":
			g := NewGenerator(settings(t, c))
			load(t, c, g, "")
			checkNetwork(c, g, parity.State{"out": g.Forward(input(c, "seg"), input(c, "z"))})
		case "MultiscaleDiscriminator":
			d := NewDiscriminator(settings(t, c))
			load(t, c, d, "")
			out := parity.State{}
			for i, scale := range d.Forward(input(c, "x")) {
				for j, x := range scale {
					out[fmt.Sprintf("out.%d.%d", i, j)] = x
				}
			}
			checkNetwork(c, d, out)
		case "ConvEncoder":
			e := NewEncoder(settings(t, c))
			load(t, c, e, "")
			mean, logVar := e.Forward(input(c, "x"))
			checkNetwork(c, e, parity.State{"out.0": mean, "out.1": logVar})
		case "GANLoss, KLDLoss":
			checkLosses(c)
		case "Pix2PixTrainer.run_generator_one_step / run_discriminator_one_step":
			checkTrace(t, c)
		default:
			require.Fail(t, "a case of an unknown class", c.Meta.Class)
		}
	})
}

// settings are those of a case; where it counts no labels apart, semantic_nc has the edges of instances, too.
func settings(t *testing.T, c *parity.Case) Config {
	t.Helper()
	s := Config{
		Size: c.Int("crop_size", 64), Classes: c.Int("label_nc", c.Int("semantic_nc", 6)), Width: c.Int("ngf", 2), Hidden: c.Int("nhidden", 8),
		DWidth: c.Int("ndf", 4), DLayers: c.Int("n_layers_D", 4), Scales: c.Int("num_D", 2), Latent: c.Int("z_dim", 256),
	}
	noInstance, aspect := true, 1.0
	c.Setting("no_instance", &noInstance)
	c.Setting("use_vae", &s.VAE)
	c.Setting("num_upsampling_layers", &s.Upsampling)
	c.Setting("contain_dontcare_label", &s.DontCare)
	c.Setting("aspect_ratio", &aspect)
	s.Instance, s.Height = !noInstance, int(float64(s.Size)/aspect)
	s, err := s.withDefaults()
	require.NoError(t, err)
	return s
}

// options are those of a SPADE layer in a case.
func options(c *parity.Case) gan.SPADEOptions {
	var name string
	c.Setting("config_text", &name)
	return gan.SPADEOptions{Hidden: c.Int("nhidden", 8), Instance: strings.Contains(name, "instance")}
}

// input is an input that is differentiated where the case records its gradient; nil if the case has none of that name.
func input(c *parity.Case, name string) *torch.Tensor {
	x := c.Inputs[name]
	if c.Outputs["grad.input."+name] != nil {
		x.SetRequiresGrad(true)
	}
	return x
}

// load also compares the names with the official ones and their order.
func load(t *testing.T, c *parity.Case, module any, prefix string) {
	t.Helper()
	c.Load(module, prefix)
	var names, want []string
	for _, e := range nn.StateDict(module) {
		names = append(names, prefix+e.Name)
	}
	for _, name := range c.Meta.KeyOrder {
		if len(name) > len(prefix) && name[:len(prefix)] == prefix {
			want = append(want, name)
		}
	}
	require.Equal(t, want, names)
}

// checkNetwork compares outputs, the loss that the case makes of them, and what else it records: gradients of some
// parameters and inputs, and buffers.
func checkNetwork(c *parity.Case, module any, out parity.State) {
	var loss *torch.Tensor
	for name, o := range out {
		c.Check(name, o)
		part := o.Mul(c.Inputs["proj."+name]).Sum()
		if loss != nil {
			part = part.Add(loss)
		}
		loss = part
	}
	c.Check("loss", loss)
	loss.Backward()
	for _, e := range nn.StateDict(module) {
		if c.Outputs["grad."+e.Name] != nil {
			c.Check("grad."+e.Name, e.Tensor.Grad())
		}
		if c.Outputs["state."+e.Name] != nil {
			c.Check("state."+e.Name, e.Tensor)
		}
	}
	for name, x := range c.Inputs {
		if c.Outputs["grad.input."+name] != nil {
			c.Check("grad.input."+name, x.Grad())
		}
	}
}

func checkLosses(c *parity.Case) {
	p := []*torch.Tensor{c.Inputs["p0"], c.Inputs["p1"]}
	for name, game := range games {
		c.Check(name+".d_real", gan.MeanOver(game.Real, p).View(1))
		c.Check(name+".d_fake", gan.MeanOver(game.Fake, p).View(1))
		c.Check(name+".g", gan.MeanOver(game.Generator, p).View(1))
	}
	c.Check("kld", gan.KLStandardNormal(c.Inputs["mu"], c.Inputs["logvar"], torch.Sum))
}

// checkTrace makes the recorded steps with the recorded draws of styles.
func checkTrace(t *testing.T, c *parity.Case) {
	m, err := New(settings(t, c))
	require.NoError(t, err)
	for _, n := range m.Parts().Networks {
		load(t, c, n.Module, n.Name+".")
	}
	b := train.NewBatch(map[string]*torch.Tensor{
		"label": c.Inputs["label"].Select(1, 0), "instance": c.Inputs["instance"].Select(1, 0), "image": c.Inputs["image"],
	})
	official := map[string]string{"G": "GAN", "G/feature": "GAN_Feat", "G/kld": "KLD", "D/fake": "D_Fake", "D/real": "D_real"}
	for step := 0; c.Outputs[fmt.Sprintf("step%d.GAN", step)] != nil; step++ {
		prefix := fmt.Sprintf("step%d.", step)
		metrics, fake := m.generatorStep(b, c.Inputs[fmt.Sprintf("eps%d", 2*step)])
		if c.Outputs[prefix+"fake"] != nil {
			c.Check(prefix+"fake", fake)
		}
		for _, l := range append(metrics.Losses, m.criticStep(b, c.Inputs[fmt.Sprintf("eps%d", 2*step+1)]).Losses...) {
			c.Check(prefix+official[l.Name], l.Value.View(1)) // recorded with one element
		}
	}
	for _, n := range m.Parts().Networks {
		for _, e := range nn.StateDict(n.Module) {
			if name := "final." + n.Name + "." + e.Name; c.Outputs[name] != nil {
				c.Check(name, e.Tensor)
			}
		}
	}
}
