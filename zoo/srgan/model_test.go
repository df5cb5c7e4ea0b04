package srgan

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/features"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/checkpoint/pth"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// small is a network of each kind that is quick to train.
var small = map[string]Config{
	"srresnet":        {Blocks: 2, Width: 8, Crop: 32, Adversarial: new(0.0), LR: 1e-3, TV: 1e-8},
	"srgan":           {Blocks: 2, Width: 8, DWidth: 4, Crop: 32, LR: 1e-3, Drop: new(4)},
	"leftthomas":      {Net: "leftthomas", Blocks: thomasBlocks, Critic: "pool", Loss: "probability", Width: 8, DWidth: 4, Crop: 32, Scale: 2, LR: 1e-3},
	"eriklindernoren": {Net: "eriklindernoren", Critic: "patch", Blocks: 2, Width: 8, DWidth: 4, Crop: 32, Scale: 8, LR: 1e-3},
}

// pairs are smooth colour pictures and their means over squares.
type pairs struct {
	zootest.Pictures
	scale int
}

func pairsFor(c Config) pairs {
	return pairs{zootest.Pictures{Items: 32, Channels: 3, Size: c.Crop}, c.Scale}
}

func (p pairs) Fields() []data.Field {
	return []data.Field{{Name: "low", Shape: []int{3, p.Size / p.scale, p.Size / p.scale}}, {Name: "high", Shape: []int{3, p.Size, p.Size}}}
}

func (p pairs) Read(i int, rng *rand.Rand, row []data.Array) error {
	if err := p.Pictures.Read(i, rng, row[1:]); err != nil {
		return err
	}
	n, side := p.Size/p.scale, p.Size
	clear(row[0].Float32)
	for k, v := range row[1].Float32 {
		c, y, x := k/(side*side), k/side%side, k%side
		row[0].Float32[c*n*n+y/p.scale*n+x/p.scale] += v / float32(p.scale*p.scale)
	}
	return nil
}

func TestTheErrorOfPixelsFalls(t *testing.T) {
	torchtest.Native(t)
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			torch.ManualSeed(1)
			m, err := New(c)
			require.NoError(t, err)
			losses := zootest.Learns(t, m, pairsFor(m.config), 8, 8, "G/content")
			require.Less(t, zootest.Mean(losses[4:]), zootest.Mean(losses[:4]), "%v", losses)
		})
	}
}

func TestTheErrorOfFeaturesFalls(t *testing.T) {
	torchtest.Native(t)
	torch.ManualSeed(1)
	c := small["srresnet"]
	c.Content, c.Pixel = "effnet-lite0", 0.1
	m, err := New(c)
	require.NoError(t, err)
	net := features.NewEfficientNetLite0() // with random weights, which compare pictures, too
	nn.Freeze(net)
	m.features = sees{net, net.Normalise}
	losses := zootest.Learns(t, m, pairsFor(m.config), 8, 8, "G/content")
	require.Less(t, zootest.Mean(losses[4:]), zootest.Mean(losses[:4]), "%v", losses)
}

func TestAKilledRunEndsWithTheBitsOfAnUnbrokenOne(t *testing.T) {
	torchtest.Native(t)
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			m, err := New(c)
			require.NoError(t, err)
			zootest.Resumes(t, func() (train.Model, error) { return New(c) }, pairsFor(m.config))
		})
	}
}

// srresnetRun trains an SRResNet for two steps and returns it with its last checkpoint.
func srresnetRun(t *testing.T) (*Model, string) {
	m, err := New(small["srresnet"])
	require.NoError(t, err)
	dir := t.TempDir()
	run, err := train.Open(dir, m, pairsFor(m.config), train.Options{Steps: 2, Batch: 4, Seed: 1})
	require.NoError(t, err)
	defer run.Close()
	require.NoError(t, run.Train(t.Context()))
	return m, filepath.Join(dir, "checkpoints", "latest.safetensors")
}

func TestAnSRGANBeginsWithAnSRResNetAlone(t *testing.T) {
	torchtest.Native(t)
	pretrained, path := srresnetRun(t)
	m, err := New(small["srgan"])
	require.NoError(t, err)
	before := nn.Parameters(m.D)[0].Clone()
	require.NoError(t, train.Init(path, m))
	for i, e := range nn.StateDict(pretrained.G) {
		require.True(t, e.Tensor.Equal(nn.StateDict(m.G)[i].Tensor), e.Name)
	}
	require.True(t, before.Equal(nn.Parameters(m.D)[0]))
	require.Empty(t, m.optG.State().Tensors, "Adam begins afresh")
}

// The names are those of Lornatang/SRGAN-PyTorch.
func TestExportedWeightsHaveTheOfficialNamesAndLoadBack(t *testing.T) {
	torchtest.Native(t)
	trained, path := srresnetRun(t)
	out := filepath.Join(t.TempDir(), "srresnet.pth")
	require.NoError(t, train.Export(path, out))
	f, err := pth.Open(out)
	require.NoError(t, err)
	defer f.Close()
	state, err := checkpoint.Load(out)
	require.NoError(t, err)
	var names []string
	for _, e := range checkpoint.Under(state, "G.") {
		names = append(names, e.Name)
	}
	require.Equal(t, official(2, 2), names)
	other, err := New(small["srresnet"])
	require.NoError(t, err)
	require.NoError(t, train.Init(out, other))
	for i, e := range nn.StateDict(trained.G) {
		require.True(t, e.Tensor.Equal(nn.StateDict(other.G)[i].Tensor), e.Name)
	}
}

func official(blocks, doublings int) []string {
	norm := func(name string) (all []string) {
		for _, n := range []string{"weight", "bias", "running_mean", "running_var", "num_batches_tracked"} {
			all = append(all, name+"."+n)
		}
		return all
	}
	all := []string{"conv1.0.weight", "conv1.0.bias", "conv1.1.weight"}
	for i := range blocks {
		b := fmt.Sprintf("trunk.%d.rcb.", i)
		all = append(append(all, b+"0.weight"), norm(b+"1")...)
		all = append(append(all, b+"2.weight", b+"3.weight"), norm(b+"4")...)
	}
	all = append(append(all, "conv2.0.weight"), norm("conv2.1")...)
	for i := range doublings {
		b := fmt.Sprintf("upsampling.%d.upsample_block.", i)
		all = append(all, b+"0.weight", b+"0.bias", b+"2.weight")
	}
	return append(all, "conv3.weight", "conv3.bias")
}

func TestTheDiscriminatorHasTheOfficialNames(t *testing.T) {
	torchtest.Native(t)
	d := NewDiscriminator(Config{DWidth: 4, Crop: 32})
	var names []string
	for _, e := range nn.StateDict(d) {
		if strings.HasSuffix(e.Name, ".weight") {
			names = append(names, strings.TrimSuffix(e.Name, ".weight"))
		}
	}
	require.Equal(t, strings.Fields("features.0 features.2 features.3 features.5 features.6 features.8 features.9 features.11 features.12 "+
		"features.14 features.15 features.17 features.18 features.20 features.21 classifier.0 classifier.2"), names)
}

// The outputs of a row of the small picture depend on the rows of its Margin, and on no other.
func TestTheMarginIsWhatAnOutputDependsOn(t *testing.T) {
	torchtest.Native(t)
	for name, c := range small {
		for _, scale := range []int{2, 4, 8} {
			t.Run(fmt.Sprintf("%s, %d times", name, scale), func(t *testing.T) {
				torch.Scope(func() {
					c.Scale = scale
					m, err := New(c)
					require.NoError(t, err)
					nn.Eval(m.G)
					margin := m.Translation().Margin
					x := torch.Zeros([]int{1, 3, 2*margin + 9, 3}).Add(torch.Rand([]int{1, 3, 2*margin + 9, 3})).SetRequiresGrad(true)
					row := margin + 4
					m.G.Upscale(x).Narrow(2, scale*row, scale).Square().Sum().Backward()
					rows := torch.Values[float32](x.Grad().Abs().SumDim([]int{0, 1, 3}))
					for i, v := range rows {
						if i < row-margin || i > row+margin {
							require.Zero(t, v, "row %d", i-row)
						}
					}
					require.NotZero(t, rows[row-margin])
					require.NotZero(t, rows[row+margin])
				})
			})
		}
	}
}

func TestTilesGiveTheWholePicture(t *testing.T) {
	torchtest.Native(t)
	torch.ManualSeed(1)
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			torch.Scope(func() {
				m, err := New(c)
				require.NoError(t, err)
				for range 3 { // running statistics of their own
					m.G.Upscale(torch.Rand([]int{2, 3, 8, 8}))
				}
				does := m.Translation()
				upscale := func(x *torch.Tensor) *torch.Tensor {
					return m.Translate(train.NewBatch(map[string]*torch.Tensor{"low": x}), false)
				}
				x := signed(torch.Rand([]int{1, 3, 37, 53}))
				whole := upscale(x)
				require.Equal(t, []int{1, 3, does.Scale * 37, does.Scale * 53}, whole.Shape())
				tiles := translation.Tiles{Side: 11, Margin: does.Margin, Scale: does.Scale}
				require.LessOrEqual(t, translation.Tiled(upscale, x, tiles).Sub(whole).Abs().Max().Item(), 1e-5)
				tiles.Margin = 2 // too little
				require.Greater(t, translation.Tiled(upscale, x, tiles).Sub(whole).Abs().Max().Item(), 1e-4)
			})
		})
	}
}

func TestTheGridShowsBicubicOutputAndOriginal(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(small["srgan"])
		require.NoError(t, err)
		set := pairsFor(m.config)
		require.NoError(t, train.Exhibit(m, set, 3, torch.Device{}))
		require.Equal(t, 3, m.Columns())
		grid := m.Preview()
		require.Equal(t, []int{9, 3, 32, 32}, grid.Shape())
		require.True(t, grid.Select(0, 3).Equal(m.bicubic.Select(0, 1)))
		require.True(t, grid.Select(0, 4).Equal(m.Translate(train.NewBatch(map[string]*torch.Tensor{"low": m.low}), false).Select(0, 1)))
		require.True(t, grid.Select(0, 5).Equal(m.high.Select(0, 1)))
	})
}

func TestLearningRatesFallToATenth(t *testing.T) {
	torchtest.Native(t)
	m, err := New(small["srgan"])
	require.NoError(t, err)
	for step, want := range []float64{1e-3, 1e-3, 1e-3, 1e-3, 1e-4, 1e-4} {
		require.InDelta(t, want, m.optG.Groups()[0].LR, 1e-12, "step %d", step)
		require.InDelta(t, want, m.optD.Groups()[0].LR, 1e-12, "step %d", step)
		for _, s := range m.Parts().Schedules {
			s.Scheduler.Step()
		}
	}
}

func TestICNRBeginsWithoutACheckerboard(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		for _, icnr := range []bool{false, true} {
			c, err := Config{Blocks: 1, Width: 4, Crop: 32, ICNR: icnr}.withDefaults()
			require.NoError(t, err)
			up := NewSRResNet(c).Upsampling.Layers[0].(*doubling).Forward(torch.Rand([]int{1, 4, 5, 5}))
			blocks := up.AvgPool2d([]int{2, 2}).UpsampleNearest2d([]int{10, 10})
			require.Equal(t, icnr, up.Sub(blocks).Abs().Max().Item() < 1e-6)
		}
	})
}

func TestAMissingFeatureNetworkIsAnErrorBeforeARunBegins(t *testing.T) {
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "FORGER_CACHE", "FORGER_WEIGHTS"} {
		t.Setenv(name, t.TempDir())
	}
	for content, want := range map[string]string{"vgg54": "VGG", "vgg22": "VGG", "effnet-lite0": "EfficientNet"} {
		_, err := System.Open(t.Context(), &Config{Content: content}, train.DataRequest{Name: "nowhere"})
		require.ErrorContains(t, err, "srgan: --content "+content)
		require.ErrorContains(t, err, want)
	}
	_, err := System.Open(t.Context(), &Config{Content: "vgg54", Crop: 96, Scale: 4}, train.DataRequest{Name: "nowhere", Split: data.Test})
	require.ErrorContains(t, err, "nowhere", "scores need no features")
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		"srgan: --scale 3 is neither 2 nor 4 nor 8":                                     {Scale: 3},
		"srgan: --crop 97 is not a multiple of --scale 4 of at least 16":                {Crop: 97},
		"srgan: --crop 88 is not a multiple of 16, as --critic dense needs":             {Crop: 88},
		"srgan: --blocks -1, --width 64 and --d-width 64 must be at least 1":            {Blocks: -1},
		"srgan: --net leftthomas has --blocks 5, not 16":                                {Net: "leftthomas"},
		"srgan: --unit and --icnr are for --net srresnet, not leftthomas":               {Net: "leftthomas", Blocks: 5, Unit: true},
		"srgan: --lr -1 and --drop 100000 must not be negative, --beta1 0.9 must be in": {LR: -1},
		"must not be negative": {TV: -1},
	} {
		_, err := New(c)
		require.ErrorContains(t, err, want)
	}
}
