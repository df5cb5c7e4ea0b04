package discogan

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
	"official": {Channels: 1, Width: 4, LR: 2e-3, Curriculum: new(0)},
	"deep":     {Net: "deep", Channels: 1, Width: 4, LR: 2e-3, Curriculum: new(3)},
	"unet":     {Net: "unet", Channels: 1, Width: 4, LR: 2e-3, Curriculum: new(0)},
}

var domains = zootest.Domains{Items: 32, Channels: 1, Size: 64}

func TestTheDiscriminatorsLearn(t *testing.T) {
	torchtest.Native(t)
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			torch.ManualSeed(1)
			m, err := New(c)
			require.NoError(t, err)
			losses := zootest.Learns(t, m, domains, 8, 8, "D_A")
			require.Less(t, zootest.Mean(losses[4:]), zootest.Mean(losses[:4]), "%v", losses)
		})
	}
}

func TestAKilledRunEndsWithTheBitsOfAnUnbrokenOne(t *testing.T) {
	c := small["official"]
	c.Curriculum = new(9) // ends in the midst
	zootest.Resumes(t, func() (train.Model, error) { return New(c) }, domains)
}

func batch(n int) *train.Batch {
	return train.NewBatch(map[string]*torch.Tensor{
		"A": torch.Rand([]int{n, 1, 64, 64}), "B": torch.Rand([]int{n, 1, 64, 64}).Neg(),
	})
}

// weights are copies of a network's, in a row.
func weights(net any) *torch.Tensor {
	var all []*torch.Tensor
	for _, p := range nn.Parameters(net) {
		all = append(all, p.Detach().Flatten())
	}
	return torch.Cat(all)
}

func TestDiscriminatorsLearnFromTheFirstBatchOfThree(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(small["official"])
		require.NoError(t, err)
		require.Equal(t, 3, m.Parts().Batches(7))
		g, d := weights(m.GA), weights(m.DA)
		m.stepD(batch(2))
		require.True(t, g.Equal(weights(m.GA)))
		require.False(t, d.Equal(weights(m.DA)))
		d = weights(m.DA)
		m.stepG(batch(2))
		require.False(t, g.Equal(weights(m.GA)))
		require.True(t, d.Equal(weights(m.DA)))
	})
}

func TestTheRateChangesAfterSoManyBatches(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c := small["official"]
		c.Curriculum = new(6)
		m, err := New(c)
		require.NoError(t, err)
		for _, want := range []float64{0.01, 0.01, 0.5} {
			require.Equal(t, want, m.rate())
			b := batch(2)
			b.More = []*train.Batch{batch(2), batch(2)}
			m.Step(b)
		}
	})
}

// With a rate r the loss of one way is (1−r)·(0.1·judgement + 0.9·matching) + r·reconstruction, and the terms of both ways
// are those of the objective.
func TestObjectivesToCompareTrainOneWayOnly(t *testing.T) {
	torchtest.Native(t)
	for objective, want := range map[string][]string{
		"discogan": {"G_A", "match_A", "recon_A", "G_B", "match_B", "recon_B"},
		"recongan": {"G_A", "match_A", "recon_A"},
		"gan":      {"G_A", "match_A"},
	} {
		t.Run(objective, func(t *testing.T) {
			torch.Scope(func() {
				c := small["official"]
				c.Objective = objective
				m, err := New(c)
				require.NoError(t, err)
				gb, db := weights(m.GB), weights(m.DB)
				var names []string
				m.stepD(batch(2))
				for _, l := range m.stepG(batch(2)).Losses {
					names = append(names, l.Name)
				}
				require.Equal(t, want, names)
				require.Equal(t, objective == "gan", gb.Equal(weights(m.GB)))
				require.Equal(t, objective != "discogan", db.Equal(weights(m.DB)))
			})
		})
	}
}

func TestTranslationsAreOfOnePictureAlone(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		for name, c := range small {
			m, err := New(c)
			require.NoError(t, err)
			m.stepD(batch(4)) // moves running statistics
			b := batch(2)
			both := m.Translate(b, true)
			one := m.Translate(train.NewBatch(map[string]*torch.Tensor{"B": b.Tensor("B").Narrow(0, 0, 1)}), true)
			require.Less(t, both.Narrow(0, 0, 1).Sub(one).Abs().Max().Item(), 1e-5, name)
		}
	})
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		"discogan: --size 72 is not a multiple of 16 from 64 on, as --net official needs": {Size: 72},
		"discogan: --size 80 is not a multiple of 64 from 64 on, as --net unet needs":     {Size: 80, Net: "unet"},
		"discogan: --channels 2 is neither 1 nor 3":                                       {Channels: 2},
		"discogan: --width -1 must be at least 1":                                         {Width: -1},
		"discogan: --features 4 is not from 1 to 3":                                       {Features: 4},
		"discogan: --start-rate 0.01 and --rate 2 must be in [0, 1]":                      {Rate: 2},
		"discogan: --curriculum -1 must not be negative":                                  {Curriculum: new(-1)},
		"discogan: --lr -1 and --weight-decay 1e-05 must not be negative":                 {LR: -1},
	} {
		_, err := New(c)
		require.EqualError(t, err, want)
	}
}
