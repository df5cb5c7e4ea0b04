package stackgan

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/checkpoint/pth"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// small are settings of each stage and program that are quick to train.
var small = map[string]Config{
	"tf, Stage I":  {Text: 6, Condition: 4, Latent: 3, Width: 4, DWidth: 4, LR: 1e-3, Halve: new(1)},
	"pt, Stage I":  {Text: 6, Condition: 4, Latent: 3, Width: 4, DWidth: 4, LR: 1e-3, Flavour: "pt"},
	"tf, Stage II": {Text: 6, Condition: 4, Latent: 3, Width: 4, DWidth: 2, LR: 1e-3, Stage: 2, Size: 128, Blocks: 1},
	"pt, Stage II": {Text: 6, Condition: 4, Latent: 3, Width: 4, DWidth: 2, LR: 1e-3, Flavour: "pt", Stage: 2, Size: 128, Blocks: 1},
}

// told is discs whose text says how large they are, and a wrong one of another size.
type told struct {
	zootest.Pictures
	text int
}

func toldFor(c Config) told {
	return told{zootest.Pictures{Items: 32, Channels: 3, Size: max(sketchSize, c.Size)}, c.Text}
}

func (s told) Fields() []data.Field {
	picture := s.Pictures.Fields()[0]
	return []data.Field{picture, {Name: "text", Shape: []int{s.text}}, {Name: "wrong", Shape: picture.Shape}}
}

func (s told) Read(i int, rng *rand.Rand, row []data.Array) error {
	copy(row[1].Float32, s.Embeddings(i)[0])
	if err := s.Pictures.Read(i+1+rng.IntN(7), rng, row[2:]); err != nil {
		return err
	}
	return s.Pictures.Read(i, rng, row[:1])
}

func (s told) TextSize() int { return s.text }

// Embeddings are two captions of each item; the first numbers are the item's and the caption's.
func (s told) Embeddings(i int) [][]float32 {
	out := [][]float32{make([]float32, s.text), make([]float32, s.text)}
	for k, text := range out {
		text[0], text[1] = float32(i), float32(k)
		for j := 2; j < s.text; j++ {
			text[j] = float32(math.Sin(float64((i%8+1)*j + k)))
		}
	}
	return out
}

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
			set := toldFor(c)
			require.NoError(t, m.Inform(set))
			losses := zootest.Learns(t, m, set, 8, 8, "D/real")
			require.Less(t, zootest.Mean(losses[4:]), zootest.Mean(losses[:4]), "%v", losses)
		})
	}
}

func TestAKilledRunEndsWithTheBitsOfAnUnbrokenOne(t *testing.T) {
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			zootest.Resumes(t, func() (train.Model, error) { return New(c) }, toldFor(c))
		})
	}
}

// trained trains settings for two steps and returns the run's folder.
func trained(t *testing.T, c Config, o train.Options) (*Model, string) {
	t.Helper()
	torch.ManualSeed(1)
	m := build(t, c)
	o.Steps, o.Batch, o.Seed, o.Threads = 2, 4, 1, 1
	dir := filepath.Join(t.TempDir(), "run")
	run, err := train.Open(dir, m, toldFor(c), o)
	require.NoError(t, err)
	defer run.Close()
	require.NoError(t, run.Train(t.Context()))
	return m, dir
}

// first and second are the settings of the stages of a program.
func stages(flavour string) (first, second Config) {
	return small[flavour+", Stage I"], small[flavour+", Stage II"]
}

func TestStageIIBeginsWithARunOfStageIAndHoldsIt(t *testing.T) {
	torchtest.Native(t)
	for _, flavour := range []string{"tf", "pt"} {
		t.Run(flavour, func(t *testing.T) {
			c, c2 := stages(flavour)
			stage1, dir := trained(t, c, train.Options{})
			c2.Stage1 = dir
			m, dir2 := trained(t, c2, train.Options{})
			held := m.G.(*Stage2).Stage1
			for i, e := range nn.StateDict(stage1.G) {
				own := nn.StateDict(held)[i]
				require.Equal(t, !e.Buffer, e.Tensor.Equal(own.Tensor), "%s: weights stay, statistics move", e.Name)
			}

			loaded, err := train.Load(dir2, func(string) (train.System, error) { return System, nil })
			require.NoError(t, err)
			torch.Scope(func() {
				text := torch.Randn([]int{2, c.Text})
				torch.ManualSeed(7)
				want := m.SampleText(text)
				torch.ManualSeed(7)
				require.True(t, want.Equal(loaded.(*Model).SampleText(text)))
				require.Equal(t, []int{2, 3, 128, 128}, want.Shape())
			})
		})
	}
}

func TestARunOfStageIIGoesOnWithoutTheRunOfStageI(t *testing.T) {
	torchtest.Native(t)
	c, c2 := stages("pt")
	_, dir := trained(t, c, train.Options{})
	c2.Stage1 = filepath.Join(t.TempDir(), "moved")
	require.NoError(t, os.Rename(dir, c2.Stage1))
	_, dir2 := trained(t, c2, train.Options{})
	require.NoError(t, os.Rename(c2.Stage1, dir))
	run, err := train.Open(dir2, build(t, c2), toldFor(c2), train.Options{Steps: 3, Batch: 4, Seed: 1})
	require.NoError(t, err)
	defer run.Close()
	require.NoError(t, run.Train(t.Context()))
	require.Equal(t, 3, run.Step())
}

func TestStageIIBeginsWithAveragedWeights(t *testing.T) {
	torchtest.Native(t)
	c, c2 := stages("tf")
	stage1, dir := trained(t, c, train.Options{EMA: "0.5:constant"})
	c2.Stage1 = dir
	m := build(t, c2)
	require.NoError(t, m.Begin(nil))
	file, err := train.FindCheckpoint(dir)
	require.NoError(t, err)
	averaged := build(t, c)
	require.NoError(t, train.LoadCheckpoint(file, averaged))
	for i, e := range nn.StateDict(averaged.G) {
		require.True(t, e.Tensor.Equal(nn.StateDict(m.G.(*Stage2).Stage1)[i].Tensor), e.Name)
	}
	require.False(t, nn.Parameters(stage1.G)[0].Equal(nn.Parameters(averaged.G)[0]))
}

// The official program saves tensors alone, in old files without num_batches_tracked.
func TestStageIIBeginsWithAFileOfTheOfficialProgram(t *testing.T) {
	torchtest.Native(t)
	c, c2 := stages("pt")
	stage1, _ := trained(t, c, train.Options{})
	c2.Stage1 = filepath.Join(t.TempDir(), "netG_epoch_120.pth")
	var old []nn.Entry
	for _, e := range nn.StateDict(stage1.G) {
		if !strings.HasSuffix(e.Name, "num_batches_tracked") {
			old = append(old, e)
		}
	}
	require.NoError(t, pth.Save(c2.Stage1, pth.FromState(old)))
	m := build(t, c2)
	require.NoError(t, m.Begin(nil))
	for _, e := range nn.StateDict(m.G.(*Stage2).Stage1) {
		for _, o := range old {
			require.True(t, o.Name != e.Name || o.Tensor.Equal(e.Tensor), e.Name)
		}
	}
}

func TestAMissingOrWrongStageIIsOneSentence(t *testing.T) {
	torchtest.Native(t)
	c, c2 := stages("pt")
	_, dir := trained(t, c, train.Options{})
	begin := func(change func(*Config)) error {
		c := c2
		change(&c)
		return build(t, c).Begin(nil)
	}
	require.EqualError(t, begin(func(*Config) {}), "stackgan: --stage 2 begins with a trained Stage I: name its run with --stage1")
	require.EqualError(t, begin(func(c *Config) { c.Stage1 = "runs/none" }), "stackgan: --stage1: there is no runs/none")
	c2.Stage1 = dir
	require.NoError(t, begin(func(*Config) {}))
	for _, change := range []func(*Config){
		func(c *Config) { c.Flavour = "tf" },
		func(c *Config) { c.Text++ },
		func(c *Config) { c.Width = 8 },
	} {
		require.ErrorContains(t, begin(change), "stackgan: --stage1 "+dir+" is no Stage I of these settings (--flavour, --text, --condition, --latent, --width): the state does not fit")
	}
	_, whole := trained(t, c2, train.Options{})
	require.EqualError(t, begin(func(c *Config) { c.Stage1 = whole }), "stackgan: --stage1 "+whole+" is a Stage II: to go on from it take --init")
	file, err := train.FindCheckpoint(whole)
	require.NoError(t, err)
	c2.Stage1 = ""
	trained(t, c2, train.Options{Init: file})
}

// The names are those of hanzhanggit/StackGAN-Pytorch.
func TestExportedWeightsHaveTheOfficialNames(t *testing.T) {
	torchtest.Native(t)
	c, c2 := stages("pt")
	c2.Size, c2.Blocks = 256, 2
	bn := func(names string) (all []string) {
		for _, name := range strings.Fields(names) {
			if name, plain := strings.CutSuffix(name, "!"); plain {
				all = append(all, name)
				continue
			}
			for _, n := range []string{"weight", "bias", "running_mean", "running_var", "num_batches_tracked"} {
				all = append(all, name+"."+n)
			}
		}
		return all
	}
	ca, ups := "ca_net.fc.weight! ca_net.fc.bias! ", ""
	for _, n := range []string{"1", "2", "3", "4"} {
		ups += "upsample" + n + ".1.weight! upsample" + n + ".2 "
	}
	g1 := bn(ca + "fc.0.weight! fc.1 " + ups + "img.0.weight!")
	g2 := bn(ca + "encoder.0.weight! encoder.2.weight! encoder.3 encoder.5.weight! encoder.6 hr_joint.0.weight! hr_joint.1 " +
		"residual.0.block.0.weight! residual.0.block.1 residual.0.block.3.weight! residual.0.block.4 " +
		"residual.1.block.0.weight! residual.1.block.1 residual.1.block.3.weight! residual.1.block.4 " + ups + "img.0.weight!")
	for i := range g1 {
		g2 = append(g2[:i:i], append([]string{"STAGE1_G." + g1[i]}, g2[i:]...)...)
	}
	cond := " get_cond_logits.outlogits.0.weight! get_cond_logits.outlogits.1 get_cond_logits.outlogits.3.weight! get_cond_logits.outlogits.3.bias!"
	encode := "encode_img.0.weight! encode_img.2.weight! encode_img.3 encode_img.5.weight! encode_img.6 encode_img.8.weight! encode_img.9"
	deeper := " encode_img.11.weight! encode_img.12 encode_img.14.weight! encode_img.15 encode_img.17.weight! encode_img.18 encode_img.20.weight! encode_img.21"
	uncond := " get_uncond_logits.outlogits.0.weight! get_uncond_logits.outlogits.0.bias!"
	m, m2 := build(t, c), build(t, c2)
	zootest.SavesNames(t, m.G, g1)
	zootest.SavesNames(t, m2.G, g2)
	zootest.SavesNames(t, m.D, bn(encode+cond))
	zootest.SavesNames(t, m2.D, bn(encode+deeper+cond+uncond))

	_, dir := trained(t, c, train.Options{})
	file, err := train.FindCheckpoint(dir)
	require.NoError(t, err)
	out := filepath.Join(t.TempDir(), "stackgan.pth")
	require.NoError(t, train.Export(file, out))
	state, err := checkpoint.Load(out)
	require.NoError(t, err)
	var names []string
	for _, e := range checkpoint.Under(state, "G.") {
		names = append(names, e.Name)
	}
	require.Equal(t, g1, names)
	require.NoError(t, train.Init(out, build(t, c)))
}

func TestTheGridHasATextARow(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c, c2 := stages("tf")
		for _, test := range []struct {
			c       Config
			columns int
		}{{c, 8}, {c2, 7}} {
			m, set := build(t, test.c), toldFor(test.c)
			require.NoError(t, train.Exhibit(m, set, 2, torch.Device{}))
			require.Equal(t, test.columns, m.Columns())
			grid := m.Preview()
			require.Equal(t, []int{2 * test.columns, 3, set.Size, set.Size}, grid.Shape())
			require.True(t, grid.Equal(m.Preview()), "the grid is always made of the same numbers")
			require.True(t, grid.Select(0, test.columns).Equal(m.real.Select(0, 1)))
			require.False(t, grid.Select(0, 1).Equal(grid.Select(0, 2)))
			if test.c.Stage == 2 { // a sketch, twice as large
				blocks := grid.Narrow(0, 1, 1)
				require.True(t, blocks.Equal(nn.Interpolate(blocks.AvgPool2d([]int{2, 2}), nn.Interpolation{Scale: 2})))
			}
		}
	})
}

func TestSamplesAreOfCaptionsThatTheModelRemembers(t *testing.T) {
	torchtest.Native(t)
	c, _ := stages("tf")
	for _, test := range []struct {
		items       int
		last, round float32
	}{
		{32, 31, 1},                           // all items again and again, with each of their captions
		{2 * remembered, 2*remembered - 2, 1}, // every second one
	} {
		m, set := build(t, c), toldFor(c)
		set.Items = test.items
		require.NoError(t, m.Inform(set))
		rows := torch.Values[float32](m.bank)
		require.Equal(t, []float32{test.last, test.round}, rows[(remembered-1)*c.Text:(remembered-1)*c.Text+2])
	}
}

func TestASetThatDoesNotFitIsAnError(t *testing.T) {
	torchtest.Native(t)
	c, _ := stages("tf")
	m, set := build(t, c), toldFor(c)
	require.EqualError(t, m.Inform(set.Pictures), "stackgan: pictures has no captions")
	set.text = 384
	require.EqualError(t, m.Inform(set), "stackgan: the captions of pictures have embeddings of 384 numbers: take --text 384, not 6")

	torch.Scope(func() {
		batch := func(n int) *train.Batch {
			return train.NewBatch(map[string]*torch.Tensor{"image": torch.Zeros([]int{n, 3, 64, 64}), "text": torch.Zeros([]int{n, 6})})
		}
		require.ErrorContains(t, torch.Try(func() { m.Step(batch(2)) }), "--flavour tf learns from pictures of other classes")
		c.Flavour = "pt"
		require.ErrorContains(t, torch.Try(func() { build(t, c).Step(batch(1)) }), "one value a channel, in [1 512], has no variance",
			"so the last picture of a part always has a next one")
	})
}

func TestLearningRatesAreHalvedAgainAndAgain(t *testing.T) {
	torchtest.Native(t)
	c, _ := stages("tf")
	c.Halve = new(2)
	m := build(t, c)
	for epoch, want := range []float64{1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4} {
		require.InDelta(t, want, m.optG.Groups()[0].LR, 1e-12, "epoch %d", epoch)
		require.InDelta(t, want, m.optD.Groups()[0].LR, 1e-12, "epoch %d", epoch)
		for _, s := range m.Parts().Schedules {
			require.True(t, s.Epochs)
			s.Scheduler.Step()
		}
	}
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		"stackgan: --stage 3 is neither 1 nor 2":                       {Stage: 3},
		"stackgan: --size 128 is not that of Stage I, 64":              {Size: 128},
		"stackgan: --stage1 runs/a is for --stage 2":                   {Stage1: "runs/a"},
		"stackgan: --size 64 of Stage II is neither 128 nor 256":       {Stage: 2, Size: 64},
		"--text -1, --condition 128 and --latent 100 must be at least": {Text: -1},
		"stackgan: --width 6 is not a multiple of 4":                   {Width: 6},
		"--d-width -1, --blocks 4 and --captions 4 must be at least 1": {DWidth: -1},
		"--kl 2, --lr -1 and --halve 50 must not be negative":          {LR: -1},
	} {
		_, err := New(c)
		require.ErrorContains(t, err, want)
	}
}
