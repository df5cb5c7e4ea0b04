package biggan

import (
	"path/filepath"
	"slices"
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
	"tables": {Channels: 1, Classes: 3, Latent: 8, Width: 2, DWidth: 2, LR: 1e-3, DLR: 2e-3, DSteps: 2, AverageFrom: 3},
	"hierarchical": {
		Channels: 1, Classes: 3, Latent: 8, Width: 2, DWidth: 2, Shared: 4, Hierarchical: true, Attention: 16, WeightInit: "ortho",
		LR: 1e-3, DLR: 2e-3, DSteps: 1, Ortho: 1e-4, AverageFrom: 3, OwnBN: true, BNEval: true,
	},
	"deep": {
		Channels: 1, Classes: 3, Deep: true, Latent: 8, Width: 4, DWidth: 4, Shared: 4, Attention: 16, WeightInit: "xavier",
		LR: 1e-3, DLR: 2e-3, DSteps: 1, AverageFrom: 3,
	},
}

var discs = zootest.Labelled{Pictures: zootest.Pictures{Items: 32, Channels: 1, Size: 32}, Classes: 3}

func build(t *testing.T, c Config) *Model {
	t.Helper()
	m, err := New(c)
	require.NoError(t, err)
	return m
}

func TestTheDiscriminatorLearns(t *testing.T) {
	torchtest.Native(t)
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			torch.ManualSeed(1)
			m := build(t, c)
			real := zootest.Learns(t, m, discs, 8, 10, "D/real")
			require.Less(t, zootest.Mean(real[5:]), zootest.Mean(real[:5]), "%v", real)
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

func TestTheAverageIsACopyUntilItBegins(t *testing.T) {
	torchtest.Native(t)
	decay := build(t, small["tables"]).Parts().Average
	require.Equal(t, []float64{0, 0, 0.9999, 0.9999}, []float64{decay(0), decay(1), decay(2), decay(3)})
}

func TestARunAveragesStatisticsAndVectorsLikeWeights(t *testing.T) {
	torchtest.Native(t)
	torch.ManualSeed(1)
	c := small["tables"]
	c.DSteps = 1
	dir := filepath.Join(t.TempDir(), "run")
	run, err := train.Open(dir, build(t, c), discs, train.Options{Steps: 4, Batch: 4, Threads: 1})
	require.NoError(t, err)
	defer run.Close()
	require.NoError(t, run.Train(t.Context()))
	checkpoint, err := train.FindCheckpoint(dir)
	require.NoError(t, err)
	averaged, last := build(t, c), build(t, c)
	require.NoError(t, train.LoadCheckpoint(checkpoint, averaged))
	require.NoError(t, train.LoadCheckpoint(checkpoint, last, train.LoadOptions{Raw: true}))
	for i, e := range nn.StateDict(last.G) {
		if e.Buffer && e.Tensor.Numel() > 1 { // the average is nearly what the second step left
			require.False(t, e.Tensor.Equal(nn.StateDict(averaged.G)[i].Tensor), e.Name)
		}
	}
}

func TestAPictureIsOfItsClassAndOfItsLatent(t *testing.T) {
	torchtest.Native(t)
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			torch.Scope(func() {
				m := build(t, c)
				nn.Eval(m.G)
				torch.NoGrad(func() {
					z := m.Latents(1)
					y, other := torch.FromSlice([]int64{0}), torch.FromSlice([]int64{1})
					x := m.G.Forward(z, y)
					require.False(t, x.Equal(m.G.Forward(z, other)), "the class does not count")
					for k := range m.config.Latent {
						changed := z.Clone()
						changed.Narrow(1, k, 1).FillInPlace(9)
						require.False(t, x.Equal(m.G.Forward(changed, y)), "number %d of the latent does not count", k)
					}
				})
			})
		})
	}
}

func TestTheGridHasARowForEachClass(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m := build(t, small["hierarchical"])
		grid := m.Preview()
		require.Equal(t, []int{3 * columns, 1, 32, 32}, grid.Shape())
		rows := grid.Chunk(3)
		diff, _ := torchtest.MaxDiff(t, rows[1], m.GenerateClasses(m.fixed, torch.FromSlice([]int64{1, 1, 1, 1, 1, 1, 1, 1})))
		require.LessOrEqual(t, diff, 1e-6) // running statistics: a picture does not depend on the others
		require.False(t, rows[0].Equal(rows[1]))
	})
}

func TestTruncatedLatentsStayWithinTheLimitAndAreScaled(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c := small["tables"]
		c.Truncation, c.ZStd = 1, new(0.5)
		m := build(t, c)
		z := m.truncated(500)
		require.LessOrEqual(t, z.Abs().Max().Item(), 0.5)
		require.Greater(t, z.Abs().Max().Item(), 0.49)
		require.InDelta(t, 0.27, z.Std().Item(), 0.01) // of a normal distribution cut off at ±1, times ½
	})
}

func TestOrthogonalRegularisationLeavesTheSharedEmbeddingAlone(t *testing.T) {
	torchtest.Native(t)
	m := build(t, small["hierarchical"])
	require.False(t, slices.Contains(m.regular, m.G.Shared.Weight))
	require.Len(t, m.regular, len(nn.Parameters(m.G))-1)
}

func TestTheGeneratorOf512PixelsHasNoDiscriminator(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c := Config{Size: 512, Width: 1, Latent: 128, Shared: 4, Hierarchical: true, Classes: 2}
		g, err := NewGenerator(c)
		require.NoError(t, err)
		torch.NoGrad(func() {
			x := g.Forward(torch.Randn([]int{1, 128}), torch.FromSlice([]int64{1}))
			require.Equal(t, []int{1, 3, 512, 512}, x.Shape())
		})
		_, err = New(c)
		require.EqualError(t, err, "biggan: there is a generator for --size 512, but no discriminator; --size 256 is the largest with both")
	})
}

func TestALatentThatDoesNotDivideLosesTheRest(t *testing.T) {
	torchtest.Native(t)
	c := small["hierarchical"]
	c.Latent = 10
	require.Equal(t, 8, build(t, c).config.Latent)
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		"biggan: --size 48 is not 32, 64, 128 or 256":                                                      {Size: 48},
		"biggan: --channels 2 is neither 1 nor 3":                                                          {Channels: 2},
		"biggan: --classes -1, --latent 128, --width 64, --d-width 64 and --depth 2 must be at least 1":    {Classes: -1},
		"biggan: --shared 0 must be at least 1 with --hierarchical or --deep, which join it to the latent": {Hierarchical: true},
		"biggan: --deep gives every block the whole latent, not a piece of it as --hierarchical does":      {Deep: true, Hierarchical: true, Shared: 8},
		"biggan: --latent 3 is too short for 4 pieces":                                                     {Latent: 3, Hierarchical: true, Shared: 8},
		"biggan: --width 2 and --d-width 64 must be at least 4 with --deep":                                {Deep: true, Shared: 8, Width: 2},
		"biggan: --attention 64 is not one of the resolutions [8 16 32]":                                   {Attention: 64},
		"biggan: --attention 32 is not one of the resolutions [16 16 16 16]":                               {Attention: 32},
		"biggan: --attention 16 takes at least 8 feature maps, and there are 4 with a width of 1":          {Attention: 16, Width: 1},
		"biggan: --d-steps -1 and --average-from 1000 must be at least 1":                                  {DSteps: -1},
		"biggan: --lr -1, --dlr 0.0002, --adam-eps 1e-08 and --sn-eps 1e-12 must not be negative":          {LR: -1},
		"biggan: --ortho 0, --truncation -1 and --z-std 1 must not be negative":                            {Truncation: -1},
		"biggan: --truncation 0.001 is below 0.01, and drawing latents anew would take long":               {Truncation: 0.001},
	} {
		_, err := New(c)
		require.EqualError(t, err, want)
	}
}
