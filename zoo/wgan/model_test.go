package wgan

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

var _ train.Model = (*Model)(nil)

// small is a network of each kind that is quick to train.
var small = map[string]Config{
	"dcgan":   {Size: 16, Channels: 1, Latent: 8, Width: 4, Critic: 2, LR: 1e-3},
	"no norm": {Size: 16, Channels: 1, Latent: 8, Width: 4, Critic: 2, LR: 1e-3, NoBN: true},
	"mlp":     {Size: 16, Channels: 1, Latent: 8, Hidden: 16, G: "mlp", D: "mlp", Critic: 2, LR: 1e-3},
	"warm-up": {Size: 16, Channels: 1, Latent: 8, Width: 4, Critic: 2, LR: 1e-3, Warmup: 3, ClipBefore: true},
	"cnn":     {Size: 32, Channels: 1, Latent: 8, Width: 4, G: "cnn", D: "cnn", Optimizer: "adam", Critic: 1, WeightClip: 0.1, LR: 1e-3, Decay: 100},
}

func pictures(c Config) zootest.Pictures {
	return zootest.Pictures{Items: 32, Channels: 1, Size: c.Size}
}

func TestParameterCountsAreTheReferences(t *testing.T) {
	torchtest.Native(t)
	torch.SkipInit(func() {
		for _, test := range []struct {
			c    Config
			g, d int
		}{
			{Config{Size: 32}, 1068928, 663296},
			{Config{}, 3576704, 2765568},
			{Config{Size: 128}, 12786560, 11164416},
			{Config{G: "mlp", D: "mlp"}, 6880768, 6817793},
			{Config{G: "mlp", D: "mlp", Hidden: 64}, 813504, 794881},
			{Presets["cifar10-cnn"], 3584003, 5860865}, // by hand
		} {
			m, err := New(test.c)
			require.NoError(t, err)
			require.Equal(t, test.g, nn.NumParameters(m.G))
			require.Equal(t, test.d, nn.NumParameters(m.D))
		}
	})
}

func TestTheCriticLearnsToTellTheDistanceWithinItsClip(t *testing.T) {
	torchtest.Native(t)
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			torch.ManualSeed(1)
			m, err := New(c)
			require.NoError(t, err)
			losses := zootest.Learns(t, m, pictures(c), 8, 12, "D")
			require.Less(t, losses[11], losses[0], "the critic tells more of the distance")
			torch.Scope(func() {
				for _, p := range nn.Parameters(m.D) {
					bound := m.config.WeightClip
					if m.config.ClipBefore { // a step of RMSprop is at most 10·LR
						bound += 10 * m.config.LR
					}
					require.LessOrEqual(t, p.Detach().Abs().Max().Item(), bound+1e-7)
				}
			})
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

func TestTheCriticIsWarmedUpAsTheAuthorsDo(t *testing.T) {
	torchtest.Native(t)
	authors, err := New(Config{Size: 16, Width: 1, Warmup: 100})
	require.NoError(t, err)
	paper, err := New(Config{Size: 16, Width: 1})
	require.NoError(t, err)
	for step, want := range map[int]int{0: 100, 24: 100, 25: 5, 499: 5, 500: 100, 501: 5, 1000: 100} {
		require.Equal(t, want, authors.Parts().Batches(step), "step %d", step)
		require.Equal(t, 5, paper.Parts().Batches(step))
	}
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		"wgan: --size 250 is not 16, 32, 64 or 128":                                                         {Size: 250},
		"wgan: --g cnn and --d cnn are for 32 pixels, not --size 64":                                        {G: "cnn"},
		"wgan: --channels 2 is neither 1 nor 3":                                                             {Channels: 2},
		"wgan: --critic -1 and --gen-batch 1 must be at least 1":                                            {Critic: -1},
		"wgan: --latent 100, --width -1 and --hidden 512 must be at least 1":                                {Width: -1},
		"wgan: --lr 5e-05, --decay 0 and --warmup 0 must not be negative, --weight-clip -1 must be above 0": {WeightClip: -1},
	} {
		_, err := New(c)
		require.EqualError(t, err, want)
	}
}
