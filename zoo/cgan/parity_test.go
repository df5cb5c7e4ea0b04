package cgan

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
	"github.com/forgergan/forger/zoo/internal/snresnet"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

var mimicryHeads = snresnet.Heads{Rule: func(l nn.Weighted) { gan.SpectralNormMimicry(l) }}

// The numbers are those of kwotsin/mimicry at commit a7fda06.
func TestParity(t *testing.T) {
	parity.Run(t, "mimicry/*cganpd*", func(t *testing.T, c *parity.Case) {
		o := snresnet.Options{
			Plan: "32", Channels: 3, Latent: c.Int("nz", 128), Width: c.Int("ngf", 8), DWidth: c.Int("ndf", 8),
			Classes: c.Int("num_classes", 0), Mimicry: true,
		}
		switch c.Meta.Class {
		case "CGANPDGenerator32":
			g := snresnet.NewGenerator(o)
			c.Load(g, "")
			c.CheckNetwork(g, parity.State{"out": g.Forward(c.Inputs["x"].SetRequiresGrad(true), c.Inputs["y"])})
		case "CGANPDDiscriminator32":
			d := snresnet.NewDiscriminator(o, mimicryHeads)
			c.Load(d, "")
			c.CheckNetwork(d, parity.State{"out": d.Forward(c.Inputs["x"].SetRequiresGrad(true), c.Inputs["y"])})
		case "cGAN-PD train_step":
			checkTrace(t, c)
		default:
			require.Fail(t, "a case of an unknown class", c.Meta.Class)
		}
	})
}

// checkTrace makes the recorded steps with the recorded latents and classes.
func checkTrace(t *testing.T, c *parity.Case) {
	m, err := New(Config{
		Net: "mimicry", Latent: c.Int("nz", 0), Width: c.Int("ngf", 0), DWidth: c.Int("ndf", 0), Critic: c.Int("n_dis", 0),
		Classes: c.Int("num_classes", 0), GenBatch: 1, Decay: new(0),
	})
	require.NoError(t, err)
	c.Load(m.G, "G.")
	c.Load(m.D, "D.")
	latents, batches := 0, 0
	next := func() (z, y *torch.Tensor) {
		latents++
		return c.Inputs[fmt.Sprintf("z%d", latents-1)], c.Inputs[fmt.Sprintf("y%d", latents-1)]
	}
	for step := 0; c.Outputs[fmt.Sprintf("step%d.d0.errD", step)] != nil; step++ {
		var prefix string
		var batch *train.Batch
		for k := range m.config.Critic {
			batch = train.NewBatch(map[string]*torch.Tensor{
				"image": c.Inputs[fmt.Sprintf("x%d", batches)], "label": c.Inputs[fmt.Sprintf("yr%d", batches)],
			})
			batches++
			z, y := next()
			metrics, real, judged := m.discriminatorStep(batch, z, y)
			prefix = fmt.Sprintf("step%d.d%d.", step, k)
			c.Check(prefix+"errD", metrics.Losses[0].Value)
			c.Check(prefix+"D(x)", real.Sigmoid().Mean())
			c.Check(prefix+"D(G(z))", judged.Sigmoid().Mean())
		}
		z, y := next()
		c.Check(prefix+"errG", m.generatorStep(batch, z, y)[0].Value)
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
		o := snresnet.Options{Plan: "32", Channels: 3, Latent: 128, Classes: 10, Mimicry: true}
		torch.NoGrad(func() {
			g, d := snresnet.NewGenerator(o), snresnet.NewDiscriminator(o, mimicryHeads)
			zootest.Fill(g)
			zootest.Fill(d)
			z, x := zootest.Wave(1, 0.11, 0, 4, 128), zootest.Wave(0.9, 0.013, 0, 4, 3, 32, 32)
			y := torch.FromSlice([]int64{0, 1, 2, 3})
			nn.Eval(g)
			zootest.EqualsVector(t, g.Forward(z, y), 0.5029561742, []float64{0.4593411001, 0.4394183475, 0.4395089510}, 0.4020365098)
			nn.Train(g)
			zootest.EqualsVector(t, g.Forward(z, y), 0.5011637485, []float64{0.4878891627, 0.4778652907, 0.4766042019}, 0.4959429361)
			nn.Eval(d)
			zootest.EqualsVector(t, d.Forward(x, y), 54.2206546286, []float64{148.9213224458, -44.2309122340, 120.9989184601}, -8.8067101574)
			nn.Train(d)
			zootest.EqualsVector(t, d.Forward(x, y), 48.6142424827, []float64{82.7546005987, 12.5998841989, 80.1336727729}, 18.9688123603)
			zootest.EqualsVector(t, d.Forward(x, y), 48.5942437241, []float64{82.1174620428, 13.2309080236, 79.5439024413}, 19.4847023887)
		})
	})
}

func TestParameterCountsAreTheReferences(t *testing.T) {
	torchtest.Native(t)
	torch.SkipInit(func() {
		hundred, dogs64 := Presets["mimicry"], Presets["paper64"]
		hundred.Classes, dogs64.Classes = 100, 143
		for _, test := range []struct {
			name string
			c    Config
			g, d int
		}{
			{"paper", Presets["paper"], 4304387, 1055104},
			{"paper64", Presets["paper64"], 17974915, 11165441},
			{"paper64 for dogs and cats", dogs64, 13038595, 10287873},
			{"paper128", Presets["paper128"], 41996931, 30041857},
			{"concat128", Presets["concat128"], 41996931, 30538625}, // D by hand
			{"dogcat128", Presets["dogcat128"], 10606339, 8574977},
			{"mimicry", Presets["mimicry"], 4304387, 1055105},
			{"mimicry, 100 classes", hundred, 4580867, 1066625},
			{"mimicry128", Presets["mimicry128"], 41996931, 30041857},
			{"mnist-2014", Presets["mnist-2014"], 2413984, 1224351}, // by hand
		} {
			m, err := New(test.c)
			require.NoError(t, err)
			require.Equal(t, test.g, nn.NumParameters(m.G), test.name)
			require.Equal(t, test.d, nn.NumParameters(m.D), test.name)
		}
	})
}
