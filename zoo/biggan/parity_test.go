package biggan

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/internal/zootest"
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
			g, err := NewGenerator(settings(t, c.Meta.Constructor, ofGenerator))
			require.NoError(t, err)
			c.Load(g, "")
			checkOrder(t, c, "", g)
			c.CheckNetwork(g, parity.State{"out": g.Forward(recorded(c, "z"), c.Inputs["y"])})
		case "Discriminator":
			d, err := NewDiscriminator(settings(t, c.Meta.Constructor, ofDiscriminator))
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

// settings are those of a network of the program, whose defaults differ. Self-attention at a resolution that the network
// lacks is none.
func settings(t *testing.T, constructor map[string]json.RawMessage, network func(Config) stages) Config {
	t.Helper()
	c, attention, shared := Config{Classes: 1000, Width: 64, DWidth: 64}, "64", true
	for name, to := range map[string]any{
		"resolution": &c.Size, "n_classes": &c.Classes, "dim_z": &c.Latent, "G_ch": &c.Width, "D_ch": &c.DWidth,
		"G_shared": &shared, "shared_dim": &c.Shared, "hier": &c.Hierarchical, "mybn": &c.OwnBN, "SN_eps": &c.SNEps,
		"G_attn": &attention, "D_attn": &attention,
	} {
		if raw, ok := constructor[name]; ok {
			require.NoError(t, json.Unmarshal(raw, to), name)
		}
	}
	switch {
	case !shared:
		c.Shared = 0
	case c.Shared == 0:
		c.Shared = 128 // z's, of which the program's default is 128
		if c.Latent > 0 {
			c.Shared = c.Latent
		}
	}
	for depth := range map[string]bool{"G_depth": true, "D_depth": true} {
		if raw, ok := constructor[depth]; ok {
			require.NoError(t, json.Unmarshal(raw, &c.Depth))
			c.Deep, c.Hierarchical = true, false
		}
	}
	var err error
	c.Attention, err = strconv.Atoi(attention)
	require.NoError(t, err)
	if !slices.Contains(network(c).resolutions, c.Attention) {
		c.Attention = 0
	}
	return c
}

func ofGenerator(c Config) stages     { return generatorStages[c.Size] }
func ofDiscriminator(c Config) stages { return c.discriminator().stages }

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
	config := settings(t, both, ofGenerator)
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

// The numbers are those of the program in float64 with weights that follow from their place in the state alone.
func TestTheNetworksGiveTheProgramsNumbersInFloat64(t *testing.T) {
	torchtest.Native(t)
	large := Config{
		Size: 128, Width: 8, DWidth: 8, Latent: 120, Shared: 128, Hierarchical: true, Attention: 64, SNEps: 1e-6,
	}
	deep := Config{Size: 128, Deep: true, Width: 16, DWidth: 16, Shared: 128, Attention: 64, SNEps: 1e-6}
	type numbers struct {
		mean  float64
		first []float64
		last  float64
	}
	for name, test := range map[string]struct {
		config             Config
		parametersG        int
		evalG, trainG      numbers
		parametersD        int
		evalD, secondTrain numbers // D's first pass in training gives the numbers of evaluation
	}{
		"CIFAR-10": {
			Config{}, 4304387,
			numbers{0.5223822688, []float64{0.5357217592, 0.5472910420, 0.5472902079}, 0.4775522313},
			numbers{0.5223106585, []float64{0.5226259503, 0.5218443918, 0.5215554025}, 0.4888386111},
			4207361,
			numbers{15.9969621381, []float64{-5.6622625512, 7.5273710972, 23.4647282672}, 38.6580117390},
			numbers{16.0399516564, []float64{-5.3915715502, 7.6594200474, 23.4292253670}, 38.4627327615},
		},
		"128 pixels": {
			large, 696980,
			numbers{0.2962088299, []float64{0.2386983066, 0.1956694200, 0.2010932242}, 0.3146479904},
			numbers{0.2919652079, []float64{0.2500867567, 0.1810766059, 0.1597789821}, 0.3329097470},
			602858,
			numbers{-0.9352917230, []float64{-2.6915143426, 0.9099881291, -2.2997156403}, 0.3400749618},
			numbers{-0.9330802917, []float64{-2.6700636207, 0.8919772448, -2.2823913480}, 0.3281565572},
		},
		"deep": {
			deep, 2861940,
			numbers{0.4775088191, []float64{0.7842123055, 0.8181618118, 0.8181791274}, 0.1471478538},
			numbers{0.4349261520, []float64{0.9228858670, 0.9696660040, 0.9689595770}, 0.8368573629},
			514114,
			numbers{9.7566469423, []float64{10.7060233235, 10.6657056547, 9.6848387188}, 7.9700200723},
			numbers{9.6525398642, []float64{10.6186544050, 10.5585374071, 9.5704220474}, 7.8625455972},
		},
	} {
		t.Run(name, func(t *testing.T) {
			torch.Scope(func() {
				test.config.WeightInit = "N02" // quicker to draw, and not used
				m, err := New(test.config)
				require.NoError(t, err)
				require.Equal(t, test.parametersG, nn.NumParameters(m.G))
				require.Equal(t, test.parametersD, nn.NumParameters(m.D))
				zootest.Fill(m.G)
				zootest.Fill(m.D)
				size := m.config.Size
				z, x := zootest.Wave(1, 0.11, 0, 4, m.config.Latent), zootest.Wave(0.9, 0.013, 0, 4, 3, size, size)
				y := torch.FromSlice([]int64{0, 1, 2, 3})
				equals := func(x *torch.Tensor, n numbers) { zootest.EqualsVector(t, x, n.mean, n.first, n.last) }
				torch.NoGrad(func() {
					nn.Eval(m.G)
					equals(m.G.Forward(z, y), test.evalG)
					nn.Train(m.G)
					equals(m.G.Forward(z, y), test.trainG)
					nn.Eval(m.D)
					equals(m.D.Forward(x, y), test.evalD)
					nn.Train(m.D)
					equals(m.D.Forward(x, y), test.evalD)
					equals(m.D.Forward(x, y), test.secondTrain)
				})
				if name == "CIFAR-10" {
					gan.Orthogonal(m.regular).MulScalar(1e-4).Backward()
					grad := m.G.Blocks[0].Block.(*gan.BigGANGBlock).Conv1.Weight.Grad().View(-1)
					require.InDelta(t, 0.0005291781, math.Sqrt(grad.Square().Mean().Item()), 1e-10)
					for at, want := range map[int]float64{0: -0.0006639868, 1: -0.0004921629, 2: -0.0002537272, -1: -0.0003261575} {
						require.InDelta(t, want, grad.At(at).Item(), 1e-10, "gradient %d", at)
					}
				}
			})
		})
	}
}

func TestParameterCountsAreTheReferences(t *testing.T) {
	torchtest.Native(t)
	official := Presets["sagan128"]
	official.Attention = 32
	ch64 := Presets["bs256x8"]
	ch64.Width, ch64.DWidth = 64, 64
	for name, test := range map[string]struct {
		config Config
		g, d   int
	}{
		"launch_cifar_ema":           {Presets["launch_cifar_ema"], 4304387, 4207361},
		"bs256x8":                    {Presets["bs256x8"], 70433988, 87982370},
		"bs256x8 with 64 channels":   {ch64, 31978628, 39448258},
		"paper256":                   {Presets["paper256"], 82235844, 99225890},
		"deep":                       {Presets["deep"], 50244484, 34590210},
		"sagan128":                   {Presets["sagan128"], 42017412, 39448258},
		"the authors' SAGAN, at 32":  {official, 42078852, 39463618},
		"64 pixels, attention at 32": {Config{Size: 64, Classes: 1000, Latent: 100, Shared: 128, Hierarchical: true, Attention: 32}, 31866116, 20571842},
	} {
		t.Run(name, func(t *testing.T) {
			test.config.WeightInit = "N02" // quicker to draw, and as many
			torch.SkipInit(func() {
				g, err := NewGenerator(test.config)
				require.NoError(t, err)
				require.Equal(t, test.g, nn.NumParameters(g))
			})
			torch.SkipInit(func() {
				d, err := NewDiscriminator(test.config)
				require.NoError(t, err)
				require.Equal(t, test.d, nn.NumParameters(d))
			})
		})
	}
}
