package gan

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

var _ train.Model = (*Model)(nil)

func TestParameterCountsAreTheReferences(t *testing.T) {
	torchtest.Native(t)
	torch.SkipInit(func() {
		for preset, want := range map[string][2]int{"mnist": {2503984, 1231441}, "torch": {1510032, 533505}} {
			m, err := New(Presets[preset])
			require.NoError(t, err)
			require.Equal(t, want, [2]int{nn.NumParameters(m.G), nn.NumParameters(m.D)}, preset)
		}
	})
}

func TestMaxoutTakesTheLargestOfItsPieces(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m := NewMaxout(2, 3, 5)
		x := torch.Randn([]int{4, 2})
		units, got := torch.Values[float32](m.Linear.Forward(x)), torch.Values[float32](m.Forward(x))
		require.Len(t, got, 12)
		for i := range got {
			most := float32(math.Inf(-1))
			for _, u := range units[5*i : 5*i+5] {
				most = max(most, u)
			}
			require.Equal(t, most, got[i])
		}
	})
}

func TestTheNetworksOfThePaperBeginAsItsProgramDoes(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		torch.ManualSeed(1)
		m, err := New(Presets["mnist"])
		require.NoError(t, err)
		for net, bound := range map[*nn.Sequential]float64{m.G: 0.05, m.D: 0.005} {
			for _, p := range nn.Parameters(net) {
				most := p.Detach().Abs().Max().Item()
				require.LessOrEqual(t, most, bound+1e-9)
				require.True(t, p.Dim() == 1 && most == 0 || p.Dim() == 2 && most > 0.9*bound)
			}
		}
		z := m.latents(2000)
		require.InDelta(t, 1, z.Std().Item(), 0.01)
		require.LessOrEqual(t, z.Abs().Max().Item(), math.Sqrt(3)+1e-6)
		pixels := m.Sample(3)
		require.Equal(t, []int{3, 1, 28, 28}, pixels.Shape())
	})
}

func TestTheDiscriminatorLearns(t *testing.T) {
	torchtest.Native(t)
	pictures := zootest.Pictures{Items: 64, Channels: 1, Size: side}
	for preset, set := range map[string]data.Dataset{"torch": pictures, "mnist": pictures, "grid25": data.FindMixture("grid25"), "ring8-r1": data.FindMixture("ring8")} {
		t.Run(preset, func(t *testing.T) {
			torch.ManualSeed(1)
			c := Presets[preset]
			if preset == "mnist" { // its weights begin so small that SGD needs thousands of steps
				c.Optimizer, c.LR = "adam", 1e-3
			}
			m, err := New(c)
			require.NoError(t, err)
			losses := zootest.Learns(t, m, set, 32, 12, "D/real")
			require.Less(t, zootest.Mean(losses[6:]), zootest.Mean(losses[:6]), "%v", losses)
		})
	}
}

func TestAKilledRunEndsWithTheBitsOfAnUnbrokenOne(t *testing.T) {
	for name, set := range map[string]data.Dataset{
		"ring8": data.FindMixture("ring8"), "mnist": zootest.Pictures{Items: 32, Channels: 1, Size: side},
	} {
		t.Run(name, func(t *testing.T) {
			c := Presets[name]
			c.K = 2
			zootest.Resumes(t, func() (train.Model, error) { return New(c) }, set)
		})
	}
}

func TestStatisticsSeeACollapse(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		ring := data.FindMixture("ring8")
		p := newPlane(ring)
		stats := func(points ...float32) (modes, quality float64) {
			v := p.stats(torch.FromSlice(points, len(points)/2, 2))
			return v[0].Value.Item(), v[1].Value.Item()
		}
		modes, quality := stats(2, 0, 2, 0.05, 1.9, 0, 0, 0)
		require.Equal(t, 1.0, modes, "one mode, hit twice; 1.9 is five deviations away")
		require.Equal(t, 0.5, quality)
		modes, quality = stats(p.centres...)
		require.Equal(t, 8.0, modes)
		require.Equal(t, 1.0, quality)
	})
}

func TestThePicturesShowDensitiesAndTheBestDiscriminator(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		p := newPlane(data.FindMixture("ring8"))
		cell := math.Pow(2*p.reach/raster, 2)
		points := torch.FromSlice(p.centres, 8, 2)
		require.InDelta(t, 1, p.density(points, bandwidth).Sum().Item()*cell, 1e-3, "a density sums to 1")

		// The generator has only the mode at (2, 0), on the right; D is sure that all is real.
		certain := nn.NewSequential(nn.NewLinear(2, 1))
		certain.Layers[0].(*nn.Linear).Weight.SetData(torch.Zeros([]int{1, 2}))
		certain.Layers[0].(*nn.Linear).Bias.SetData(torch.Full([]int{1}, 50.0))
		x := p.pictures(points.Narrow(0, 0, 1), certain)
		require.Equal(t, []int{4, 1, raster, raster}, x.Shape())
		pixel := func(picture int, px, py float64) float64 {
			column := int((px/p.reach + 1) / 2 * raster)
			row := int((1 - py/p.reach) / 2 * raster)
			return x.Select(0, picture).Select(0, 0).Select(0, row).Select(0, column).Item()
		}
		require.Greater(t, pixel(0, 0, 2), 0.8, "data above")
		require.Greater(t, pixel(0, 2, 0), 0.8, "data on the right")
		require.InDelta(t, -1, pixel(0, 0, 0), 1e-3, "no data in the midst")
		require.InDelta(t, -1, pixel(1, 0, 2), 1e-3, "no generated points above")
		require.InDelta(t, 1, pixel(1, 2, 0), 1e-6)
		require.InDelta(t, 1, pixel(2, 0, 2), 1e-3, "what is above is real")
		require.InDelta(t, 2*1./9-1, pixel(2, 2, 0), 0.05, "on the right one of nine is real: an eighth of the data against all of G")
		require.InDelta(t, 0, pixel(2, 0, 0), 1e-2, "nothing is there")
		require.InDelta(t, 1, pixel(3, 0, 0), 1e-6)
	})
}

func TestOtherDataAreRefusedInASentence(t *testing.T) {
	torchtest.Native(t)
	m, err := New(Presets["ring8"])
	require.NoError(t, err)
	e := torch.Try(func() {
		m.Step(train.NewBatch(map[string]*torch.Tensor{"image": torch.Zeros([]int{2, 1, 28, 28})}))
	})
	require.ErrorContains(t, e, "the data have no field point: --net points is for ring8 and grid25, the others for pictures")
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		"gan: --mixture moons is neither ring8 nor grid25":                   {Mixture: "moons"},
		"gan: --latent 100, --hidden 128 and --k -1 must be at least 1":      {K: -1},
		"gan: --lr 0.0002 must not be negative, --beta1 1 must be in [0, 1)": {Beta1: new(1.0)},
	} {
		_, err := New(c)
		require.EqualError(t, err, want)
	}
}
