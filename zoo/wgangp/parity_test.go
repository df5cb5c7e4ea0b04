package wgangp

import (
	"fmt"
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

// The numbers are those of kwotsin/mimicry at commit a7fda06.
func TestParity(t *testing.T) {
	parity.Run(t, "mimicry/*wgangp*", func(t *testing.T, c *parity.Case) {
		config, err := Config{
			Net: "mimicry", Latent: c.Int("nz", 128), Width: c.Int("ngf", 8), CriticWidth: c.Int("ndf", 8), GenBatch: 1,
			Critic: c.Int("n_dis", 5), Decay: new(0),
		}.withDefaults()
		require.NoError(t, err)
		switch c.Meta.Class {
		case "WGANGPDiscriminator32":
			d := NewCritic32(config)
			c.Load(d, "")
			c.CheckNetwork(d, parity.State{"out": d.Forward(c.Inputs["x"].SetRequiresGrad(true))})
		case "WGANGPBaseDiscriminator.compute_gradient_penalty_loss":
			checkPenalty(t, c, config)
		case "WGANGP train_step":
			checkTrace(t, c, config)
		default:
			require.Fail(t, "a case of an unknown class", c.Meta.Class)
		}
	})
}

// checkPenalty differentiates the penalty, and the whole loss, by the parameters.
func checkPenalty(t *testing.T, c *parity.Case, config Config) {
	d := NewCritic32(config)
	c.Load(d, "")
	real, fake := c.Inputs["real"], c.Inputs["fake"]
	penalty := gan.GradientPenalty(d.Forward, real, fake, gan.GradientPenaltyOptions{Alpha: c.Inputs["alpha"]}).MulScalar(10)
	errD := gan.Wasserstein.Discriminator(d.Forward(real), d.Forward(fake))
	total := errD.Add(penalty)
	c.Check("gp", penalty)
	c.Check("errD", errD)
	c.Check("total", total)
	for prefix, loss := range map[string]*torch.Tensor{"grad.gp.": penalty, "grad.total.": total} {
		torch.ClearGrads(nn.Parameters(d))
		loss.Backward(torch.BackwardOptions{RetainGraph: true})
		for _, e := range nn.StateDict(d) {
			if c.Outputs[prefix+e.Name] != nil {
				c.Check(prefix+e.Name, e.Tensor.Grad())
			}
		}
	}
}

// checkTrace makes the recorded steps with the recorded latents and mixtures.
func checkTrace(t *testing.T, c *parity.Case, config Config) {
	m, err := New(config)
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
		for k := range config.Critic {
			batch = train.NewBatch(map[string]*torch.Tensor{"image": c.Inputs[fmt.Sprintf("x%d", batches)]})
			metrics, real, judged := m.criticStep(batch, next(), c.Inputs[fmt.Sprintf("alpha%d", batches)])
			batches++
			prefix = fmt.Sprintf("step%d.d%d.", step, k)
			c.Check(prefix+"errD", metrics.Losses[0].Value)
			c.Check(prefix+"D(x)", real.Sigmoid().Mean()) // mimicry logs probabilities, even of a critic
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

func TestParameterCountsAreTheReferences(t *testing.T) {
	torchtest.Native(t)
	torch.SkipInit(func() {
		for _, test := range []struct {
			preset string
			g, d   int
		}{
			{"paper", 1204483, 1053825},   // gan_cifar_resnet.py without labels
			{"paper64", 8540483, 7491841}, // gan_64x64.py
			{"mimicry", 4276739, 1053825},
			{"cifar10", 4276739, 1053825},
			{"cifar10-cnn", 3584003, 5860865}, // by hand
		} {
			m, err := New(Presets[test.preset])
			require.NoError(t, err)
			require.Equal(t, test.g, nn.NumParameters(m.G), test.preset)
			require.Equal(t, test.d, nn.NumParameters(m.D), test.preset)
		}
	})
}

var _ train.Model = (*Model)(nil)
