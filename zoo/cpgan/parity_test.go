package cpgan

import (
	"encoding/json"
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// The numbers are those of takuhirok/CP-GAN at commit 7213158. Cases of networks alone are those of zoo/internal/resnet32.
func TestParity(t *testing.T) {
	parity.Run(t, "cpgan/[kt]*", func(t *testing.T, c *parity.Case) {
		switch c.Meta.Class {
		case "util.kl_divergence":
			logits := c.Inputs["logits"].SetRequiresGrad(true)
			loss := gan.PosteriorLoss(logits, c.Inputs["target"])
			loss.Backward()
			c.Check("kl", loss)
			c.Check("grad.input.logits", logits.Grad())
			c.Check("kl_onehot", gan.PosteriorLoss(logits, c.Inputs["onehot"]))
		case "CPGANTrainer":
			checkTrace(t, c, "cpgan")
		case "ACGANTrainer":
			checkTrace(t, c, "acgan")
		default:
			require.Fail(t, "a case of an unknown class", c.Meta.Class)
		}
	})
}

// traced reads the settings of a recorded training.
func traced(t *testing.T, c *parity.Case, method string) Config {
	var g, d, loss string
	var lambdas []float64
	for name, to := range map[string]any{"G": &g, "D": &d, "gan_loss": &loss, "lambdas": &lambdas} {
		c.Setting(name, to)
	}
	argument := func(call, name string, to any) {
		found := regexp.MustCompile(name + `=(\w+)`).FindStringSubmatch(call)
		require.NotNil(t, found, "%s has no %s", call, name)
		text := map[string]string{"False": "false", "True": "true", "mean": `"mean"`, "sum": `"sum"`}[found[1]]
		if text == "" {
			text = found[1]
		}
		require.NoError(t, json.Unmarshal([]byte(text), to))
	}
	config := Config{Method: method, Loss: loss, NoDropout: true, Lambda: &lambdas[0], ClassG: lambdas[2], ClassD: lambdas[3], Decay: new(100)}
	var classes int
	argument(g, "num_classes", &classes)
	argument(g, "latent_dim", &config.Latent)
	argument(g, "channels", &config.Width)
	argument(g, "image_size", &config.Size)
	argument(d, "channels", &config.DWidth)
	argument(d, "spectral_norm", &config.Spectral)
	argument(d, "pooling", &config.Pool)
	config.Classes = fmt.Sprint(classes)
	config.Critic, config.GenBatch = c.Int("num_critic", 5), c.Int("g_bs_multiple", 2)
	return config
}

// checkTrace makes the recorded steps with the recorded latents.
func checkTrace(t *testing.T, c *parity.Case, method string) {
	m, err := New(traced(t, c, method))
	require.NoError(t, err)
	train.Move(m, c.Device(), torch.DefaultFormat)
	c.Load(m.G, "G.")
	c.Load(m.D, "D.")
	latents, batches := 0, 0
	for step := 0; c.Outputs[fmt.Sprintf("update%d.D/loss", step)] != nil; step++ {
		var of []prepared
		for range m.config.Critic {
			images, labels := c.Inputs[fmt.Sprintf("x%d", batches)], c.Inputs[fmt.Sprintf("y%d", batches)]
			of = append(of, prepared{train.NewBatch(map[string]*torch.Tensor{"image": images}), images, labels})
			batches++
		}
		metrics := m.update(of, func(int) *torch.Tensor {
			latents++
			return c.Inputs[fmt.Sprintf("z%d", latents-1)]
		}, nil)
		got := named(metrics)
		got["D/loss"] = got["D"].Add(got["D/class"])
		for ours, theirs := range map[string]string{
			"D": "D/loss_adv", "D/real": "D/loss_real", "D/fake": "D/loss_fake", "D/class": "D/loss_cls", "D/loss": "D/loss",
			"G": "G/loss_fake", "G/class": "G/loss_cls",
		} {
			if name := fmt.Sprintf("update%d.%s", step, theirs); c.Outputs[name] != nil {
				c.Check(name, got[ours])
			}
		}
		for _, s := range m.Parts().Schedules {
			s.Scheduler.Step()
		}
	}
	for _, n := range m.Parts().Networks {
		for _, e := range nn.StateDict(n.Module) {
			c.Check("final."+n.Name+"."+e.Name, e.Tensor)
		}
	}
}

func named(metrics train.Metrics) map[string]*torch.Tensor {
	out := map[string]*torch.Tensor{}
	for _, v := range append(metrics.Losses, metrics.Stats...) {
		out[v.Name] = v.Value
	}
	return out
}

// The numbers are those of the official program in float64. Losses agree to nine digits.
func TestThreeUpdatesWithAPenaltyGiveTheOfficialNumbers(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(Config{Classes: "5", Width: 16, DWidth: 16, NoDropout: true})
		require.NoError(t, err)
		zootest.Fill(m.G)
		zootest.Fill(m.D)
		drawn, batches := 0, 0
		latents := func(n int) *torch.Tensor {
			drawn++
			return zootest.Wave(1, 0.11, 0.5*float64(drawn), n, 128)
		}
		alpha := torch.Full([]int{4}, 0.3, torch.TensorOptions{DType: torch.Float64})
		for step, want := range []map[string]float64{
			{"D": -4.436776271, "D/class": 11.717510516, "D/penalty": 10227.804341498},
			{"D": 5.675501252, "D/class": 11.467029456, "D/penalty": 8047.392150729, "G": 55.584094950, "G/class": 2.718206921},
			{"D": 16.353732002, "D/class": 13.573359972, "D/penalty": 3779.857444267, "G": 16.453970764, "G/class": 6.467243515},
		} {
			var of []prepared
			for range 5 {
				images := zootest.Wave(0.9, 0.013, 0.7*float64(batches), 4, 3, 32, 32)
				labels := make([]int64, 4)
				for b := range labels {
					labels[b] = int64((b + batches) % 5)
				}
				of = append(of, prepared{train.NewBatch(map[string]*torch.Tensor{"image": images}), images, torch.FromSlice(labels)})
				batches++
			}
			got := named(m.update(of, latents, alpha))
			for name, value := range want {
				require.InEpsilon(t, value, got[name].Item(), 1e-9, "%s of update %d", name, step)
			}
			for _, s := range m.Parts().Schedules {
				s.Scheduler.Step()
			}
		}
		for name, value := range map[string]float64{"linear1.linear.weight": 0.0000721275, "conv5.conv.weight": 0.0804685179, "norm5.running_mean": 4.1971575907} {
			for _, e := range nn.StateDict(m.G) {
				if e.Name == name {
					require.InDelta(t, value, e.Tensor.Flatten().Narrow(0, 0, 1).Item(), 1e-8, name)
				}
			}
		}
	})
}

func TestTheDivergenceOfPosteriorsIsTheOfficialOne(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		logits, s := zootest.Wave(1, 1, 1.5707963267948966, 4, 5), zootest.Wave(1, 1, 0, 4, 5).Softmax(1)
		require.InDelta(t, 0.437738346780447, gan.PosteriorLoss(logits, s).Item(), 1e-14)
	})
}

func TestParameterCountsAreTheReferences(t *testing.T) {
	torchtest.Native(t)
	torch.SkipInit(func() {
		for _, test := range []struct {
			preset string
			g, d   int
		}{
			{"cifar10", 1218307, 1055115},
			{"cifar10to5", 1210627, 1054470},
			{"cifar7to3", 1207555, 1054212},
			{"cifar10to5-acgan", 1210627, 1054470},
		} {
			m, err := New(Presets[test.preset])
			require.NoError(t, err)
			require.Equal(t, test.g, nn.NumParameters(m.G), test.preset)
			require.Equal(t, test.d, nn.NumParameters(m.D), test.preset)
		}
	})
}

var _ train.Mixer = (*Model)(nil)
