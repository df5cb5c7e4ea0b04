package s3gan

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

// small is a network of each kind that is quick to train.
var small = map[string]Config{
	"S2GAN":       tiny(Config{SelfSupervision: "none"}),
	"S2GAN-CO":    tiny(Config{SelfSupervision: "none", Predictor: true}),
	"S3GAN":       tiny(Config{}),
	"S3GAN-CO":    tiny(Config{Predictor: true, SoftPred: true}),
	"soft labels": tiny(Config{SoftLabels: true}),
	"single":      tiny(Config{Baseline: "single", ProjectY: new(false)}),
	"random":      tiny(Config{Baseline: "random"}),
}

func tiny(c Config) Config {
	c.Size, c.Channels, c.Classes, c.Latent, c.Width, c.RotatedFraction = 32, 1, 3, 8, 4, 1
	c.LR, c.DLR, c.AverageFrom = 2e-3, 2e-3, new(3)
	return c
}

// pictures are discs of three sizes; every second one has no label.
type pictures struct{ zootest.Pictures }

func (p pictures) Fields() []data.Field {
	return append(p.Pictures.Fields(), data.Field{Name: "label", Int64: true}, data.Field{Name: "probabilities", Shape: []int{3}})
}

func (pictures) Classes() []string { return []string{"small", "medium", "large"} }

func (pictures) Label(i int) int {
	if i%2 == 1 {
		return -1
	}
	return i / 2 % 3
}

func (p pictures) Read(i int, rng *rand.Rand, row []data.Array) error {
	k := p.Label(i)
	row[1].Int64[0] = int64(k)
	copy(row[2].Float32, []float32{0.25, 0.25, 0.5})
	return p.Pictures.Read(4*(k+1), rng, row)
}

func set(size int) pictures { return pictures{zootest.Pictures{Items: 32, Channels: 1, Size: size}} }

func TestEveryVariantLearnsToTellRealFromFake(t *testing.T) {
	native(t)
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			torch.ManualSeed(1)
			m, err := New(c)
			require.NoError(t, err)
			losses := zootest.Learns(t, m, set(32), 8, 12, "D")
			require.Less(t, zootest.Mean(losses[8:]), zootest.Mean(losses[:4]), "%v", losses)
		})
	}
}

func TestTheHeadsLearnTurnsAndClasses(t *testing.T) {
	native(t)
	for loss, c := range map[string]Config{"D/turns": small["S3GAN"], "G/turns": small["S3GAN"], "D/classes": small["S2GAN-CO"]} {
		t.Run(loss, func(t *testing.T) {
			torch.ManualSeed(1)
			m, err := New(c)
			require.NoError(t, err)
			losses := zootest.Learns(t, m, set(32), 8, 20, loss)
			require.Less(t, zootest.Mean(losses[15:]), zootest.Mean(losses[:5]), "%v", losses)
		})
	}
}

func TestTheNetworksOf128PixelsLearnToAttend(t *testing.T) {
	native(t)
	torch.Scope(func() {
		torch.ManualSeed(1)
		c := tiny(Config{SelfSupervision: "none"})
		c.Size, c.Latent, c.Width, c.DSteps = 128, 12, 8, 1
		m, err := New(c)
		require.NoError(t, err)
		m.Step(train.NewBatch(map[string]*torch.Tensor{"image": torch.Rand([]int{2, 1, 128, 128}), "label": torch.FromSlice([]int64{0, -1})}))
		require.NotZero(t, m.G.NonLocal.Gamma.Item())
		require.NotZero(t, m.D.NonLocal.Gamma.Item())
		require.Equal(t, []int{2, 1, 128, 128}, m.Sample(2).Shape())
	})
}

func TestAKilledRunEndsWithTheBitsOfAnUnbrokenOne(t *testing.T) {
	plain := small["S2GAN"]
	plain.Average = new(0.0) // sample grids then move the vectors of the weights that learn
	for name, c := range map[string]Config{"S3GAN-CO": small["S3GAN-CO"], "without average": plain} {
		t.Run(name, func(t *testing.T) {
			zootest.Resumes(t, func() (train.Model, error) { return New(c) }, set(32))
		})
	}
}

func TestPicturesOfAClassAreAskedFor(t *testing.T) {
	native(t)
	torch.Scope(func() {
		torch.ManualSeed(1)
		m, err := New(small["S3GAN"])
		require.NoError(t, err)
		same := func(a, b int64) (x, y *torch.Tensor) {
			torch.ManualSeed(2)
			x = m.SampleClasses(torch.FromSlice([]int64{a, a}))
			torch.ManualSeed(2)
			return x, m.SampleClasses(torch.FromSlice([]int64{b, b}))
		}
		x, y := same(0, 2)
		require.Equal(t, []int{2, 1, 32, 32}, x.Shape())
		require.False(t, x.Equal(y))
		require.Equal(t, 3, m.Classes())
		require.Equal(t, []int{64, 1, 32, 32}, m.Preview().Shape())

		single, err := New(small["single"])
		require.NoError(t, err)
		require.Equal(t, 1, single.Classes())
	})
}

func TestStandingStatisticsMakeAPictureItsOwn(t *testing.T) {
	native(t)
	torch.Scope(func() {
		torch.ManualSeed(1)
		m, err := New(small["S3GAN"])
		require.NoError(t, err)
		leave, err := train.Standing(m, 3, 8)
		require.NoError(t, err)
		require.Equal(t, 3.0, m.G.FinalNorm.Accu.Counter.Item())
		z, classes := m.draw(6)
		torch.NoGrad(func() {
			for range 60 { // until the spectral norms, which go on in evaluation, have settled
				m.generate(z, classes)
			}
		})
		whole, part := m.generate(z, classes), m.generate(z.Narrow(0, 0, 2), classes.Narrow(0, 0, 2))
		diff, _ := torchtest.MaxDiff(t, whole.Narrow(0, 0, 2), part)
		require.Less(t, diff, 1e-4)
		leave()
		diff, _ = torchtest.MaxDiff(t, whole.Narrow(0, 0, 2), m.generate(z.Narrow(0, 0, 2), classes.Narrow(0, 0, 2)))
		require.Greater(t, diff, 1e-3, "statistics of the batch again")
	})
}

func TestTheAverageIsACopyUntilItStarts(t *testing.T) {
	native(t)
	m, err := New(small["S3GAN"])
	require.NoError(t, err)
	decay := m.Parts().Average
	for n, want := range []float64{0, 0, 0, 0.9999, 0.9999} {
		require.Equal(t, want, decay(n))
	}
	c := small["S3GAN"]
	c.Average = new(0.0)
	m, err = New(c)
	require.NoError(t, err)
	require.Nil(t, m.Parts().Average)
}

func TestTheStateHasNamesThatFollowTensorFlows(t *testing.T) {
	native(t)
	m, err := New(small["S3GAN-CO"])
	require.NoError(t, err)
	names := map[string]bool{}
	for _, n := range m.Parts().Networks {
		for _, e := range nn.StateDict(n.Module) {
			names[n.Name+"."+e.Name] = true
		}
	}
	for _, name := range []string{
		"G.embed_y.weight", "G.fc_noise.weight", "G.fc_noise.bias", "G.fc_noise.u_var", "G.blocks.0.bn1.gamma.weight",
		"G.blocks.0.bn1.beta.u_var", "G.blocks.0.bn1.accu.mean", "G.blocks.0.bn1.accu.variance", "G.blocks.0.bn1.accu.counter",
		"G.blocks.0.up_conv1.weight", "G.blocks.2.same_conv2.u_var", "G.blocks.1.up_conv_shortcut.bias", "G.final_norm.gamma",
		"G.final_norm.accu.mean", "G.final_conv.weight", "D.blocks.0.same_conv1.weight", "D.blocks.0.conv2.u_var",
		"D.blocks.0.conv_shortcut.weight", "D.final_fc.weight", "D.rotation.weight", "D.predictor.bias", "D.projection.weight",
		"D.projection.u_var",
	} {
		require.True(t, names[name], name)
	}
	require.False(t, names["G.embed_y.u_var"], "the embedding has no spectral norm")
	require.False(t, names["D.blocks.1.conv_shortcut.weight"], "equal channels have no shortcut")
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		"s3gan: --size 48 is none of 32, 64, 128 and 256":                                            {Size: 48},
		"s3gan: --channels 2 is neither 1 nor 3":                                                     {Channels: 2},
		"s3gan: --classes -1 must be at least 1":                                                     {Classes: -1},
		"s3gan: --latent 100 is not a multiple of 6, its pieces at 128 pixels":                       {Latent: 100},
		"s3gan: --width 4 must be at least 1, and 8 from 128 pixels on":                              {Width: 4},
		"s3gan: --predictor is of no use with --project-y=false: what it predicts is projected":      {Predictor: true, ProjectY: new(false)},
		"s3gan: --soft-pred needs --predictor":                                                       {SoftPred: true},
		"s3gan: --baseline random has no labels, so neither --predictor nor --soft-labels is for it": {Baseline: "random", Predictor: true},
		"s3gan: --rotated-fraction -1 and --d-steps 2 must be at least 1":                            {RotatedFraction: -1},
		"s3gan: --rotation-d 1, --rotation-g -1 and --class-weight 1 must not be negative":           {RotationG: new(-1.0)},
		"s3gan: --lr -1 and --dlr 0.0005 must not be negative":                                       {LR: -1},
		"s3gan: --average 1 must be in [0, 1), --average-from 40000 must not be negative":            {Average: new(1.0)},
	} {
		_, err := New(c)
		require.EqualError(t, err, want)
	}
}

func TestDataThatDoNotFitAreRefused(t *testing.T) {
	native(t)
	step := func(c Config, fields map[string]*torch.Tensor) error {
		m, err := New(c)
		require.NoError(t, err)
		return torch.Try(func() { m.Step(train.NewBatch(fields)) })
	}
	torch.Scope(func() {
		x := torch.Zeros([]int{4, 1, 32, 32})
		y := torch.FromSlice([]int64{0, 1, 2, -1})
		require.ErrorContains(t, step(small["S3GAN"], map[string]*torch.Tensor{"image": x}), "the data have no labels")
		require.ErrorContains(t, step(small["soft labels"], map[string]*torch.Tensor{"image": x, "label": y}), "of a file with probabilities")
		c := small["S3GAN"]
		c.RotatedFraction = 2
		require.ErrorContains(t, step(c, map[string]*torch.Tensor{"image": x, "label": y}), "a batch of 4 has no picture to turn: it takes 8 for --rotated-fraction 2")
		require.NoError(t, step(small["single"], map[string]*torch.Tensor{"image": x}))
	})
}
