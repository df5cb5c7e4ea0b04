package pix2pix

import (
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint/pth"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// negatives are pictures with their negatives.
type negatives struct{ zootest.Pictures }

func (s negatives) Fields() []data.Field {
	shape := s.Pictures.Fields()[0].Shape
	return []data.Field{{Name: "A", Shape: shape}, {Name: "B", Shape: shape}}
}

func (s negatives) Read(i int, rng *rand.Rand, row []data.Array) error {
	if err := s.Pictures.Read(i, rng, row[:1]); err != nil {
		return err
	}
	for k, v := range row[0].Float32 {
		row[1].Float32[k] = -v
	}
	return nil
}

var negative = negatives{zootest.Pictures{Items: 12, Channels: 1, Size: 32}}

// tiny are networks of each kind that are quick to train.
var tiny = map[string]Config{
	"U-Net, patches":   {Size: 32, Inputs: 1, Outputs: 1, Downs: 5, Width: 4, DWidth: 4, Layers: 2},
	"no GAN":           {Size: 32, Inputs: 1, Outputs: 1, Downs: 5, Width: 4, Discriminator: "none", NoDropout: true, LR: 2e-3},
	"ResNet, pixels":   {Size: 32, Inputs: 1, Outputs: 1, Generator: "resnet", Blocks: 1, Width: 4, DWidth: 4, Discriminator: "pixel", Loss: "lsgan"},
	"critic, no norms": {Size: 32, Inputs: 1, Outputs: 1, Downs: 5, Width: 4, DWidth: 4, Layers: 2, Norm: "none", Loss: "wgangp", EvalMode: true},
	"GAN alone":        {Size: 32, Inputs: 1, Outputs: 1, Downs: 5, Width: 4, DWidth: 4, Layers: 1, L1: new(0.0), InitType: "xavier", InitGain: 1, LR: 2e-3},
}

func build(t *testing.T, c Config) *Model {
	torch.ManualSeed(1)
	m, err := New(c)
	require.NoError(t, err)
	return m
}

func TestBothNetworksLearnInEveryKindOfGame(t *testing.T) {
	torchtest.Native(t)
	for name, c := range tiny {
		t.Run(name, func(t *testing.T) {
			m := build(t, c)
			loss := "G/L1"
			if *m.config.L1 == 0 {
				loss = "D/fake"
			}
			losses := zootest.Learns(t, m, negative, 4, 12, loss)
			require.Less(t, zootest.Mean(losses[6:]), zootest.Mean(losses[:6]), "%v", losses)
		})
	}
}

func TestAKilledRunEndsWithTheBitsOfAnUnbrokenOne(t *testing.T) {
	for name, c := range tiny {
		t.Run(name, func(t *testing.T) {
			zootest.Resumes(t, func() (train.Model, error) { return New(c) }, negative)
		})
	}
}

// Norms of a batch would see a part at a time.
func TestPartsAddUpToTheBatch(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c := tiny["no GAN"]
		c.Norm, c.InitGain = "instance", 0.2
		item, err := train.Items(negative, 0, 4, torch.Device{})
		require.NoError(t, err)
		after := func(parts int) *torch.Tensor {
			m := build(t, c)
			r, err := train.Open(filepath.Join(t.TempDir(), "run"), m, negative, train.Options{Steps: 3, Batch: 4, Accumulate: parts, Threads: 1})
			require.NoError(t, err)
			defer r.Close()
			require.NoError(t, r.Train(t.Context()))
			return m.Translate(item, false)
		}
		whole := after(1)
		moved, _ := torchtest.MaxDiff(t, whole, build(t, c).Translate(item, false))
		diff, _ := torchtest.MaxDiff(t, whole, after(2))
		require.Less(t, diff, moved/100, "of what three steps change")
	})
}

func TestDropoutIsTheNoiseOfATranslation(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		item, err := train.Items(negatives{zootest.Pictures{Items: 2, Channels: 1, Size: 64}}, 0, 2, torch.Device{})
		require.NoError(t, err)
		c := Config{Size: 64, Downs: 6, Inputs: 1, Outputs: 1, Width: 4, InitGain: 0.2}
		m := build(t, c)
		require.False(t, m.Translate(item, false).Equal(m.Translate(item, false)), "dropout is off")
		alone := train.NewBatch(map[string]*torch.Tensor{"A": item.Tensor("A").Narrow(0, 1, 1)})

		c.NoDropout = true
		m = build(t, c)
		x := m.Translate(item, false)
		require.Equal(t, []int{2, 1, 64, 64}, x.Shape())
		require.True(t, x.Narrow(0, 1, 1).Equal(m.Translate(alone, false)), "a picture depends on those beside it")

		c.EvalMode, c.NoDropout = true, false
		m = build(t, c)
		require.True(t, m.Translate(item, false).Equal(m.Translate(item, false)), "evaluation has noise")
		require.Error(t, torch.Try(func() { m.Translate(item, true) }))
	})
}

func TestAGridHasARowOfInputOutputAndTarget(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c := tiny["U-Net, patches"]
		c.Outputs = 3
		m := build(t, c)
		a, b := torch.Rand([]int{2, 1, 32, 32}), torch.Rand([]int{2, 3, 32, 32})
		m.Exhibit(train.NewBatch(map[string]*torch.Tensor{"A": a, "B": b}))
		x := m.Preview()
		require.Equal(t, []int{6, 3, 32, 32}, x.Shape())
		require.Equal(t, 3, m.Columns())
		require.True(t, x.Narrow(0, 3, 1).Narrow(1, 2, 1).Equal(a.Narrow(0, 1, 1)))
		require.True(t, x.Narrow(0, 5, 1).Equal(b.Narrow(0, 1, 1)))
	})
}

// The names are those of latest_net_G.pth and latest_net_D.pth of the official program.
func TestWeightsGoToTheOfficialProgramAndBack(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m := build(t, tiny["U-Net, patches"])
		other, err := New(tiny["U-Net, patches"])
		require.NoError(t, err)
		from, to := m.Parts().Networks, other.Parts().Networks
		for i, want := range [][2]string{
			{"model.model.0.weight", "model.model.3.bias"}, {"model.0.weight", "model.8.bias"},
		} {
			path := filepath.Join(t.TempDir(), "latest_net_"+from[i].Name+".pth")
			state := nn.StateDict(from[i].Module)
			require.Equal(t, want, [2]string{state[0].Name, state[len(state)-1].Name})
			require.NoError(t, pth.Save(path, pth.FromState(state)))
			require.NoError(t, translation.Load(path, to[i].Module))
			for k, e := range nn.StateDict(to[i].Module) {
				require.True(t, e.Tensor.Equal(state[k].Tensor), e.Name)
			}
		}
	})
}

func TestLearningRatesFallFromEpochToEpoch(t *testing.T) {
	torchtest.Native(t)
	c := tiny["U-Net, patches"]
	c.FullEpochs, c.DecayEpochs = new(2), new(3)
	m := build(t, c)
	for epoch, want := range []float64{1, 0.75, 0.5, 0.25, 0} {
		require.InDelta(t, want*2e-4, m.optG.Groups()[0].LR, 1e-12, "epoch %d", epoch+1)
		require.InDelta(t, want*2e-4, m.optD.Groups()[0].LR, 1e-12, "epoch %d", epoch+1)
		for _, s := range m.Parts().Schedules {
			require.True(t, s.Epochs)
			s.Scheduler.Step()
		}
	}
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		"pix2pix: --downs 4 is not from 5 to 10":                                                           {Downs: 4},
		"pix2pix: --size 128 is not a multiple of 256; it is one of 128: use --downs 7":                    {Size: 128},
		"pix2pix: --size 250 is not a multiple of 256":                                                     {Size: 250},
		"pix2pix: --size 250 is not a multiple of 4":                                                       {Size: 250, Generator: "resnet"},
		"pix2pix: --load 286 is smaller than --size 512: no crop fits":                                     {Size: 512, Downs: 9},
		"pix2pix: --inputs 2 and --outputs 3 must be 1 or 3":                                               {Inputs: 2},
		"pix2pix: --blocks 9, --layers -1, --width 64 and --d-width 64 must be at least 1":                 {Layers: -1},
		"pix2pix: --discriminator none with --l1 0 leaves nothing to learn":                                {Discriminator: "none", L1: new(0.0)},
		"pix2pix: --loss wgangp takes each picture by itself: use --norm instance instead of batch":        {Loss: "wgangp"},
		"pix2pix: --lr 0.0002 must not be negative, --beta1 1 must be in [0, 1)":                           {Beta1: new(1.0)},
		"pix2pix: --l1 -1 and --init-gain 0.02 must not be negative":                                       {L1: new(-1.0)},
		"pix2pix: --full-epochs 0 and --decay-epochs 0 must be at least 1 together, --step-epochs 50, too": {FullEpochs: new(0), DecayEpochs: new(0)},
		"pix2pix: --lr-policy cosine needs --full-epochs of at least 1":                                    {LRPolicy: "cosine", FullEpochs: new(0)},
	} {
		_, err := New(c)
		require.EqualError(t, err, want)
	}
}
