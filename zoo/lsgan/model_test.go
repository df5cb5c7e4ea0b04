package lsgan

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
	"112":     {Channels: 1, Latent: 8, Width: 2},
	"64":      {Size: 64, Channels: 1, Latent: 8, Width: 2, NormG: "none"},
	"32":      {Size: 32, Channels: 1, Latent: 8, Width: 4},
	"pearson": {Size: 32, Channels: 1, Latent: 8, Width: 4, NormG: "none", NormD: "none", Loss: "pearson", RMSprop: true},
}

func pictures(c Config) zootest.Pictures {
	return zootest.Pictures{Items: 32, Channels: 1, Size: max(c.Size, 32)}
}

func TestParameterCountsAreTheReferences(t *testing.T) {
	torchtest.Native(t)
	torch.SkipInit(func() {
		for preset, want := range map[string][2]int{
			"paper": {15591427, 4333441}, "stability-rms": {12702851, 4314753},
			"stability": {12702851, 4314753 + 2*(128+256+512)}, // and three batch norms
		} {
			m, err := New(Presets[preset])
			require.NoError(t, err)
			got := [2]int{nn.NumParameters(m.G), nn.NumParameters(m.D)}
			require.Equal(t, want, got, preset)
		}
	})
}

func TestTheDiscriminatorLearns(t *testing.T) {
	torchtest.Native(t)
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			if c.Size == 0 {
				c.Size = 112
			}
			torch.ManualSeed(1)
			m, err := New(c)
			require.NoError(t, err)
			losses := zootest.Learns(t, m, pictures(c), 8, 8, "D")
			require.Less(t, zootest.Mean(losses[4:]), zootest.Mean(losses[:4]), "%v", losses)
		})
	}
}

func TestBothConventionsOfLabels(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		real, fake := torch.FromSlice([]float32{0.5, 2}, 2, 1), torch.FromSlice([]float32{-1, 0.5}, 2, 1)
		for name, want := range map[string][2]float64{
			"0/1":     {(0.25+1)/4 + (1+0.25)/4, (4 + 0.25) / 4},
			"pearson": {(0.25+1)/4 + (0+2.25)/4, (1 + 0.25) / 4},
		} {
			require.InDelta(t, want[0], losses[name].Discriminator(real, fake).Item(), 1e-6, name)
			require.InDelta(t, want[1], losses[name].Generator(fake).Item(), 1e-6, name)
		}
	})
}

func TestAKilledRunEndsWithTheBitsOfAnUnbrokenOne(t *testing.T) {
	for _, name := range []string{"32", "pearson"} {
		t.Run(name, func(t *testing.T) {
			zootest.Resumes(t, func() (train.Model, error) { return New(small[name]) }, pictures(small[name]))
		})
	}
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		"lsgan: --size 128 is not 32, 64 or 112":                              {Size: 128},
		"lsgan: --channels 2 is neither 1 nor 3":                              {Channels: 2},
		"lsgan: --latent 1024 and --width -1 must be at least 1":              {Width: -1},
		"lsgan: --lr 0.001 must not be negative, --beta1 1 must be in [0, 1)": {Beta1: new(1.0)},
	} {
		_, err := New(c)
		require.EqualError(t, err, want)
	}
}
