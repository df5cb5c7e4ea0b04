package wgangp

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// small is a network of each kind that is quick to train.
var small = map[string]Config{
	"official 32": {Channels: 1, Width: 8, CriticWidth: 8, Latent: 8, Critic: 2, LR: 1e-3},
	"official 64": {Size: 64, Channels: 1, Width: 2, CriticWidth: 2, Latent: 8, Critic: 2, LR: 1e-3},
	"mimicry":     {Net: "mimicry", Channels: 1, Width: 8, CriticWidth: 8, Latent: 8, Critic: 2, LR: 1e-3},
	"cnn":         {Net: "cnn", Channels: 1, Width: 8, CriticWidth: 8, Latent: 8, Critic: 2, LR: 1e-3},
}

func pictures(c Config) zootest.Pictures {
	return zootest.Pictures{Items: 32, Channels: 1, Size: max(c.Size, 32)}
}

func TestTheCriticLearnsToTellTheDistance(t *testing.T) {
	torchtest.Native(t)
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			torch.ManualSeed(1)
			m, err := New(c)
			require.NoError(t, err)
			losses := zootest.Learns(t, m, pictures(c), 8, 6, "D")
			require.Less(t, zootest.Mean(losses[3:]), zootest.Mean(losses[:3]), "%v", losses)
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

func TestTheLearningRatesFallInALine(t *testing.T) {
	torchtest.Native(t)
	c := small["cnn"]
	c.Decay = new(4)
	m, err := New(c)
	require.NoError(t, err)
	for step, want := range []float64{1e-3, 7.5e-4, 5e-4, 2.5e-4, 0, 0} {
		require.InDelta(t, want, m.optG.Groups()[0].LR, 1e-12, "step %d", step)
		require.InDelta(t, want, m.optD.Groups()[0].LR, 1e-12, "step %d", step)
		for _, s := range m.Parts().Schedules {
			s.Scheduler.Step()
		}
	}
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		"wgangp: --size 128 is neither 32 nor 64":                                    {Size: 128},
		"wgangp: --net mimicry with --pool mean is for 32 pixels, not --size 64":     {Size: 64, Net: "mimicry"},
		"wgangp: --channels 2 is neither 1 nor 3":                                    {Channels: 2},
		"wgangp: --critic -1 and --gen-batch 2 must be at least 1":                   {Critic: -1},
		"wgangp: --lambda 10 and --decay -1 must not be negative":                    {Decay: new(-1)},
		"wgangp: --lr 0.0002 must not be negative, --beta1 1 must be in [0, 1)":      {Beta1: new(1.0)},
		"wgangp: --latent -1, --width 128 and --critic-width 128 must be at least 1": {Latent: -1},
	} {
		_, err := New(c)
		require.EqualError(t, err, want)
	}
}
