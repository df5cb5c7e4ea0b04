package sngan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
	"github.com/forgergan/forger/zoo/internal/snresnet"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// The numbers are those of kwotsin/mimicry at commit a7fda06.
func TestParity(t *testing.T) {
	for _, cases := range []string{"mimicry/*sngan*", "mimicry/ssgan32_*", "mimicry/infomax32_*"} {
		parity.Run(t, cases, func(t *testing.T, c *parity.Case) {
			o := snresnet.Options{
				Plan: "32", Channels: 3, Latent: c.Int("nz", 128), Width: c.Int("ngf", 8), DWidth: c.Int("ndf", 8), Mimicry: true,
			}
			switch c.Meta.Class {
			case "SNGANGenerator32":
				g := snresnet.NewGenerator(o)
				c.Load(g, "")
				c.CheckNetwork(g, parity.State{"out": g.Forward(c.Inputs["x"].SetRequiresGrad(true), nil)})
			case "SNGANDiscriminator32":
				d := snresnet.NewDiscriminator(o, snresnet.Heads{})
				c.Load(d, "")
				c.CheckNetwork(d, parity.State{"out": d.Forward(c.Inputs["x"].SetRequiresGrad(true), nil)})
			case "SSGANDiscriminator32":
				d := NewRotating(o)
				c.Load(d, "")
				scores, turns := d.Forward(c.Inputs["x"].SetRequiresGrad(true))
				c.CheckNetwork(d, parity.State{"out": scores, "classes": turns})
			case "InfoMaxGANDiscriminator32":
				d := NewInfoMax(o, c.Int("nrkhs", 0))
				c.Load(d, "")
				scores, maps, sums := d.Forward(c.Inputs["x"].SetRequiresGrad(true))
				local, global := d.Project(maps, sums)
				c.CheckNetwork(d, parity.State{"out": scores, "local": local, "global": global})
			case "SNGAN train_step":
				checkTrace(t, c)
			default:
				require.Fail(t, "a case of an unknown class", c.Meta.Class)
			}
		})
	}
}

// checkTrace makes the recorded steps with the recorded latents.
func checkTrace(t *testing.T, c *parity.Case) {
	m, err := New(Config{
		Net: "mimicry", Latent: c.Int("nz", 0), Width: c.Int("ngf", 0), DWidth: c.Int("ndf", 0), Critic: c.Int("n_dis", 0),
		GenBatch: 1, Decay: new(0),
	})
	require.NoError(t, err)
	c.Load(m.G, "G.")
	c.Load(m.D, "D.")
	latents, batches := 0, 0
	next := func() *torch.Tensor {
		latents++
		return c.Inputs[fmt.Sprintf("z%d", latents-1)]
	}
	for step := 0; c.Outputs[fmt.Sprintf("step%d.d0.errD", step)] != nil; step++ {
		var prefix string
		var batch *train.Batch
		for k := range m.config.Critic {
			batch = train.NewBatch(map[string]*torch.Tensor{"image": c.Inputs[fmt.Sprintf("x%d", batches)]})
			batches++
			metrics, real, judged := m.discriminatorStep(batch, next())
			prefix = fmt.Sprintf("step%d.d%d.", step, k)
			c.Check(prefix+"errD", metrics.Losses[0].Value)
			c.Check(prefix+"D(x)", real.Sigmoid().Mean())
			c.Check(prefix+"D(G(z))", judged.Sigmoid().Mean())
		}
		c.Check(prefix+"errG", m.generatorStep(batch, next())[0].Value)
	}
	for _, n := range m.Parts().Networks {
		for _, e := range nn.StateDict(n.Module) {
			c.Check("final."+n.Name+"."+e.Name, e.Tensor)
		}
	}
}

// The numbers were computed with mimicry's classes at full width, in float64.
func TestFullNetworksComputeWhatTheReferenceDoes(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		o := snresnet.Options{Plan: "32", Channels: 3, Latent: 128, Mimicry: true}
		torch.NoGrad(func() {
			g, d := snresnet.NewGenerator(o), snresnet.NewDiscriminator(o, snresnet.Heads{})
			zootest.Fill(g)
			zootest.Fill(d)
			z, x := zootest.Wave(1, 0.11, 0, 4, 128), zootest.Wave(0.9, 0.013, 0, 4, 3, 32, 32)
			nn.Eval(g)
			zootest.EqualsVector(t, g.Forward(z, nil), 0.4017350135, []float64{0.3731192447, 0.3472598237, 0.3473394548}, 0.3581724310)
			nn.Train(g)
			zootest.EqualsVector(t, g.Forward(z, nil), 0.4005082337, []float64{0.4186207443, 0.4095276055, 0.3925042807}, 0.3273626044)
			nn.Eval(d)
			zootest.EqualsVector(t, d.Forward(x, nil), 570.9980253054, []float64{569.5113396483, 577.1305146938, 560.7936508684}, 576.5565960109)
			nn.Train(d)
			zootest.EqualsVector(t, d.Forward(x, nil), -58.6214469412, []float64{-58.6214903935, -58.6214278711, -58.6213640573}, -58.6215054431)
			zootest.EqualsVector(t, d.Forward(x, nil), -58.6214392347, []float64{-58.6214813765, -58.6214206847, -58.6213589393}, -58.6214959382)
		})
	})
}

func TestParameterCountsAreTheReferences(t *testing.T) {
	torchtest.Native(t)
	torch.SkipInit(func() {
		infomax64 := Presets["ssgan"]
		infomax64.Size = 64
		for _, test := range []struct {
			name string
			c    Config
			g, d int
		}{
			{"paper", Presets["paper"], 4276739, 1053824},
			{"paper64", Presets["paper64"], 12220675, 10141441}, // the official program has it with classes only, see zoo/cgan
			{"cnn", Presets["cnn"], 3828739, 5860865},
			{"mimicry", Presets["mimicry"], 4276739, 1053825},
			{"mimicry48", Presets["mimicry48"], 4878083, 10141441},
			{"mimicry64", Presets["mimicry64"], 12220675, 10141441},
			{"mimicry128", Presets["mimicry128"], 32150787, 29017857},
			{"ssgan", Presets["ssgan"], 4276739, 1054341},
			{"ssgan at 64 pixels", infomax64, 12220675, 10145541},
			{"infomax", Presets["infomax"], 4276739, 1615233},
		} {
			m, err := New(test.c)
			require.NoError(t, err)
			require.Equal(t, test.g, nn.NumParameters(m.G), test.name)
			require.Equal(t, test.d, nn.NumParameters(m.D), test.name)
		}
	})
}

func TestTheOfficialNamesAreThoseOfMimicry(t *testing.T) {
	torchtest.Native(t)
	names := func(net string) string {
		m, err := New(Config{Net: net, Width: 4, DWidth: 4})
		require.NoError(t, err)
		var all []string
		for _, n := range m.Parts().Networks {
			for _, e := range nn.StateDict(n.Module) {
				all = append(all, e.Name)
			}
		}
		return strings.Join(all, " ")
	}
	require.Equal(t, names("mimicry"), strings.Replace(names("official"), "l5.weight_orig", "l5.bias l5.weight_orig", 1))
}
