package sngan

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
	"official":    {Channels: 1, Width: 8, DWidth: 8, Latent: 8, Critic: 2, LR: 2e-3},
	"official 64": {Size: 64, Channels: 1, Width: 16, DWidth: 16, Latent: 8, Critic: 1, GenBatch: 1, LR: 2e-3},
	"mimicry":     {Net: "mimicry", Channels: 1, Width: 8, DWidth: 8, Latent: 8, Critic: 2, LR: 2e-3},
	"ssgan":       {Net: "mimicry", Task: "rotation", Channels: 1, Width: 8, DWidth: 8, Latent: 8, Critic: 2, LR: 2e-3},
	"infomax":     {Net: "mimicry", Task: "infomax", Channels: 1, Width: 8, DWidth: 8, Latent: 8, Critic: 1, LR: 2e-3},
	"cnn":         {Net: "cnn", Loss: "non-saturating", Channels: 1, Width: 32, DWidth: 32, Latent: 8, Critic: 1, LR: 2e-3},
}

func pictures(c Config) zootest.Pictures {
	return zootest.Pictures{Items: 32, Channels: 1, Size: max(c.Size, 32)}
}

func TestTheDiscriminatorLearns(t *testing.T) {
	torchtest.Native(t)
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			torch.ManualSeed(1)
			m, err := New(c)
			require.NoError(t, err)
			losses := zootest.Learns(t, m, pictures(c), 8, 8, "D")
			require.Less(t, zootest.Mean(losses[4:]), zootest.Mean(losses[:4]), "%v", losses)
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

func TestSpectralNormsMoveInEachPassOfAStep(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(small["official"])
		require.NoError(t, err)
		u := func() *torch.Tensor {
			for _, e := range nn.StateDict(m.D) {
				if e.Name == "block1.c1.weight_u" {
					return e.Tensor
				}
			}
			return nil
		}
		before := u().Clone()
		m.generatorStep(train.NewBatch(map[string]*torch.Tensor{"image": torch.Zeros([]int{4, 1, 32, 32})}), nil)
		require.False(t, u().Equal(before))
	})
}

func TestTheLearningRatesFallInALineFromAStepOn(t *testing.T) {
	c, err := Config{DecayFrom: 2, Decay: new(6)}.withDefaults()
	require.NoError(t, err)
	for step, want := range []float64{1, 1, 1, 0.75, 0.5, 0.25, 0, 0} {
		require.InDelta(t, want, c.fall(step), 1e-12, "step %d", step)
	}
}

func TestQuartersOfABatchAreTurned(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.FromSlice([]float32{1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4}, 5, 1, 2, 2)
		turned, quarters := turn(x)
		require.Equal(t, []int64{0, 0, 1, 2, 3}, torch.Values[int64](quarters))
		require.Equal(t, []float32{1, 2, 3, 4, 1, 2, 3, 4, 2, 4, 1, 3, 4, 3, 2, 1, 3, 1, 4, 2}, torch.Values[float32](turned))
	})
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		"sngan: --size 40 is not 32, 48, 64, 128 or 256":                                          {Size: 40},
		"sngan: --small is for 128 pixels, not --size 64":                                         {Size: 64, Small: true},
		"sngan: --net cnn is for 32 pixels, not --size 64":                                        {Size: 64, Net: "cnn"},
		"sngan: --task rotation needs --net mimicry, not official":                                {Task: "rotation"},
		"sngan: --task infomax is for 32 pixels, not --size 64":                                   {Task: "infomax", Net: "mimicry", Size: 64},
		"sngan: --channels 2 is neither 1 nor 3":                                                  {Channels: 2},
		"sngan: --latent 128 must be at least 1, --width -1 and --d-width 0 must not be negative": {Width: -1},
		"sngan: --critic -1 and --gen-batch 2 must be at least 1":                                 {Critic: -1},
		"sngan: --lr 0.0002 must not be negative, --beta1 1 and --beta2 0.9 must be in [0, 1)":    {Beta1: new(1.0)},
		"sngan: --decay-from 50000 must be at least 0 and before --decay 50000":                   {DecayFrom: 50000},
		"sngan: --width 24 and --d-width 1024 must be multiples of 16 at this size":               {Size: 64, Width: 24},
	} {
		_, err := New(c)
		require.EqualError(t, err, want)
	}
}
