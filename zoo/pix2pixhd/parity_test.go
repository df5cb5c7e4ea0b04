package pix2pixhd

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// The numbers are those of NVIDIA/pix2pixHD at commit 14b3b3c.
func TestParity(t *testing.T) {
	parity.Run(t, "pix2pixhd", func(t *testing.T, c *parity.Case) {
		switch c.Meta.Class {
		case "GlobalGenerator":
			for _, checkpoint := range []bool{false, true} {
				config := networkConfig(c)
				config.GradientCheckpointing = checkpoint
				checkGenerator(c, config)
			}
		case "LocalEnhancer":
			for _, checkpoint := range []bool{false, true} {
				config := networkConfig(c)
				config.Net, config.GradientCheckpointing = "local", checkpoint
				checkGenerator(c, config)
			}
		case "MultiscaleDiscriminator":
			checkDiscriminator(t, c)
		case "Encoder":
			checkEncoder(c)
		case "GANLoss":
			checkGame(c)
		case "Pix2PixHDModel.forward + the two optimizer steps of train.py":
			checkTrace(t, c)
		default:
			require.Fail(t, "a case of an unknown class", c.Meta.Class)
		}
	})
}

// networkConfig are the settings of a case of one network; those of a trace have other names.
func networkConfig(c *parity.Case) Config {
	config := Config{
		Width: c.Int("ngf", 64), Downs: c.Int("n_downsampling", c.Int("n_downsample_global", 3)),
		Blocks: c.Int("n_blocks", c.Int("n_blocks_global", 9)), Enhancers: c.Int("n_local_enhancers", 1), LocalBlocks: c.Int("n_blocks_local", 3),
	}
	c.Setting("norm", &config.Norm)
	return config
}

func checkGenerator(c *parity.Case, config Config) {
	g := NewGenerator(c.Int("input_nc", 0), config)
	c.Load(g, "")
	torch.ClearGrads([]*torch.Tensor{c.Inputs["x"]})
	c.CheckNetwork(g, parity.State{"out": g.Forward(c.Inputs["x"].SetRequiresGrad(true))})
}

func checkDiscriminator(t *testing.T, c *parity.Case) {
	features := false
	var norm translation.Norm
	c.Setting("getIntermFeat", &features)
	c.Setting("norm", &norm)
	d := translation.NewMultiscaleDiscriminator(c.Int("input_nc", 0), translation.Multiscale{
		Scales: c.Int("num_D", 2), Layers: c.Int("n_layers", 3), Width: c.Int("ndf", 64), Norm: norm, NoFeatures: !features,
	})
	requireKeys(t, c, d)
	c.Load(d, "")
	out := parity.State{}
	for scale, layers := range d.Forward(c.Inputs["x"].SetRequiresGrad(true)) {
		for layer, x := range layers {
			out[fmt.Sprintf("out.%d.%d", scale, layer)] = x
		}
	}
	c.CheckNetwork(d, out)
}

// requireKeys compares the names of a state, and their order, with the official ones.
func requireKeys(t *testing.T, c *parity.Case, module any) {
	var keys []string
	for _, e := range nn.StateDict(module) {
		keys = append(keys, e.Name)
	}
	require.Equal(t, c.Meta.KeyOrder, keys)
}

func checkEncoder(c *parity.Case) {
	config := Config{EncoderWidth: c.Int("ngf", 16), EncoderDowns: c.Int("n_downsampling", 4), FeatureChannels: c.Int("output_nc", 3)}
	c.Setting("norm", &config.Norm)
	e := NewEncoder(config)
	c.Load(e, "")
	x, inst := c.Inputs["x"].SetRequiresGrad(true), labelMap(c.Inputs["inst"])
	c.Check("before_pooling", e.Model.Forward(x))
	out := e.Forward(x, inst)
	c.Inputs["proj.out"] = c.Inputs["proj"]
	c.CheckNetwork(e, parity.State{"out": out})
}

// labelMap is a recorded map (N, 1, H, W) as the data give it.
func labelMap(x *torch.Tensor) *torch.Tensor { return x.SqueezeDim(1).ToDType(torch.Int64) }

func checkGame(c *parity.Case) {
	p := []*torch.Tensor{c.Inputs["p0"].SetRequiresGrad(true), c.Inputs["p1"]}
	for name, game := range map[string]gan.Loss{"lsgan": gan.LeastSquares(0, 1, 1), "bce": gan.NonSaturatingLogits} {
		real := gan.SumOver(game.Real, p)
		c.Check(name+".multi.real", real)
		c.Check(name+".multi.fake", gan.SumOver(game.Fake, p))
		if name == "lsgan" {
			real.Backward()
			c.Check("grad.p0", p[0].Grad())
		}
	}
}

// checkTrace makes the recorded steps.
func checkTrace(t *testing.T, c *parity.Case) {
	features := false
	c.Setting("instance_feat", &features)
	config := networkConfig(c)
	config.Size, config.Height, config.Classes = 32, 32, new(c.Int("label_nc", 0))
	config.DWidth, config.DLayers, config.Scales = c.Int("ndf", 64), c.Int("n_layers_D", 3), c.Int("num_D", 2)
	config.EncoderWidth, config.EncoderDowns = c.Int("nef", 16), c.Int("n_downsample_E", 4)
	c.Setting("lr", &config.LR)
	c.Setting("lambda_feat", &config.Lambda)
	if features {
		config.Features = "instance"
	}
	m, err := New(config)
	require.NoError(t, err)
	for _, n := range m.Parts().Networks {
		c.Load(n.Module, n.Name+".")
	}
	b := train.NewBatch(map[string]*torch.Tensor{
		"label": labelMap(c.Inputs["label"]), "instance": labelMap(c.Inputs["inst"]), "image": c.Inputs["image"],
	})
	c.Check("input_label", m.condition(b))
	for step := 0; c.Outputs[fmt.Sprintf("step%d.fake", step)] != nil; step++ {
		metrics, fakes := m.update(b)
		prefix := fmt.Sprintf("step%d.", step)
		c.Check(prefix+"fake", fakes[0])
		for _, name := range [][2]string{{"G/gan", "G_GAN"}, {"G/matching", "G_GAN_Feat"}, {"D/real", "D_real"}, {"D/fake", "D_fake"}} {
			i := slices.IndexFunc(metrics.Losses, func(v train.Value) bool { return v.Name == name[0] })
			c.Check(prefix+name[1], metrics.Losses[i].Value)
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
	for _, test := range []struct {
		name    string
		config  Config
		g, d, e int
	}{
		{"cityscapes", Presets["cityscapes"], 182546755, 5603202, 0},
		{"cityscapes-features", Presets["cityscapes-features"], 182556163, 5603202, 788803},
		{"cityscapes-2048", Presets["cityscapes-2048"], 182857059, 8404803, 0},
	} {
		torch.SkipInit(func() {
			m, err := New(test.config)
			require.NoError(t, err)
			require.Equal(t, test.g, nn.NumParameters(m.G), test.name)
			require.Equal(t, test.d, nn.NumParameters(m.D), test.name)
			if m.E != nil {
				require.Equal(t, test.e, nn.NumParameters(m.E), test.name)
			}
		})
	}
}
