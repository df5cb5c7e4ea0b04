package rgan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
	"github.com/forgergan/forger/zoo/internal/resnet32"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// The numbers are those of takuhirok/rGAN at commit 6f7a092. Cases of networks are zoo/internal/resnet32's.
func TestParity(t *testing.T) {
	parity.Run(t, "rgan/[nt]*", func(t *testing.T, c *parity.Case) {
		switch c.Meta.Class {
		case "CIFAR10NoisyLabels.T, util.noise2clean, util.clean2noise":
			checkMatrices(t, c)
		case "rACGANTrainer", "rcGANTrainer":
			checkTrace(t, c)
		default:
			require.Fail(t, "a case of an unknown class", c.Meta.Class)
		}
	})
}

// cifar10 is what the noise needs to know of CIFAR-10.
type cifar10 struct{ data.Labelled }

func (cifar10) Name() string { return "cifar10" }

func (cifar10) Classes() []string {
	return strings.Fields("airplane automobile bird cat deer dog frog horse ship truck")
}

// checkMatrices compares what a model is told of labels with the official matrices.
func checkMatrices(t *testing.T, c *parity.Case) {
	for _, noise := range []string{"symmetric:0.5", "asymmetric:0.3"} {
		m, err := New(Config{Width: 1, DWidth: 1, Latent: 1, Transition: noise})
		require.NoError(t, err)
		require.NoError(t, m.Inform(cifar10{}))
		name := strings.Replace(noise, ":", ".", 1)
		c.Check("T."+name, m.transition)
		c.Check("clean2noise_probs."+name, m.transition)
		c.Check("noise2clean_probs."+name, m.clean)
		if noise == "asymmetric:0.3" {
			logits := c.Inputs["logits"].SetRequiresGrad(true)
			loss := gan.ClassLoss(logits, c.Inputs["labels"], m.transition)
			c.Check("corrected_loss", loss)
			loss.Backward()
			c.Check("grad.input.logits", logits.Grad())
		}
	}
}

// checkTrace makes the recorded updates with the recorded draws, in the official order: G's come first there, but for the
// first update, and second in a step here.
func checkTrace(t *testing.T, c *parity.Case) {
	m, err := New(traced(t, c))
	require.NoError(t, err)
	c.Load(m.G, "G.")
	c.Load(m.D, "D.")
	m.transition = c.Inputs["T"]
	conditions, passes := 0, 0
	if c.Inputs["mask0"] != nil {
		m.D.Body.(*resnet32.Body).Dropout = func(h *torch.Tensor, p float64) *torch.Tensor {
			passes++
			return h.Mul(c.Inputs[fmt.Sprintf("mask%d", passes-1)]).DivScalar(1 - p)
		}
	}
	next := func() draws {
		k := conditions
		conditions++
		return draws{z: c.Inputs[fmt.Sprintf("z%d", k)], clean: c.Inputs[fmt.Sprintf("clean%d", k)]}
	}
	check := func(prefix string, losses []train.Value, names map[string]string) (sum *torch.Tensor) {
		for _, loss := range losses {
			c.Check(prefix+names[loss.Name], loss.Value)
			if sum == nil {
				sum = loss.Value
			} else {
				sum = sum.Add(loss.Value)
			}
		}
		return sum
	}
	updates, batches := c.Int("updates", 0), 0
	for update := range updates {
		var batch *train.Batch
		var losses []train.Value
		for range m.config.Critic {
			batch = train.NewBatch(map[string]*torch.Tensor{
				"image": c.Inputs[fmt.Sprintf("x%d", batches)], "label": c.Inputs[fmt.Sprintf("y%d", batches)],
			})
			d := next()
			d.alpha = c.Inputs[fmt.Sprintf("alpha%d", batches)]
			losses = m.discriminatorStep(batch, asIs, d)
			batches++
		}
		prefix := fmt.Sprintf("update%d.D/", update)
		c.Check(prefix+"loss", check(prefix, losses, map[string]string{
			"D": "loss_adv", "D/class": "loss_cls", "D/penalty": "loss_gp", "D/consistency": "loss_ct",
		}))
		if update+1 < updates {
			losses = m.generatorStep(batch, next())
			check(fmt.Sprintf("update%d.G/", update+1), losses, map[string]string{"G": "loss_fake", "G/class": "loss_cls"})
		}
		for _, s := range m.decay {
			s.Scheduler.Step()
		}
	}
	for _, n := range m.Parts().Networks {
		for _, e := range nn.StateDict(n.Module) {
			c.Check("final."+n.Name+"."+e.Name, e.Tensor)
		}
	}
}

func asIs(x *torch.Tensor) *torch.Tensor { return x }

// traced are the settings of a trace: those that its constructor names, in Python's words.
func traced(t *testing.T, c *parity.Case) Config {
	var d, loss string
	var lambdas []float64
	c.Setting("D", &d)
	c.Setting("gan_loss", &loss)
	c.Setting("lambdas", &lambdas)
	config := Config{
		Size: 16, Classes: 4, Latent: 8, Width: 8, DWidth: 8, Loss: loss, Lambda: new(lambdas[0]), Consistency: lambdas[1],
		Spectral: strings.Contains(d, "spectral_norm=True"), Dropout: strings.Contains(d, "dropout=True"),
		Critic: c.Int("num_critic", 0), GenBatch: c.Int("g_bs_multiple", 0), Decay: new(100),
	}
	if strings.Contains(d, "pooling=sum") {
		config.Pool = "sum"
	}
	if strings.HasPrefix(d, "Projection") {
		config.D = "projection"
	} else {
		config.ClassG, config.ClassD = new(lambdas[2]), new(lambdas[3])
	}
	return config
}
