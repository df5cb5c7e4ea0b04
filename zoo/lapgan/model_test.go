package lapgan

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// tiny is a pyramid of each kind that is quick to train.
var tiny = map[string]Config{
	"cifar":   shrunk(Config{}),
	"classes": shrunk(Config{Classes: 2, Normalise: "channel"}),
	"small":   shrunk(Config{Net: "small", Momentum: new(0.0)}),
	"large":   large(shrunk(Config{Net: "large", Normalise: "none"})),
	"adam":    shrunk(Config{Optimizer: "adam", LR: 1e-3}),
}

func shrunk(c Config) Config {
	c.Sides, c.Channels, c.Latent, c.BaseWidth, c.BaseDWidth, c.Width, c.DWidth, c.Epoch = "4,8,16", 1, 8, 16, 16, 4, 4, 2
	return c
}

// large has its published width, so only few pixels.
func large(c Config) Config {
	c.Sides = "4,8"
	return c
}

// discs are pictures with labels that name their size.
type discs struct{ zootest.Labelled }

func (discs) Classes() []string { return []string{"small", "large"} }

func (discs) Label(i int) int { return i % 2 }

var pictures = discs{zootest.Labelled{Pictures: zootest.Pictures{Items: 32, Channels: 1, Size: 16}, Classes: 2}}

func model(t *testing.T, c Config) train.Model {
	t.Helper()
	m, err := System.New(&c)
	require.NoError(t, err)
	return m
}

func TestDiscriminatorsLearnToTellRealFromFake(t *testing.T) {
	torchtest.Native(t)
	for _, test := range []struct {
		name, loss string
		rate       float64
	}{
		{"cifar", "D0/real", 0.5}, {"cifar", "D2/real", 0.5}, {"classes", "D0/real", 0.5}, {"classes", "D2/real", 0.5}, {"adam", "D0/real", 5e-3},
	} {
		t.Run(test.name+" "+test.loss, func(t *testing.T) {
			torch.ManualSeed(1)
			c := tiny[test.name]
			c.LR = test.rate
			m := model(t, c)
			require.NoError(t, m.(train.Beginner).Begin(pictures))
			losses := zootest.Learns(t, m, pictures, 8, 14, test.loss)
			require.Less(t, zootest.Mean(losses[10:]), zootest.Mean(losses[:4]), "%v", losses)
		})
	}
}

func TestAKilledRunEndsWithTheBitsOfAnUnbrokenOne(t *testing.T) {
	torchtest.Native(t)
	for name, c := range tiny {
		t.Run(name, func(t *testing.T) {
			set := pictures
			set.Size = c.size()
			zootest.Resumes(t, func() (train.Model, error) { return System.New(&c) }, set)
		})
	}
}

// Counts are those of the recipe's layer tables.
func TestNetworksHaveThePublishedNumbersOfParameters(t *testing.T) {
	torchtest.Native(t)
	with := func(change func(c *Config)) Config {
		c, err := Config{Sides: "8,16,32"}.withDefaults()
		require.NoError(t, err)
		change(&c)
		return c
	}
	plain := with(func(*Config) {})
	class := with(func(c *Config) { c.Classes = 10 })
	wide := with(func(c *Config) { c.Width, c.DWidth = 128, 128 })
	large := with(func(c *Config) { c.Net = "large" })
	for _, test := range []struct {
		want int
		net  any
	}{
		{1792992, NewBaseGenerator(plain)}, {477001, NewBaseDiscriminator(plain)},
		{1804992, NewBaseGenerator(class)}, {483001, NewBaseDiscriminator(class)},
		{218179, NewFineGenerator(plain, 32)}, {837763, NewFineGenerator(wide, 32)},
		{107905, NewFineDiscriminator(plain, 14)}, {108353, NewFineDiscriminator(plain, 16)},
		{113729, NewFineDiscriminator(plain, 28)}, {116545, NewFineDiscriminator(plain, 32)},
		{420609, NewFineDiscriminator(wide, 14)}, {421505, NewFineDiscriminator(wide, 16)},
		{432257, NewFineDiscriminator(wide, 28)}, {437889, NewFineDiscriminator(wide, 32)},
		{1090995, NewLargeGenerator(large)}, {714017, NewLargeDiscriminator(large, 16)},
		{873761, NewLargeDiscriminator(large, 32)}, {1832225, NewLargeDiscriminator(large, 64)},
	} {
		n := 0
		for _, p := range nn.Parameters(test.net) {
			n += p.Numel()
		}
		require.Equal(t, test.want, n, "%T", test.net)
	}
}

func TestWeightsBeginAsInTorch7(t *testing.T) {
	torchtest.Native(t)
	torch.ManualSeed(1)
	c, err := Config{}.withDefaults()
	require.NoError(t, err)
	g, d := NewBaseGenerator(c), NewBaseDiscriminator(c)
	require.InDelta(t, 0.05, g.FC2.Weight.Std().Item(), 1e-3)
	require.InDelta(t, 0.005, d.FC2.Weight.Std().Item(), 1e-4)
	require.Zero(t, g.FC3.Bias.Abs().Max().Item())
	fine := NewFineGenerator(c, 16)
	require.InDelta(t, 1/14., fine.Conv1.Weight.Abs().Max().Item(), 1e-4, "of 4 maps, 7×7")
	require.NotZero(t, fine.Conv1.Bias.Abs().Max().Item())
	c.Net = "large"
	grouped := NewLargeGenerator(c).Main.Layers[3].(*nn.Conv2d)
	require.InDelta(t, 1/56., grouped.Weight.Abs().Max().Item(), 1e-5, "of 64 maps, whatever the groups")
}

func TestNetworksHaveTheNamesOfTheirLayers(t *testing.T) {
	torchtest.Native(t)
	c, err := Config{Classes: 3}.withDefaults()
	require.NoError(t, err)
	named := func(layers ...string) (names []string) {
		for _, l := range layers {
			names = append(names, l+".weight", l+".bias")
		}
		return names
	}
	zootest.SavesNames(t, NewBaseGenerator(c), named("fc1", "fc2", "fc3"))
	zootest.SavesNames(t, NewBaseDiscriminator(c), named("fc1", "fc2", "fc3"))
	zootest.SavesNames(t, NewFineGenerator(c, 16), named("class", "conv1", "conv2", "conv3"))
	zootest.SavesNames(t, NewFineDiscriminator(c, 16), named("class", "conv1", "conv2", "fc"))
}

// Velocities of optim.sgd: 1, 1 and 0.5, where PyTorch without dampening has 1, 1.5 and 0.75.
func TestMomentumIsDamped(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c, err := Config{}.withDefaults()
		require.NoError(t, err)
		w := torch.Zeros(nil).SetRequiresGrad(true)
		net := &struct {
			W *torch.Tensor `nn:"w"`
		}{w}
		opt := c.optimizer(1, net)
		last := 0.0
		for i, gradient := range []float64{1, 1, 0} {
			opt.ZeroGrad()
			w.MulScalar(gradient).Backward()
			opt.Step()
			require.InDelta(t, []float64{-0.02, -0.02, -0.01}[i], w.Item()-last, 1e-8)
			last = w.Item()
		}
	})
}

func TestMomentumRisesAndRatesFall(t *testing.T) {
	torchtest.Native(t)
	c := shrunk(Config{Momentum: new(0.6985), Decay: new(1.5)})
	m, err := New(c)
	require.NoError(t, err)
	base, fine := m.Levels[0].optD.Groups()[0], m.Levels[2].optG.Groups()[0]
	for step, want := range []struct{ base, fine, rate float64 }{
		{0, 0.6985, 0.02}, {0, 0.6985, 0.02}, {0.0008, 0.6993, 0.02 / 1.5}, {0.0008, 0.6993, 0.02 / 1.5}, {0.0016, 0.7, 0.02 / 2.25}, {0.0016, 0.7, 0.02 / 2.25}, {0.0024, 0.7, 0.02 / 3.375},
	} {
		require.InDelta(t, want.base, *base.Momentum, 1e-12, "step %d", step)
		require.InDelta(t, want.fine, *fine.Momentum, 1e-12, "step %d", step)
		require.InDelta(t, want.rate, fine.LR, 1e-12, "step %d", step)
		require.Equal(t, *fine.Momentum, *fine.Dampening)
		for _, s := range m.Parts().Schedules {
			s.Scheduler.Step()
		}
	}
	require.InDelta(t, 0.02/1.000004/1.000004/1.000004, base.LR, 1e-15)
	require.Error(t, m.Levels[0].riseG.Restore([]byte(`{"step":"x"}`)))
	require.Equal(t, 7, m.Levels[0].riseG.state.Step)
}

func TestOnlyTheLevelsAskedForLearn(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c := tiny["cifar"]
		c.Levels = "0,2"
		m, err := New(c)
		require.NoError(t, err)
		before := map[string]*torch.Tensor{}
		for _, n := range m.Parts().Networks {
			for _, p := range nn.Parameters(n.Module) {
				before[n.Name] = p.Detach().Clone()
			}
		}
		b := train.NewBatch(map[string]*torch.Tensor{"image": torch.Rand([]int{4, 1, 16, 16})})
		b.More = []*train.Batch{b}
		m.Step(b)
		for _, n := range m.Parts().Networks[1:] {
			ps := nn.Parameters(n.Module)
			require.Equal(t, n.Name[1:] == "1", ps[len(ps)-1].Equal(before[n.Name]), n.Name)
		}
		require.Len(t, m.Parts().Optimizers, 4)
	})
}

func TestLevelsLearnTogetherAsTheyDoAlone(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		b := train.NewBatch(map[string]*torch.Tensor{"image": torch.Rand([]int{4, 1, 16, 16})})
		b.More = []*train.Batch{b}
		noise := func(k, n int, _ torch.Device) *torch.Tensor {
			shape := [][]int{{n, 8}, {n, 1, 8, 8}, {n, 1, 16, 16}}[k]
			return torch.Ones(shape)
		}
		trained := func(levels string) *Model {
			c := tiny["cifar"]
			c.Levels = levels
			torch.ManualSeed(3)
			m, err := New(c)
			require.NoError(t, err)
			for _, l := range m.Levels {
				nn.Eval(l.D) // dropout would draw different numbers
			}
			for range 2 {
				m.step(b, noise)
			}
			return m
		}
		whole := trained("all")
		for k := range 3 {
			alone := trained(fmt.Sprint(k))
			for i, p := range nn.Parameters(whole.Levels[k].G) {
				require.True(t, p.Equal(nn.Parameters(alone.Levels[k].G)[i]))
			}
		}
	})
}

// A discriminator that says real of everything errs on generated pictures, and learns; one that says generated of
// everything errs on real ones, and learns beside G.
func TestTheGateChoosesWhoLearns(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c := tiny["small"]
		c.Levels = "0"
		for _, test := range []struct {
			bias float64
			want []string
		}{
			{2, []string{"D0/real", "D0/fake"}},
			{0, []string{"G0"}},
			{-2, []string{"D0/real", "D0/fake", "G0"}},
		} {
			m, err := New(c)
			require.NoError(t, err)
			last := m.Levels[0].D.(*BaseDiscriminator).FC3
			torch.NoGrad(func() {
				last.Weight.FillInPlace(0)
				last.Bias.FillInPlace(test.bias)
			})
			b := train.NewBatch(map[string]*torch.Tensor{"image": torch.Rand([]int{4, 1, 16, 16})})
			b.More = []*train.Batch{b}
			var names []string
			for _, l := range m.Step(b).Losses {
				names = append(names, l.Name)
			}
			require.Equal(t, test.want, names)
		}
	})
}

// ramps are four pictures, each the same ramp of another brightness.
type ramps struct{ zootest.Pictures }

func (ramps) Read(i int, _ *rand.Rand, row []data.Array) error {
	for k := range row[0].Float32 {
		row[0].Float32[k] = float32(i-1)/4 + float32(k)/512
	}
	return nil
}

func TestTheNormalisationIsMeasuredAndTakenBack(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		set := ramps{zootest.Pictures{Items: 4, Channels: 1, Size: 16}}
		b, err := train.Items(set, 0, 4, torch.Device{})
		require.NoError(t, err)
		x := b.Images()
		for _, kind := range []string{"pixel", "channel", "none"} {
			c := tiny["cifar"]
			c.Normalise = kind
			m, err := New(c)
			require.NoError(t, err)
			require.NoError(t, m.Begin(set))
			normal := m.norm.normal(x)
			require.LessOrEqual(t, m.norm.picture(normal).Sub(x).Abs().Max().Item(), 1e-6)
			switch kind {
			case "pixel":
				require.LessOrEqual(t, normal.MeanDim([]int{0}).Abs().Max().Item(), 1e-5)
				std := normal.Std(torch.StdOptions{Dim: []int{0}, Correction: 0})
				require.LessOrEqual(t, std.SubScalar(1).Abs().Max().Item(), 1e-4)
			case "channel":
				require.InDelta(t, 0, normal.Mean().Item(), 1e-5)
				require.InDelta(t, 1, normal.At(0).Std().Item(), 1e-5)
			case "none":
				require.True(t, normal.Sub(x).Abs().Max().Item() < 1e-6)
			}
		}
	})
}

func TestLevelsThatInitBringsKeepTheirNormalisation(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		for _, kind := range []string{"pixel", "channel"} {
			c := tiny["cifar"]
			c.Normalise = kind
			first, err := New(c)
			require.NoError(t, err)
			require.False(t, first.norm.known())
			require.NoError(t, first.Begin(ramps{zootest.Pictures{Items: 4, Channels: 1, Size: 16}}))
			require.True(t, first.norm.known())
			mean, std := first.norm.Mean.Clone(), first.norm.Std.Clone()
			require.NoError(t, first.Begin(pictures))
			require.True(t, mean.Equal(first.norm.Mean))
			require.True(t, std.Equal(first.norm.Std))
		}
	})
}

func TestAFolderOfARunIsEnoughToSample(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c := tiny["classes"]
		m := model(t, c)
		dir := t.TempDir()
		run, err := train.Open(dir, m, pictures, train.Options{Steps: 2, Batch: 4, Seed: 1})
		require.NoError(t, err)
		require.NoError(t, run.Train(t.Context()))
		run.Close()
		find := func(string) (train.System, error) { return System, nil }
		loaded, err := train.Load(dir, find)
		require.NoError(t, err)
		trained, other := m.(ClassModel), loaded.(ClassModel)
		require.NotZero(t, trained.norm.Mean.Item())
		require.True(t, trained.norm.Mean.Equal(other.norm.Mean))
		require.True(t, trained.norm.Std.Equal(other.norm.Std))
		require.Equal(t, 2, other.Classes())
		torch.ManualSeed(4)
		want := trained.SampleClasses(torch.FromSlice([]int64{0, 1, 1}))
		torch.ManualSeed(4)
		require.True(t, want.Equal(other.SampleClasses(torch.FromSlice([]int64{0, 1, 1}))))

		path := filepath.Join(t.TempDir(), "again.pth") // under the same names for Python, and back
		require.NoError(t, train.Export(filepath.Join(dir, "checkpoints", "latest.safetensors"), path))
		state, err := checkpoint.Load(path)
		require.NoError(t, err)
		require.NotEmpty(t, checkpoint.Under(state, "G2."))
		begun := model(t, c).(ClassModel)
		require.NoError(t, train.Init(path, begun))
		require.True(t, trained.norm.Mean.Equal(begun.norm.Mean))
		require.True(t, nn.Parameters(trained.Levels[2].G)[0].Equal(nn.Parameters(begun.Levels[2].G)[0]))
	})
}

func TestTheGridShowsChainsGrow(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		for name, c := range tiny {
			m := model(t, c)
			a := m.(train.Arranged)
			require.Equal(t, 12, a.Columns(), name)
			x, side := a.Preview(), c.size()
			require.Equal(t, []int{24 * len(c.sides()), 1, side, side}, x.Shape())
			enlarged := x.Narrow(0, 0, 1)
			require.True(t, enlarged.Equal(enlarged.UpsampleNearest2d([]int{4, 4}).UpsampleNearest2d([]int{side, side})), "4 pixels")
			require.True(t, x.Equal(a.Preview()))
		}
	})
}

func TestDataThatDoNotFitAreRefused(t *testing.T) {
	torchtest.Native(t)
	m := model(t, shrunk(Config{Classes: 3})).(train.Informed)
	require.EqualError(t, m.Inform(pictures), "lapgan: pictures has 2 classes: set --classes 2, not 3")
	require.EqualError(t, m.Inform(pictures.Pictures), "lapgan: pictures has no classes: leave out --classes 3")
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		"lapgan: --sides 8,8 are no rising numbers such as 8,16,32":                                                {Sides: "8,8"},
		"lapgan: --sides 16,8 are no rising numbers such as 8,16,32":                                               {Sides: "16,8"},
		"lapgan: --sides a are no rising numbers such as 8,16,32":                                                  {Sides: "a"},
		"lapgan: --levels 3 are neither all nor different numbers from 0 to 2, the finest of --sides 8,16,32":      {Levels: "3"},
		"lapgan: --levels 1,1 are neither all nor different numbers from 0 to 2, the finest of --sides 8,16,32":    {Levels: "1,1"},
		"lapgan: --sides 2,4 have a level of 4 pixels that is not the coarsest, and the kernels have up to 7":      {Sides: "2,4"},
		"lapgan: --channels 2 is neither 1 nor 3":                                                                  {Channels: 2},
		"lapgan: --classes -1 must not be negative":                                                                {Classes: -1},
		"lapgan: --net large has no form with --classes 10":                                                        {Net: "large", Classes: 10},
		"lapgan: --load 16 is smaller than the 32 pixels of a crop":                                                {Load: 16},
		"--width -1 and --d-width 64 must be at least 1":                                                           {Width: -1},
		"lapgan: --lr -1 must not be negative, --beta1 0.5 must be in [0, 1), --epoch 704 and --decay 1.000004 at": {LR: -1},
		"lapgan: --momentum 1 and --max-momentum 0.7 must be in [0, 1)":                                            {Momentum: new(1.0)},
	} {
		_, err := New(c)
		require.ErrorContains(t, err, want)
	}
}

func TestEveryPresetIsBuilt(t *testing.T) {
	torchtest.Native(t)
	for name := range Presets {
		t.Run(name, func(t *testing.T) {
			torch.Scope(func() {
				settings, _, err := System.Settings(name, "")
				require.NoError(t, err)
				torch.SkipInit(func() { _, err = System.New(settings) })
				require.NoError(t, err)
				require.Positive(t, System.RunDefaults(settings).Steps)
				c := settings.(*Config)
				require.Equal(t, []int{2, c.Channels, c.size(), c.size()}, System.Examples(settings, 2)["image"].Shape())
			})
		})
	}
}
