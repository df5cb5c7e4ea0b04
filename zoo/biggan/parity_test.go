package biggan

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// The numbers are those of ajbrock/BigGAN-PyTorch at commit 9845943. The losses and the orthogonal regularisation are
// compared in package gan.
func TestParity(t *testing.T) {
	parity.Run(t, "biggan/[dgt]*", func(t *testing.T, c *parity.Case) {
		switch c.Meta.Class {
		case "Generator":
			g, err := NewGenerator(settings(t, c.Meta.Constructor))
			require.NoError(t, err)
			c.Load(g, "")
			checkOrder(t, c, "", g)
			c.CheckNetwork(g, parity.State{"out": g.Forward(recorded(c, "z"), c.Inputs["y"])})
		case "Discriminator":
			d, err := NewDiscriminator(settings(t, c.Meta.Constructor))
			require.NoError(t, err)
			c.Load(d, "")
			checkOrder(t, c, "", d)
			c.CheckNetwork(d, parity.State{"out": d.Forward(recorded(c, "x"), c.Inputs["y"])})
		case "train_fns.GAN_training_function":
			checkTrace(t, c)
		default:
			require.Fail(t, "a case of an unknown class", c.Meta.Class)
		}
	})
}

// settings are those of a network of the program.
func settings(t *testing.T, constructor map[string]json.RawMessage) Config {
	t.Helper()
	var c Config
	var attention string
	for name, to := range map[string]any{
		"resolution": &c.Size, "n_classes": &c.Classes, "dim_z": &c.Latent, "G_ch": &c.Width, "D_ch": &c.DWidth,
		"hier": &c.Hierarchical, "mybn": &c.OwnBN, "SN_eps": &c.SNEps, "G_attn": &attention, "D_attn": &attention,
	} {
		if raw, ok := constructor[name]; ok {
			require.NoError(t, json.Unmarshal(raw, to), name)
		}
	}
	if string(constructor["G_shared"]) == "true" {
		require.NoError(t, json.Unmarshal(constructor["shared_dim"], &c.Shared))
	}
	if attention != "" {
		var err error
		c.Attention, err = strconv.Atoi(attention)
		require.NoError(t, err)
	}
	if c.Width == 0 { // of the network that the case is not about
		c.Width = 4
	}
	if c.DWidth == 0 {
		c.DWidth = 8
	}
	return c
}

func recorded(c *parity.Case, name string) *torch.Tensor {
	return c.Inputs[name].SetRequiresGrad(c.Outputs["grad.input."+name] != nil)
}

// checkOrder compares the names of a state, and their order, with those of the program.
func checkOrder(t *testing.T, c *parity.Case, prefix string, network any) {
	t.Helper()
	var want, got []string
	for _, key := range c.Meta.KeyOrder {
		if name, ok := strings.CutPrefix(key, prefix); ok {
			want = append(want, name)
		}
	}
	for _, e := range nn.StateDict(network) {
		got = append(got, e.Name)
	}
	require.Equal(t, want, got)
}

// checkTrace makes the recorded steps with the recorded latents and classes, and the average after each.
func checkTrace(t *testing.T, c *parity.Case) {
	both := map[string]json.RawMessage{}
	for _, name := range []string{"G", "D"} {
		var of map[string]json.RawMessage
		c.Setting(name, &of)
		for key, value := range of {
			both[key] = value
		}
	}
	config := settings(t, both)
	var decay float64
	for name, to := range map[string]any{
		"G_lr": &config.LR, "D_lr": &config.DLR, "adam_eps": &config.AdamEps, "num_D_steps": &config.DSteps,
		"G_ortho": &config.Ortho, "ema_start": &config.AverageFrom, "ema_decay": &decay,
	} {
		c.Setting(name, to)
	}
	m, err := New(config)
	require.NoError(t, err)
	c.Load(m.G, "G.")
	c.Load(m.D, "D.")
	checkOrder(t, c, "G.", m.G)
	checkOrder(t, c, "D.", m.D)

	var weights, buffers []*torch.Tensor
	var names, namesOfBuffers []string
	for _, e := range nn.StateDict(m.G) {
		if e.Buffer {
			buffers, namesOfBuffers = append(buffers, e.Tensor), append(namesOfBuffers, e.Name)
		} else {
			weights, names = append(weights, e.Tensor), append(names, e.Name)
		}
	}
	average := optim.NewEMA(weights, optim.Constant(decay), optim.EMAOptions{
		Buffers: buffers, AverageBuffers: m.Parts().AverageBuffers,
	})
	draws := 0
	next := func(int) (z, y *torch.Tensor) {
		k := strconv.Itoa(draws)
		draws++
		return c.Inputs["z"+k], c.Inputs["y"+k]
	}
	size := c.Int("batch_size", 0)
	for step := 0; c.Outputs[fmt.Sprintf("step%d.G_loss", step)] != nil; step++ {
		x, y := c.Inputs[fmt.Sprintf("x%d", step)].Split(size), c.Inputs[fmt.Sprintf("yr%d", step)].Split(size)
		var b *train.Batch
		for k := range x {
			further := train.NewBatch(map[string]*torch.Tensor{"image": x[k], "label": y[k]})
			if b == nil {
				b = further
			} else {
				b.More = append(b.More, further)
			}
		}
		metrics := m.update(b, next)
		average.Update()
		for name, key := range map[string]string{"D/real": "D_loss_real", "D/fake": "D_loss_fake", "G": "G_loss"} {
			for _, v := range metrics.Losses {
				if v.Name == name {
					c.Check(fmt.Sprintf("step%d.%s", step, key), v.Value)
				}
			}
		}
	}
	for _, n := range m.Parts().Networks {
		for _, e := range nn.StateDict(n.Module) {
			c.Check("final."+n.Name+"."+e.Name, e.Tensor)
		}
	}
	for i, name := range append(names, namesOfBuffers...) {
		c.Check("final.EMA."+name, average.Tensors()[i])
	}
}
