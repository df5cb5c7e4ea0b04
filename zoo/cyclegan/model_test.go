package cyclegan

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// small is quick to train. Its pools are full after two pictures.
var small = Config{Size: 32, Load: 32, Channels: 1, Blocks: 1, Width: 4, DWidth: 4, LR: 2e-3, Pool: new(2)}

var domains = zootest.Domains{Items: 24, Channels: 1, Size: 32}

func TestTheWayBackIsLearnt(t *testing.T) {
	torchtest.Native(t)
	for name, identity := range map[string]float64{"with identity": 0.5, "without": 0} {
		t.Run(name, func(t *testing.T) {
			torch.ManualSeed(1)
			c := small
			c.Identity = &identity
			m, err := New(c)
			require.NoError(t, err)
			losses := zootest.Learns(t, m, domains, 2, 12, "cycle_A")
			require.Less(t, zootest.Mean(losses[6:]), zootest.Mean(losses[:6]), "%v", losses)
		})
	}
}

func TestAKilledRunEndsWithTheBitsOfAnUnbrokenOne(t *testing.T) {
	zootest.Resumes(t, func() (train.Model, error) { return New(small) }, domains)
}

func TestThePoolsAreInTheCheckpoint(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(small)
		require.NoError(t, err)
		x := torch.Rand([]int{3, 1, 32, 32})
		m.Step(train.NewBatch(map[string]*torch.Tensor{"A": x, "B": x}))
		var names []string
		for _, e := range m.Parts().Tensors {
			names = append(names, e.Name)
			if e.Name == "pool_A.count" || e.Name == "pool_B.count" {
				require.Equal(t, 2.0, e.Tensor.Item())
			}
		}
		require.Equal(t, []string{
			"pool_A.images", "pool_A.count", "pool_A.stream", "pool_B.images", "pool_B.count", "pool_B.stream",
		}, names)
		require.NotEqual(t, torch.Values[uint8](m.poolA.Stream), torch.Values[uint8](m.poolB.Stream))
	})
}

func TestPicturesOfAnySizeGoThereAndBack(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(small)
		require.NoError(t, err)
		require.True(t, m.Translation().Back)
		a, b := torch.Rand([]int{1, 1, 40, 28}), torch.Rand([]int{2, 1, 12, 36})
		batch := train.NewBatch(map[string]*torch.Tensor{"A": a, "B": b})
		require.True(t, m.GA.Forward(a).Equal(m.Translate(batch, false)))
		require.True(t, m.GB.Forward(b).Equal(m.Translate(batch, true)))
		require.Equal(t, []int{2, 1, 12, 36}, m.Translate(batch, true).Shape())
	})
}

func TestARowOfTheGridGoesBothWays(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(small)
		require.NoError(t, err)
		require.NoError(t, train.Exhibit(m, domains, 3, torch.Device{}))
		rows := m.Preview()
		require.Equal(t, []int{18, 1, 32, 32}, rows.Shape())
		row := func(column int) *torch.Tensor { return rows.Narrow(0, 6+column, 1) } // of the second item
		require.Less(t, m.GA.Forward(row(0)).Sub(row(1)).Abs().Max().Item(), 1e-5)
		require.Less(t, m.GB.Forward(row(1)).Sub(row(2)).Abs().Max().Item(), 1e-5)
		require.Less(t, m.GB.Forward(row(3)).Sub(row(4)).Abs().Max().Item(), 1e-5)
		require.Less(t, m.GA.Forward(row(4)).Sub(row(5)).Abs().Max().Item(), 1e-5)
	})
}

func TestStepsOfTheGeneratorsLeaveDiscriminatorsLearning(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(small)
		require.NoError(t, err)
		x := torch.Rand([]int{1, 1, 32, 32})
		m.stepG(train.NewBatch(map[string]*torch.Tensor{"A": x, "B": x}))
		for _, p := range append(nn.Parameters(m.DA), nn.Parameters(m.DB)...) {
			require.True(t, p.RequiresGrad())
			require.Nil(t, p.Grad())
		}
	})
}

// The factors are those of the official program, whose epochs begin at 1: 1 − max(0, epoch + 1 − 2)/4.
func TestTheLearningRatesFallByEpochs(t *testing.T) {
	torchtest.Native(t)
	c := small
	c.FullEpochs, c.DecayEpochs, c.LR = new(2), new(3), 1
	m, err := New(c)
	require.NoError(t, err)
	for epoch, want := range []float64{1, 0.75, 0.5, 0.25, 0, 0} {
		require.InDelta(t, want, m.optG.Groups()[0].LR, 1e-12, "epoch %d", epoch+1)
		require.InDelta(t, want, m.optD.Groups()[0].LR, 1e-12, "epoch %d", epoch+1)
		for _, s := range m.Parts().Schedules {
			require.True(t, s.Epochs)
			s.Scheduler.Step()
		}
	}

	c.DecayEpochs = new(0)
	m, err = New(c)
	require.NoError(t, err)
	for range 3 {
		require.Equal(t, 1.0, m.optG.Groups()[0].LR)
		m.Parts().Schedules[0].Scheduler.Step()
	}
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		"cyclegan: --size 250 is not a multiple of 4 from 32 on":                         {Size: 250},
		"cyclegan: --load 100 is smaller than --size 256: no crop fits":                  {Load: 100},
		"cyclegan: --channels 2 is neither 1 nor 3":                                      {Channels: 2},
		"cyclegan: --blocks -1, --width 64 and --d-width 64 must be at least 1":          {Blocks: -1},
		"cyclegan: --lambda-a 10, --lambda-b -1 and --identity 0.5 must not be negative": {LambdaB: -1},
		"cyclegan: --pool -1 and --init-gain 0.02 must not be negative":                  {Pool: new(-1)},
		"cyclegan: --lr 0.0002 must not be negative, --beta1 1 must be in [0, 1)":        {Beta1: new(1.0)},
		"cyclegan: --full-epochs 100 and --decay-epochs -1 must be at least 1 together":  {DecayEpochs: new(-1)},
	} {
		_, err := New(c)
		require.EqualError(t, err, want)
	}
}
