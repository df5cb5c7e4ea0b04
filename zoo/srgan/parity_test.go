package srgan

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

// leftthomas is the program's settings. Its losses are of pictures in [0, 1], where squares are a quarter.
var leftthomas = Config{
	Net: "leftthomas", Blocks: thomasBlocks, Critic: "pool", Loss: "probability", Content: "vgg54", Pixel: 0.25, TV: 2e-8 / 4,
	LR: 1e-3, Drop: new(0), Crop: 32,
}

// The numbers are those of leftthomas/SRGAN at commit 7ddfdf2 and eriklindernoren/PyTorch-GAN at commit 36d3c77, with an
// eighth of their channels.
func TestParity(t *testing.T) {
	parity.Run(t, "srgan", func(t *testing.T, c *parity.Case) {
		config := leftthomas
		config.Width, config.DWidth = 8, 8
		switch class := c.Meta.Class; class {
		case "Generator":
			config.Scale = c.Int("scale_factor", 4)
			checkNetwork(c, NewLeftThomas(config), nil)
		case "GeneratorResNet":
			config.Scale, config.Blocks = 4, c.Int("n_residual_blocks", 16)
			checkNetwork(c, NewLinderNoren(config), nil)
		case "Discriminator":
			if c.Weights["net.0.weight"] != nil {
				checkNetwork(c, NewPooledDiscriminator(config), func(x *torch.Tensor) *torch.Tensor { return x.Sigmoid().View(-1) })
			} else {
				checkNetwork(c, NewPatchDiscriminator(config), nil)
			}
		case "GeneratorLoss, TVLoss":
			checkLoss(t, c, config)
		case "loop of train.py":
			checkTrace(t, c, config)
		default:
			require.Fail(t, "a case of an unknown class", class)
		}
	})
}

// checkNetwork compares outputs, after a last operation that the network leaves to the loss, gradients and statistics.
func checkNetwork(c *parity.Case, net nn.Layer, last func(x *torch.Tensor) *torch.Tensor) {
	c.Load(net, "")
	if c.Inputs["proj.out"] == nil {
		c.Inputs["proj.out"] = c.Inputs["proj"]
	}
	out := net.Forward(c.Inputs["x"].SetRequiresGrad(true))
	if last != nil {
		out = last(out)
	}
	c.CheckNetwork(net, parity.State{"out": out})
}

// standIn is the recorded network in place of VGG16: conv, ReLU, max pooling, conv, ReLU.
func standIn(weights parity.State, prefix string) gan.Taps {
	at := func(name string) *torch.Tensor { return weights[prefix+"loss_network."+name] }
	return taps(func(x *torch.Tensor) []*torch.Tensor {
		same := nn.Conv{Padding: 1}
		first, second := nn.NewConv2d(3, 4, 3, same), nn.NewConv2d(4, 6, 3, same)
		first.Weight, first.Bias, second.Weight, second.Bias = at("0.weight"), at("0.bias"), at("3.weight"), at("3.bias")
		h := nn.MaxPool2d{Size: 2}.Forward(first.Forward(unit(x)).ReLU())
		return []*torch.Tensor{second.Forward(h).ReLU()}
	})
}

type taps func(x *torch.Tensor) []*torch.Tensor

func (f taps) Taps(x *torch.Tensor) []*torch.Tensor { return f(x) }

// checkLoss compares the loss of the generator, with the recorded outputs of a discriminator.
func checkLoss(t *testing.T, c *parity.Case, config Config) {
	m, err := New(config)
	require.NoError(t, err)
	m.features = standIn(c.Weights, "")
	m.D = layer(func(*torch.Tensor) *torch.Tensor { return c.Inputs["d_fake"].Logit() })
	fake := c.Inputs["fake"].SetRequiresGrad(true)
	loss, terms := m.loss(signed(fake), signed(c.Inputs["real"]))
	for i, weight := range []float64{m.config.ContentWeight, 1, 0, 2e-8} {
		if name := []string{"perception", "mse", "", "tv"}[i]; name != "" {
			c.Check(name, terms[i].Value.DivScalar(weight))
		}
	}
	c.Check("loss", loss)
	loss.Backward()
	c.Check("grad.input.fake", fake.Grad())
}

type layer func(x *torch.Tensor) *torch.Tensor

func (f layer) Forward(x *torch.Tensor) *torch.Tensor { return f(x) }

// checkTrace makes the recorded steps. The program passes a batch through both networks once more before D's update, which
// shows in statistics alone.
func checkTrace(t *testing.T, c *parity.Case, config Config) {
	m, err := New(config)
	require.NoError(t, err)
	c.Load(m.G, "G.")
	c.Load(m.D, "D.")
	m.features = standIn(c.Weights, "P.")
	b := train.NewBatch(map[string]*torch.Tensor{"low": signed(c.Inputs["lr"]), "high": signed(c.Inputs["hr"])})
	for step := 0; c.Outputs[fmt.Sprintf("step%d.fake", step)] != nil; step++ {
		check := func(name string, got *torch.Tensor) { c.Check(fmt.Sprintf("step%d.%s", step, name), got) }
		metrics, fakes := m.generatorStep(b)
		check("fake", unit(fakes[0]))
		check("g_loss", metrics.Losses[0].Value)
		judged := m.discriminatorGradients(b, fakes)
		check("d_loss", judged.Losses[0].Value.Add(judged.Losses[1].Value))
		check("d_real", judged.Stats[0].Value)
		check("d_fake", judged.Stats[1].Value)
		torch.NoGrad(func() { check("d_fake_after_g", m.judge(m.G.Upscale(b.Tensor("low"))).Sigmoid().Mean()) })
		b.Step(m.optD)
	}
	for _, n := range m.Parts().Networks {
		for _, e := range nn.StateDict(n.Module) {
			c.Check("final."+n.Name+"."+e.Name, e.Tensor)
		}
	}
	for name, w := range c.Weights { // the features' network, which must not learn
		if strings.HasPrefix(name, "P.") {
			c.Check("final."+name, w)
		}
	}
}

func TestParameterCountsAreTheReferences(t *testing.T) {
	torchtest.Native(t)
	torch.SkipInit(func() {
		for _, test := range []struct {
			name string
			c    Config
			g, d int
		}{
			{"the paper, 4 times", Presets["paper"], 1547350, 23563649},
			{"the paper, twice", Presets["paper-x2"], 1547350 - 147713, 23563649},
			{"the paper, 8 times", Presets["paper-x8"], 1547350 + 147713, 23563649},
			{"leftthomas, 4 times", Config{Net: "leftthomas", Blocks: 5, Critic: "pool"}, 734219, 5215425},
			{"leftthomas, twice", Config{Net: "leftthomas", Blocks: 5, Critic: "pool", Scale: 2}, 586506, 5215425},
			{"leftthomas, 8 times", Config{Net: "leftthomas", Blocks: 5, Critic: "pool", Scale: 8}, 881932, 5215425},
			{"eriklindernoren", Config{Net: "eriklindernoren", Critic: "patch"}, 1550486, 4693697},
		} {
			m, err := New(test.c)
			require.NoError(t, err, test.name)
			require.Equal(t, test.g, nn.NumParameters(m.G), test.name)
			require.Equal(t, test.d, nn.NumParameters(m.D), test.name)
		}
	})
}
