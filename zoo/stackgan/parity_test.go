package stackgan

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

// recorded are the settings of a case.
func recorded(t *testing.T, c *parity.Case, stage int) Config {
	t.Helper()
	config, err := Config{
		Stage: stage, Flavour: "pt", Text: c.Int("TEXT_DIMENSION", 0), Condition: c.Int("CONDITION_DIM", 0), Latent: c.Int("Z_DIM", 0),
		Width: c.Int("GF_DIM", 0), DWidth: c.Int("DF_DIM", 0), Blocks: c.Int("R_NUM", 0), Halve: new(0),
	}.withDefaults()
	require.NoError(t, err)
	return config
}

// The numbers are those of hanzhanggit/StackGAN-Pytorch at commit e72ef88.
func TestParity(t *testing.T) {
	parity.Run(t, "stackgan", func(t *testing.T, c *parity.Case) {
		in := c.Inputs
		switch class := c.Meta.Class; class {
		case "CA_NET":
			a := gan.NewConditioningAugmentation(c.Int("TEXT_DIMENSION", 0), c.Int("CONDITION_DIM", 0))
			c.Load(a, "")
			code, mu, logVar := a.Forward(in["text"].SetRequiresGrad(true), in["eps0"])
			c.CheckNetwork(a, parity.State{"c_code": code, "mu": mu, "logvar": logVar})
		case "KL_loss":
			kl := gan.KLStandardNormal(in["mu"].SetRequiresGrad(true), in["logvar"].SetRequiresGrad(true), torch.Mean)
			c.Check("kl", kl)
			kl.Backward()
			c.Check("grad.input.mu", in["mu"].Grad())
			c.Check("grad.input.logvar", in["logvar"].Grad())
		case "STAGE1_G":
			g := NewStage1(recorded(t, c, 1))
			c.Load(g, "")
			out := g.Generate(in["text"].SetRequiresGrad(true), Noise{Z: in["noise"].SetRequiresGrad(true), First: in["eps0"]})
			c.CheckNetwork(g, parity.State{"fake_img": out.Image, "mu": out.Mu, "logvar": out.LogVar})
		case "STAGE1_D":
			d := NewDiscriminator(recorded(t, c, 1))
			c.Load(d, "")
			h := d.Features(in["x"].SetRequiresGrad(true))
			c.CheckNetwork(d, parity.State{"embedding": h, "cond_prob": d.Matches(h, in["cond"].SetRequiresGrad(true)).Sigmoid()})
		case "STAGE2_G":
			checkStage2(c, NewStage2(recorded(t, c, 2)))
		case "STAGE2_D":
			checkDiscriminator2(c, NewDiscriminator(recorded(t, c, 2)))
		case "compute_discriminator_loss, compute_generator_loss, KL_loss in the order of trainer.train":
			checkTrace(t, c)
		default:
			require.Fail(t, "a case of an unknown class", class)
		}
	})
}

// every is each step-th element of a dimension.
func every(x *torch.Tensor, dim, step int) *torch.Tensor {
	return x.Slice(torch.SliceOptions{Dim: dim, Step: &step})
}

// checkStage2 compares what the case keeps of the pictures, and its own loss.
func checkStage2(c *parity.Case, g *Stage2) {
	in := c.Inputs
	c.Load(g, "")
	out := g.Generate(in["text"].SetRequiresGrad(true), Noise{Z: in["noise"], First: in["eps0"], Second: in["eps1"]})
	fake := out.Image
	c.Check("stage1_img", out.Sketch)
	c.Check("mu", out.Mu)
	c.Check("logvar", out.LogVar)
	c.Check("fake_every4", every(every(fake, 2, 4), 3, 4))
	c.Check("fake_crop", fake.Narrow(2, 100, 24).Narrow(3, 200, 24))
	c.Check("fake_sum", fake.SumDim([]int{2, 3}))
	c.Check("fake_sumsq", fake.Square().SumDim([]int{2, 3}))
	loss := fake.Square().Mean().Add(fake.Select(1, 0).Mean()).Sub(every(every(fake.Select(1, 2), 1, 2).Narrow(2, 1, 255), 2, 3).Mean().MulScalar(0.5)).
		Add(out.Mu.Sum()).Sub(out.LogVar.Mean())
	checkLoss(c, g, loss)
	c.Check("grad.input.text", in["text"].Grad())
}

func checkDiscriminator2(c *parity.Case, d *Discriminator) {
	c.Load(d, "")
	x := c.Inputs["x_u8"].ToDType(torch.Float32).DivScalar(127.5).SubScalar(1).SetRequiresGrad(true)
	h := d.Features(x)
	cond, uncond := d.Matches(h, c.Inputs["cond"].SetRequiresGrad(true)).Sigmoid(), d.Real(h).Sigmoid()
	c.Check("embedding", h)
	c.Check("cond_prob", cond)
	c.Check("uncond_prob", uncond)
	weighed := func(p *torch.Tensor, w ...float32) *torch.Tensor {
		return p.Mul(torch.FromSlice(w).ToDevice(c.Device())).Sum()
	}
	checkLoss(c, d, h.Square().Mean().Add(weighed(cond, 1, -2)).Add(weighed(uncond, -1.5, 0.5)))
	c.Check("grad.input.cond", c.Inputs["cond"].Grad())
	c.Check("grad.input.x_every8", every(every(x.Grad(), 2, 8), 3, 8))
}

// checkLoss compares the loss, its gradients and the statistics.
func checkLoss(c *parity.Case, net any, loss *torch.Tensor) {
	c.Check("loss", loss)
	loss.Backward()
	for _, e := range nn.StateDict(net) {
		if e.Buffer {
			c.Check("state."+e.Name, e.Tensor)
		} else if e.Tensor.RequiresGrad() {
			c.Check("grad."+e.Name, e.Tensor.Grad())
		}
	}
}

// checkTrace makes the recorded steps.
func checkTrace(t *testing.T, c *parity.Case) {
	m, err := New(recorded(t, c, 1))
	require.NoError(t, err)
	c.Load(m.G, "G.")
	c.Load(m.D, "D.")
	b := train.NewBatch(map[string]*torch.Tensor{"image": c.Inputs["x"], "text": c.Inputs["text"]})
	for step := range 2 {
		check := func(name string, got *torch.Tensor) { c.Check(fmt.Sprintf("step%d.%s", step, name), got) }
		draw := func(int) Noise {
			return Noise{Z: c.Inputs[fmt.Sprint("noise", step)], First: c.Inputs[fmt.Sprint("eps", step)]}
		}
		judged, made := m.discriminatorStep(b, draw)
		real, wrong, fake := judged.Losses[0].Value, judged.Losses[1].Value, judged.Losses[2].Value
		check("errD_real", real)
		check("errD_wrong", wrong)
		check("errD_fake", fake)
		check("errD", real.Add(wrong.Add(fake).MulScalar(0.5)))
		if c.Outputs["step0.fake"] != nil { // the repository's copy of the case is without, to be smaller
			check("fake", made[0].Image)
		}
		generated := m.generatorStep(b, made, draw)
		check("errG", generated.Losses[0].Value)
		check("kl", generated.Losses[1].Value)
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
			name    string
			c       Config
			g, held int // held: of them Stage I
			d       int
		}{
			{"birds", Presets["birds"], 14264192, 0, 4029824},
			{"birds, Stage II", Presets["birds-stage2"], 14264192 + 26290080, 14264192, 48603520},
			{"COCO", Presets["coco"], 20020832, 0, 12407425},
			{"COCO, Stage II", Presets["coco-stage2"], 57151312, 20020832, 159889538},
			{"defaults of pt", Config{Flavour: "pt"}, 10301248, 0, 5715713},
			{"defaults of pt, Stage II", Config{Flavour: "pt", Stage: 2}, 36591328, 10301248, 71269122},
		} {
			m, err := New(test.c)
			require.NoError(t, err, test.name)
			require.Equal(t, test.g, nn.NumParameters(m.G), test.name)
			require.Equal(t, test.d, nn.NumParameters(m.D), test.name)
			learnt := 0
			for _, p := range m.optG.Params() {
				learnt += p.Numel()
			}
			require.Equal(t, test.g-test.held, learnt, test.name)
		}
	})
}
