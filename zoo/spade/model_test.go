package spade

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// scenes is a set of label maps with instances and pictures that follow from them: a disc of class 1 or more on class 0.
type scenes struct{ c Config }

func (s scenes) Name() string { return "scenes" }
func (s scenes) Len() int     { return 16 }

func (s scenes) Fields() []data.Field {
	h, w := s.c.Height, s.c.Size
	return []data.Field{
		{Name: "label", Shape: []int{h, w}, Int64: true}, {Name: "instance", Shape: []int{h, w}, Int64: true},
		{Name: "image", Shape: []int{s.c.Channels, h, w}},
	}
}

func (s scenes) Read(i int, rng *rand.Rand, row []data.Array) error {
	h, w := s.c.Height, s.c.Size
	x, y, r := rng.IntN(w), rng.IntN(h), h/4
	class := int64(1 + i%(s.c.classes()-1))
	for k := range h * w {
		dx, dy := k%w-x, k/w-y
		row[0].Int64[k], row[1].Int64[k] = 0, 0
		if dx*dx+dy*dy < r*r {
			row[0].Int64[k], row[1].Int64[k] = class, 1000*class
		}
		for c := range s.c.Channels {
			row[2].Float32[c*h*w+k] = float32(row[0].Int64[k])/float32(s.c.classes()) - 0.1*float32(c) - 0.5
		}
	}
	return nil
}

// small are settings of each kind that are quick to train.
var small = map[string]Config{
	"plain":                {},
	"instance maps, grey":  {Instance: true, Channels: 1, DontCare: true, DSteps: 2, Loss: "ls"},
	"a style":              {VAE: true, Latent: 4, NoTTUR: true, Loss: "w"},
	"more, not square":     {Size: 128, Height: 64, Upsampling: "more", Norm: "instance", Loss: "original"},
	"most, batch's values": {Size: 128, Upsampling: "most", BatchStats: true, Scales: 1, DLayers: 2},
}

// completed are small settings with what all of them share.
func completed(t *testing.T, c Config) Config {
	t.Helper()
	if c.Size == 0 {
		c.Size = 32
	}
	c.Classes, c.Width, c.Hidden, c.DWidth, c.LR = 3, 2, 16, 4, 2e-3
	c, err := c.withDefaults()
	require.NoError(t, err)
	return c
}

func model(t *testing.T, c Config) *Model {
	t.Helper()
	torchtest.Native(t)
	threads := torch.Threads()
	t.Cleanup(func() { torch.SetThreads(threads) })
	torch.SetThreads(1) // small tensors
	torch.ManualSeed(1)
	m, err := New(completed(t, c))
	require.NoError(t, err)
	return m
}

// batch is the first items of the set.
func batch(t *testing.T, m *Model, n int) *train.Batch {
	t.Helper()
	b, err := train.Items(scenes{m.config}, 0, n, torch.Device{})
	require.NoError(t, err)
	return b
}

func TestTheDiscriminatorLearnsToKnowRealPictures(t *testing.T) {
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			m := model(t, c)
			losses := zootest.Learns(t, m, scenes{m.config}, 4, 10, "D/real")
			require.Less(t, zootest.Mean(losses[len(losses)-3:]), zootest.Mean(losses[:3]), "%v", losses)
		})
	}
}

func TestAKilledRunEndsWithTheBitsOfAnUnbrokenOne(t *testing.T) {
	for _, name := range []string{"instance maps, grey", "a style"} {
		t.Run(name, func(t *testing.T) {
			c := completed(t, small[name])
			c.FullEpochs, c.DecayEpochs = new(0), 3
			zootest.Resumes(t, func() (train.Model, error) { return New(c) }, scenes{c})
		})
	}
}

func TestAStepPassesTheGeneratorOnceMoreThanTheDiscriminatorLearns(t *testing.T) {
	m := model(t, small["instance maps, grey"])
	passes := func() int { return int(m.G.Head0.Norm0.Norm.(*nn.BatchNorm2d).NumBatchesTracked.Item()) }
	torch.Scope(func() {
		b := batch(t, m, 2)
		b.More = []*train.Batch{batch(t, m, 3)}
		torch.Scope(func() {
			losses := map[string]int{}
			for _, l := range m.Step(b).Losses {
				losses[l.Name]++
			}
			require.Equal(t, map[string]int{"G": 1, "G/feature": 1, "D/fake": 1, "D/real": 1}, losses)
		})
		require.Equal(t, 3, passes())
		after := torch.Live()
		torch.Scope(func() { m.Step(b) })
		require.Equal(t, after, torch.Live(), "a step leaves nothing but, the first time, gradients and averages")
	})
}

func TestTheWeightsBeginAsXaviersTimesTwoHundredths(t *testing.T) {
	m := model(t, small["a style"])
	for _, n := range m.Parts().Networks {
		for _, e := range nn.StateDict(n.Module) {
			switch {
			case e.Buffer:
			case e.Tensor.Dim() == 1:
				require.Zero(t, e.Tensor.Abs().Max().Item(), e.Name)
			case e.Tensor.Numel() > 500:
				fan := float64(e.Tensor.Numel()) * (1/float64(e.Tensor.Size(0)) + 1/float64(e.Tensor.Size(1)))
				require.InEpsilon(t, 0.02*0.02*2/fan, e.Tensor.Square().Mean().Item(), 0.3, e.Name)
			}
		}
	}
}

func TestTheLearningRatesFallInALineByEpochs(t *testing.T) {
	m := model(t, Config{FullEpochs: new(2), DecayEpochs: 4})
	for epoch, want := range []float64{1e-3, 1e-3, 1e-3, 7.5e-4, 5e-4, 2.5e-4, 0, 0} {
		require.InDelta(t, want, m.optG.Groups()[0].LR, 1e-12, "epoch %d", epoch)
		require.InDelta(t, 4*want, m.optD.Groups()[0].LR, 1e-12, "epoch %d", epoch)
		for _, s := range m.Parts().Schedules {
			require.True(t, s.Epochs)
			s.Scheduler.Step()
		}
	}
	require.Empty(t, model(t, Config{}).Parts().Schedules)
}

func TestParameterCountsAreTheReferences(t *testing.T) {
	torchtest.Native(t)
	torch.SkipInit(func() {
		for _, test := range []struct {
			preset  string
			change  func(*Config)
			g, d, e int
		}{
			{preset: "ade20k", g: 96492483, d: 5836930},
			{preset: "coco", g: 97480899, d: 5904514},
			{preset: "cityscapes", g: 93048003, d: 5601410},
			{preset: "facades", g: 92359107, d: 5554306},
			{preset: "coco", change: func(c *Config) { c.VAE = true }, g: 112626883, d: 5904514, e: 10463424},
			{preset: "coco", change: func(c *Config) { c.Upsampling = "most" }, g: 98515043, d: 5904514},
		} {
			c := Presets[test.preset]
			if test.change != nil {
				test.change(&c)
			}
			c, err := c.withDefaults()
			require.NoError(t, err)
			require.Equal(t, test.g, nn.NumParameters(NewGenerator(c)), test.preset)
			require.Equal(t, test.d, nn.NumParameters(NewDiscriminator(c)), test.preset)
			if test.e != 0 {
				require.Equal(t, test.e, nn.NumParameters(NewEncoder(c)), test.preset)
			}
		}
	})
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		"spade: --size 250 is not a multiple of 32, as --upsampling normal needs":               {Size: 250},
		"spade: --height 100 is not a multiple of 32, as --upsampling normal needs":             {Height: 100},
		"spade: --size 192 is not a multiple of 128, as --upsampling most needs":                {Size: 192, Upsampling: "most"},
		"spade: --load 128 is less than --size 256, which is cut out of it":                     {Load: 128},
		"spade: --channels 4 is neither 1 nor 3":                                                {Channels: 4},
		"spade: --classes 256 is not between 1 and 255":                                         {Classes: 256},
		"spade: --width -1, --hidden 128, --d-width 64 and --latent 256 must be at least 1":     {Width: -1},
		"spade: --upsampling most halves --width 3, which must be even":                         {Width: 3, Upsampling: "most"},
		"spade: --d-layers 1 must be at least 2, --scales 2 and --d-steps 1 at least 1":         {DLayers: 1},
		"spade: --feature -1, --similarity 10, --kld 0.05 and --lr 0.0002 must not be negative": {Feature: new(-1.0)},
		"spade: --full-epochs 50 and --decay-epochs -1 must not be negative":                    {DecayEpochs: -1},
	} {
		_, err := New(c)
		require.EqualError(t, err, want)
	}
	for name, c := range Presets {
		_, err := c.withDefaults()
		require.NoError(t, err, name)
	}
}
