package pix2pixhd

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint/pth"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// streets are pictures of a disc before a background: label 1, or 2 for every third, before 0. The disc is darker in every
// second item, which the label map does not tell.
type streets struct{ items, size int }

func (s streets) Name() string { return "streets" }
func (s streets) Len() int     { return s.items }

func (s streets) Fields() []data.Field {
	shape := []int{s.size, s.size}
	return []data.Field{
		{Name: "label", Shape: shape, Int64: true}, {Name: "instance", Shape: shape, Int64: true},
		{Name: "image", Shape: append([]int{3}, shape...)},
	}
}

func (s streets) Read(i int, rng *rand.Rand, row []data.Array) error {
	size := float64(s.size)
	x, y := size*(0.4+0.2*rng.Float64()), size*(0.4+0.2*rng.Float64())
	label := int64(1 + i%3/2)
	for k := range row[0].Int64 {
		colour := [3]float32{0.5, 0, -0.5}
		row[0].Int64[k], row[1].Int64[k] = 0, 0
		if math.Hypot(float64(k%s.size)-x, float64(k/s.size)-y) < size/4 {
			row[0].Int64[k], row[1].Int64[k] = label, 1000*label+int64(i)
			colour = [3]float32{-0.5, float32(label) - 1, 0.8 - float32(i%2)}
		}
		for c, v := range colour {
			row[2].Float32[c*s.size*s.size+k] = v
		}
	}
	return nil
}

// tiny is a system of 32 pixels.
var tiny = Config{
	Size: 32, Height: 32, Classes: new(3), Width: 4, Downs: 2, Blocks: 1, LocalBlocks: 1, DWidth: 4, DLayers: 2, LR: 0.002,
}

func with(change func(c *Config)) Config {
	c := tiny
	change(&c)
	return c
}

var variants = map[string]Config{
	"global": tiny,
	"local with features": with(func(c *Config) {
		c.Net, c.Features, c.EncoderWidth, c.EncoderDowns, c.FixedEpochs, c.GradientCheckpointing = "local", "instance", 4, 2, 1, true
	}),
	"two enhancers":            with(func(c *Config) { c.Net, c.Enhancers, c.FixedEpochs, c.Downs, c.Scales = "local", 2, 2, 1, 3 }),
	"label features, logits":   with(func(c *Config) { c.Features, c.EncoderWidth, c.EncoderDowns, c.Loss = "label", 4, 2, "bce" }),
	"no matching, batch norms": with(func(c *Config) { c.NoMatching, c.NoInstance, c.Norm = true, true, "batch" }),
}

func TestItLearns(t *testing.T) {
	torchtest.Native(t)
	for _, name := range []string{"global", "label features, logits"} {
		t.Run(name, func(t *testing.T) {
			torch.Scope(func() {
				torch.ManualSeed(1)
				m, err := New(variants[name])
				require.NoError(t, err)
				set := streets{12, 32}
				b, err := train.Items(set, 0, set.items, torch.Device{})
				require.NoError(t, err)
				distance := func() float64 { return m.Translate(b, false).L1Loss(b.Images()).Item() }
				first := distance()
				zootest.Learns(t, m, set, 2, 40, "G/matching")
				last := distance()
				t.Logf("distance from the pictures %.3f, then %.3f", first, last)
				require.Less(t, last, 0.6*first)
			})
		})
	}
}

// Eight items in batches of 4 are two steps an epoch, so that runs end before, at and after the epoch in which all of G
// begins to learn.
func TestARunThatIsResumedHasTheSameBits(t *testing.T) {
	for name, c := range variants {
		t.Run(name, func(t *testing.T) {
			zootest.Resumes(t, func() (train.Model, error) { return New(c) }, streets{8, 32})
		})
	}
}

func TestTheGlobalGeneratorRestsForTheFixedEpochs(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(variants["local with features"])
		require.NoError(t, err)
		b, err := train.Items(streets{8, 32}, 0, 2, torch.Device{})
		require.NoError(t, err)
		moved := func() (names []string) {
			before := map[string]*torch.Tensor{}
			state := append(nn.StateDict(m.G), nn.StateDict(m.E)...)
			for i, e := range state {
				if i >= len(nn.StateDict(m.G)) {
					state[i].Name = "E." + e.Name
				}
				before[state[i].Name] = e.Tensor.Detach().Clone()
			}
			m.Step(b)
			for _, e := range state {
				if e.Tensor.Dim() > 1 && !e.Tensor.Equal(before[e.Name]) {
					names = append(names, strings.SplitN(e.Name, ".", 2)[0])
				}
			}
			return names
		}
		require.Subset(t, []string{"model1_1", "model1_2", "E"}, moved())
		require.Empty(t, m.optG.State().Tensors)
		for _, s := range m.Parts().Schedules {
			s.Scheduler.Step()
		}
		require.Contains(t, moved(), "model", "after the epoch")
		for _, p := range m.Parts().Networks {
			for _, w := range nn.Parameters(p.Module) {
				require.True(t, w.RequiresGrad())
			}
		}
	})
}

func TestLearningRatesFallToZeroAsTheOfficialOnes(t *testing.T) {
	torchtest.Native(t)
	m, err := New(tiny)
	require.NoError(t, err)
	rates := map[int]float64{}
	for epoch := 1; epoch <= 201; epoch++ {
		rates[epoch] = m.optD.Groups()[0].LR / tiny.LR
		for _, s := range m.Parts().Schedules {
			s.Scheduler.Step()
		}
	}
	require.Equal(t, 1.0, rates[1])
	require.Equal(t, 1.0, rates[101])
	require.InDelta(t, 0.99, rates[102], 1e-12)
	require.InDelta(t, 0.01, rates[200], 1e-12)
	require.Equal(t, 0.0, rates[201])
}

func TestGradientCheckpointingChangesNoBit(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		defer torch.SetThreads(torch.Threads())
		torch.SetThreads(1)
		b, err := train.Items(streets{8, 32}, 0, 1, torch.Device{})
		require.NoError(t, err)
		var weights [2][]*torch.Tensor
		for i, on := range []bool{false, true} {
			torch.ManualSeed(1)
			m, err := New(with(func(c *Config) { c.Net, c.GradientCheckpointing = "local", on }))
			require.NoError(t, err)
			m.Step(b)
			m.Step(b)
			weights[i] = nn.Parameters(m.G)
		}
		for i, w := range weights[0] {
			require.True(t, w.Equal(weights[1][i]))
		}
	})
}

func TestNetworksGoToPythonAndBackUnderTheOfficialNames(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(variants["local with features"])
		require.NoError(t, err)
		other, err := New(variants["local with features"])
		require.NoError(t, err)
		names := zootest.LoadsBack(t, m, other)
		for _, name := range []string{
			"G.model.1.weight", "G.model.10.conv_block.5.bias", "G.model1_1.4.weight", "G.model1_2.0.conv_block.1.weight",
			"G.model1_2.1.bias", "G.model1_2.5.weight", "D.scale0_layer0.0.weight", "D.scale1_layer3.0.bias", "E.model.17.bias",
		} {
			require.Contains(t, names, name)
		}
	})
}

func TestALocalGeneratorBeginsFromAGlobalOne(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		half, err := New(with(func(c *Config) { c.Width = 8 }))
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), "half.pth")
		tree := &pth.Dict{}
		for _, n := range half.Parts().Networks {
			tree.Items = append(tree.Items, pth.Item{Key: n.Name, Value: pth.FromState(nn.StateDict(n.Module))})
		}
		require.NoError(t, pth.Save(path, tree))
		whole, err := New(with(func(c *Config) { c.Net, c.Scales = "local", 3 }))
		require.NoError(t, err)
		require.NoError(t, train.Init(path, whole))
		byName := map[string]*torch.Tensor{}
		for _, e := range append(nn.StateDict(half.G), nn.StateDict(half.D)...) {
			byName[e.Name] = e.Tensor
		}
		for _, e := range append(nn.StateDict(whole.G), nn.StateDict(whole.D)...) {
			if strings.HasPrefix(e.Name, "model.") || strings.HasPrefix(e.Name, "scale0_") || strings.HasPrefix(e.Name, "scale1_") {
				require.True(t, e.Tensor.Equal(byName[e.Name]), e.Name)
			}
		}
		wide, err := New(with(func(c *Config) { c.Net, c.Width = "local", 8 }))
		require.NoError(t, err)
		require.ErrorContains(t, train.Init(path, wide), "its G is no generator for half the resolution")
	})
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for text, c := range map[string]Config{
		"pix2pixhd: --size 1000 is not a multiple of 16, at least 32, which these networks need":     {Size: 1000},
		"pix2pixhd: --height 16 is not a multiple of 16, at least 32, which these networks need":     {Height: 16},
		"pix2pixhd: --height 336 is not a multiple of 32, at least 64, which these networks need":    {Height: 336, Net: "local"},
		"pix2pixhd: --crop 1024 is larger than pictures of --size 1024 and --height 512":             {Crop: 1024},
		"pix2pixhd: --features instance needs instance maps, which --no-instance says are not there": {Features: "instance", NoInstance: true},
		"pix2pixhd: --features label needs label maps, which --classes 0 says are not there":         {Features: "label", Classes: new(0)},
		"pix2pixhd: --fixed-epochs 3 is for --net local, whose enhancer learns alone":                {FixedEpochs: 3},
		"pix2pixhd: --blocks -1 must be at least 0":                                                  {Blocks: -1},
		"pix2pixhd: --lr -1 and --lambda 10 must not be negative, --beta1 0.5 must be in [0, 1)":     {LR: -1},
	} {
		_, err := New(c)
		require.EqualError(t, err, text)
	}
	for name, c := range Presets {
		_, err := c.withDefaults()
		require.NoError(t, err, name)
	}
}

var (
	_ train.Translator = (*Model)(nil)
	_ train.Exhibitor  = (*Model)(nil)
	_ train.Adopter    = (*Model)(nil)
)
