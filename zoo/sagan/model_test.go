package sagan

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
	"official": {Size: 32, Channels: 1, Classes: 3, Latent: 8, Width: 8, DWidth: 8, LR: 1e-3, DLR: 2e-3},
	"mimicry":  {Size: 32, Net: "mimicry", Channels: 1, Classes: 3, Latent: 8, Width: 8, DWidth: 8, LR: 1e-3, DLR: 2e-3, DSteps: 2},
}

var discs = zootest.Labelled{Pictures: zootest.Pictures{Items: 32, Channels: 1, Size: 32}, Classes: 3}

func TestTheDiscriminatorLearns(t *testing.T) {
	torchtest.Native(t)
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			torch.ManualSeed(1)
			m, err := New(c)
			require.NoError(t, err)
			fake := zootest.Learns(t, m, discs, 8, 10, "D/fake")
			require.Less(t, zootest.Mean(fake[5:]), zootest.Mean(fake[:5]), "%v", fake)
		})
	}
}

func TestAKilledRunEndsWithTheBitsOfAnUnbrokenOne(t *testing.T) {
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			zootest.Resumes(t, func() (train.Model, error) { return New(c) }, discs)
		})
	}
}

func TestBothNetworksLookAtAllPixelsAt32x32(t *testing.T) {
	torchtest.Native(t)
	for _, size := range []int{64, 128} {
		torch.Scope(func() {
			m, err := New(Config{Size: size, Classes: 2, Latent: 4, Width: 128, DWidth: 128})
			require.NoError(t, err)
			var seen [][]int
			for _, a := range []*torch.Tensor{m.G.Attention.Gamma, m.D.Attention.Gamma} {
				torch.NoGrad(func() { a.FillInPlace(1) })
			}
			torch.NoGrad(func() {
				z, y := m.draw(1)
				h := m.G.L1.Forward(z).View(1, -1, 4, 4)
				for _, b := range m.G.blocks[:m.G.attend] {
					h = b.Forward(h, y)
				}
				seen = append(seen, h.Shape()[2:])
				h = m.G.Forward(z, y)
				require.Equal(t, []int{1, 3, size, size}, h.Shape())
				require.Equal(t, []int{1, 1}, m.D.Forward(h, y).Shape())
				for _, b := range m.D.blocks[:m.D.attend] {
					h = b.Forward(h)
				}
				seen = append(seen, h.Shape()[2:])
			})
			require.Equal(t, [][]int{{32, 32}, {32, 32}}, seen)
		})
	}
}

func TestTheOfficialNetworksBeginWithScalesOf1AndBiasesOf0(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(small["official"])
		require.NoError(t, err)
		for _, b := range m.G.blocks {
			require.Zero(t, b.C1.Bias.Abs().Max().Item())
		}
		require.Zero(t, m.D.linear.Bias.Item())
		nn.Apply(m.G, func(layer any) {
			if e, ok := layer.(*nn.Embedding); ok {
				half := e.Weight.Size(1) / 2
				require.True(t, e.Weight.Narrow(1, 0, half).Equal(torch.Ones([]int{3, half})))
				require.Zero(t, e.Weight.Narrow(1, half, half).Abs().Max().Item())
			}
		})
	})
}

func TestMimicrysLearningRatesFallInALine(t *testing.T) {
	torchtest.Native(t)
	c := small["mimicry"]
	c.Decay = 4
	m, err := New(c)
	require.NoError(t, err)
	for step, share := range []float64{1, 0.75, 0.5, 0.25, 0, 0} {
		require.InDelta(t, 1e-3*share, m.optG.Groups()[0].LR, 1e-12, "step %d", step)
		require.InDelta(t, 2e-3*share, m.optD.Groups()[0].LR, 1e-12, "step %d", step)
		for _, s := range m.Parts().Schedules {
			s.Scheduler.Step()
		}
	}
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		"sagan: --size 256 is not 32, 64 or 128":                                                                {Size: 256},
		"sagan: --channels 2 is neither 1 nor 3":                                                                {Channels: 2},
		"sagan: --classes -1, --latent 128 and --d-steps 1 must be at least 1":                                  {Classes: -1},
		"sagan: --width 100 and --d-width 1024 must be multiples of 128 with --size 128":                        {Width: 100},
		"sagan: --lr 0.0001, --dlr 0.0004 and --decay -1 must not be negative, --beta2 0.999 must be in [0, 1)": {Decay: -1},
	} {
		_, err := New(c)
		require.EqualError(t, err, want)
	}
}
