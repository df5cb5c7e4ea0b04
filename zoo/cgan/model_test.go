package cgan

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// small is a network of each kind that is quick to train.
var small = map[string]Config{
	"official": {Channels: 1, Classes: 3, Width: 8, DWidth: 8, Latent: 8, Critic: 2, LR: 2e-3},
	"concat":   {Head: "concat", Channels: 1, Classes: 3, Width: 8, DWidth: 8, Latent: 8, Critic: 2, LR: 2e-3},
	"mimicry":  {Net: "mimicry", Channels: 1, Classes: 3, Width: 8, DWidth: 8, Latent: 8, Critic: 2, LR: 2e-3},
	"maxout": {
		Net: "maxout", Size: 28, Channels: 1, Classes: 3, Latent: 8, Loss: "non-saturating", Optimizer: "sgd", LR: 0.1, Beta1: new(0.5),
		Critic: 1, GenBatch: 1,
	},
}

func pictures(c Config) zootest.Labelled {
	size := 32
	if c.Size != 0 {
		size = c.Size
	}
	return zootest.Labelled{Pictures: zootest.Pictures{Items: 32, Channels: 1, Size: size}, Classes: 3}
}

func TestTheDiscriminatorLearns(t *testing.T) {
	torchtest.Native(t)
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			torch.ManualSeed(1)
			m, err := New(c)
			require.NoError(t, err)
			losses := zootest.Learns(t, m, pictures(c), 8, 10, "D")
			require.Less(t, zootest.Mean(losses[5:]), zootest.Mean(losses[:5]), "%v", losses)
		})
	}
}

func TestAKilledRunEndsWithTheBitsOfAnUnbrokenOne(t *testing.T) {
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			zootest.Resumes(t, func() (train.Model, error) { return New(c) }, pictures(c))
		})
	}
}

func TestAPictureIsOfItsClass(t *testing.T) {
	torchtest.Native(t)
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			torch.Scope(func() {
				m, err := New(c)
				require.NoError(t, err)
				nn.Eval(m.G)
				nn.Eval(m.D)
				z, y := m.draw(2, torch.Device{}), torch.FromSlice([]int64{0, 2})
				if c.Net == "mimicry" || c.Net == "" { // their norms begin almost alike for all classes
					torch.NoGrad(func() {
						for _, e := range nn.StateDict(m.G) {
							if e.Tensor.DType().IsFloat() && !e.Buffer {
								e.Tensor.AddInPlace(torch.Randn(e.Tensor.Shape()).MulScalar(0.1))
							}
						}
					})
				}
				x := m.generate(z, y)
				require.True(t, x.Equal(m.generate(z, y)))
				require.False(t, x.At(1).Equal(m.generate(z, torch.FromSlice([]int64{0, 1})).At(1)))
				scores, others := m.D.Forward(x, y), m.D.Forward(x, torch.FromSlice([]int64{0, 1}))
				require.InDelta(t, scores.At(0).Item(), others.At(0).Item(), 1e-5)
				require.NotEqual(t, scores.At(1).Item(), others.At(1).Item())
				require.Equal(t, 3, m.Classes())
				require.Equal(t, 3*m.Columns(), m.Preview().Size(0))
				require.Equal(t, 4, m.SampleClasses(torch.FromSlice([]int64{0, 0, 1, 2})).Size(0))
			})
		})
	}
}

func TestDataWithoutLabelsAreRefused(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(small["mimicry"])
		require.NoError(t, err)
		b := train.NewBatch(map[string]*torch.Tensor{"image": torch.Zeros([]int{4, 1, 32, 32})})
		err = torch.Try(func() { m.Step(b) })
		require.ErrorContains(t, err, "cgan: the data have no labels: put the pictures of each class into a folder of its own")
	})
}

func TestTheRateOfSGDShrinksToAMillionth(t *testing.T) {
	c, err := small["maxout"].withDefaults()
	require.NoError(t, err)
	require.InDelta(t, 1/1.00004, c.fall()(1), 1e-12)
	require.InDelta(t, 1e-5, c.fall()(1e6), 1e-15)
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		"cgan: --size 40 is not 32, 48, 64, 128 or 256":                                          {Size: 40},
		"cgan: --net maxout is for --size 28 and --channels 1, not 32 and 3, and has no --small": {Net: "maxout"},
		"cgan: --small is for 128 pixels, not --size 64":                                         {Size: 64, Small: true},
		"cgan: --head concat needs --net official, not mimicry":                                  {Head: "concat", Net: "mimicry"},
		"cgan: --channels 2 is neither 1 nor 3":                                                  {Channels: 2},
		"cgan: --classes -1 must be at least 1":                                                  {Classes: -1},
		"cgan: --latent 128 must be at least 1, --width -1 and --d-width 0 must not be negative": {Width: -1},
		"cgan: --critic -1 and --gen-batch 2 must be at least 1":                                 {Critic: -1},
		"cgan: --lr 0.0002 must not be negative, --beta1 1 and --beta2 0.9 must be in [0, 1)":    {Beta1: new(1.0)},
		"cgan: --decay-from 50000 must be at least 0 and before --decay 50000":                   {DecayFrom: 50000},
		"cgan: --width 24 and --d-width 1024 must be multiples of 16 at this size":               {Size: 64, Width: 24},
	} {
		_, err := New(c)
		require.EqualError(t, err, want)
	}
}
