package cpgan

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
	"github.com/forgergan/forger/zoo/internal/resnet32"
)

// quick is a network of each method that is quick to train.
var quick = map[string]Config{
	"cpgan": {Classes: "5to2", Channels: 1, Size: 16, Width: 8, DWidth: 8, Latent: 8, Critic: 2, LR: 2e-3},
	"acgan": {
		Method: "acgan", Classes: "4", Channels: 1, Size: 16, Width: 8, DWidth: 8, Latent: 8, Critic: 2, NoDropout: true,
		Loss: "gan", Lambda: new(0.0), LR: 2e-3,
	},
	"cgan": {
		Method: "cgan", Classes: "4", Channels: 1, Size: 16, Width: 8, DWidth: 8, Latent: 8, Critic: 1, GenBatch: 1,
		Spectral: true, Pool: "sum", Loss: "hinge", Lambda: new(0.0), LR: 2e-3,
	},
	"dcgan": {
		Classes: "4", Net: "dcgan", Channels: 1, Size: 16, Width: 8, DWidth: 8, Latent: 8, Critic: 1, GenBatch: 1,
		Pool: "flat", Loss: "gan", Lambda: new(0.0), LR: 2e-3,
	},
}

func pictures(m *Model) zootest.Labelled {
	return zootest.Labelled{Pictures: zootest.Pictures{Items: 32, Channels: 1, Size: 16}, Classes: m.Classes()}
}

func TestEachMethodLearns(t *testing.T) {
	torchtest.Native(t)
	for name, c := range quick {
		t.Run(name, func(t *testing.T) {
			torch.ManualSeed(1)
			m, err := New(c)
			require.NoError(t, err)
			loss := "D/class"
			if name == "cgan" {
				loss = "D"
			}
			losses := zootest.Learns(t, m, pictures(m), 8, 12, loss)
			require.Less(t, zootest.Mean(losses[6:]), zootest.Mean(losses[:6]), "%v", losses)
		})
	}
}

func TestAKilledRunEndsWithTheBitsOfAnUnbrokenOne(t *testing.T) {
	for name, c := range quick {
		t.Run(name, func(t *testing.T) {
			m, err := New(c)
			require.NoError(t, err)
			zootest.Resumes(t, func() (train.Model, error) { return New(c) }, pictures(m))
		})
	}
}

func TestTheGeneratorIsGivenPosteriorsThatStaySoftOrLabels(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(quick["cpgan"])
		require.NoError(t, err)
		x := torch.Randn([]int{6, 1, 16, 16}).SetRequiresGrad(true)
		r := prepared{images: x, labels: torch.FromSlice([]int64{0, 1, 0, 1, 0, 1})}
		judged := m.D.Forward(x, nil)
		s := m.condition(r, &judged)
		require.False(t, s.RequiresGrad(), "the generator's condition teaches the classifier nothing")
		require.InDeltaSlice(t, []float32{1, 1, 1, 1, 1, 1}, torch.Values[float32](s.SumDim([]int{1})), 1e-6)
		require.True(t, s.Equal(judged.Classes.Softmax(1)), "it is of the same pass, with its dropout")
		require.Greater(t, s.Min().Item(), 0.01)
		require.False(t, m.condition(r, nil).Equal(m.condition(r, nil)), "dropout is at work in evaluation, too")
		nn.Eval(m.D)
		require.False(t, m.condition(r, nil).Equal(m.condition(r, nil)))

		m, err = New(quick["acgan"])
		require.NoError(t, err)
		require.Equal(t, []float32{0, 1, 0, 0}, torch.Values[float32](m.condition(r, &judged).Select(0, 1)))
	})
}

func TestTheFirstStepLeavesTheGeneratorAlone(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(quick["acgan"])
		require.NoError(t, err)
		weight := m.G.(*resnet32.Generator).Conv5.Weight
		before := weight.Clone()
		batch := func() *train.Batch {
			return train.NewBatch(map[string]*torch.Tensor{"image": torch.Zeros([]int{4, 1, 16, 16}), "label": torch.FromSlice([]int64{0, 1, 2, 3})})
		}
		step := func() []train.Value {
			b := batch()
			b.More = []*train.Batch{batch()}
			return m.Step(b).Losses
		}
		require.Len(t, step(), 2)
		require.True(t, weight.Equal(before))
		require.Len(t, step(), 4)
		require.False(t, weight.Equal(before))
	})
}

func TestPicturesOfAMixtureAreBetweenThoseOfItsClasses(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(quick["cpgan"])
		require.NoError(t, err)
		require.Equal(t, 2, m.Classes())
		require.Equal(t, 5, m.Columns())
		require.Equal(t, []float32{1, 0, 0.5, 0.5, 0, 1, 0.5, 0.5, 0.5, 0.5}, torch.Values[float32](m.states), "5to2: 0, 0+1, 1, 1+0, all")
		grid := m.Preview()
		require.Equal(t, []int{40, 1, 16, 16}, grid.Shape())
		require.True(t, grid.Select(0, 1).Equal(grid.Select(0, 3)), "one latent and one mixture in two columns of a row")
		require.False(t, grid.Select(0, 0).Equal(grid.Select(0, 2)))
		require.False(t, grid.Select(0, 0).Equal(grid.Select(0, 5)), "each row has a latent of its own")

		draw := func(f func() *torch.Tensor) *torch.Tensor {
			torch.ManualSeed(4)
			return f()
		}
		labelled := draw(func() *torch.Tensor { return m.SampleClasses(torch.FromSlice([]int64{1, 0})) })
		mixed := draw(func() *torch.Tensor { return m.SampleMixtures(torch.FromSlice([]float32{0, 1, 1, 0}, 2, 2)) })
		require.True(t, labelled.Equal(mixed))
	})
}

// animals is a set of so many classes.
type animals struct {
	zootest.Labelled
	names []string
}

func (a animals) Classes() []string { return a.names }
func (a animals) Label(i int) int   { return i % len(a.names) }

func TestDataOfOtherClassesAreRefused(t *testing.T) {
	torchtest.Native(t)
	m, err := New(quick["cpgan"])
	require.NoError(t, err)
	require.NoError(t, m.Inform(animals{names: []string{"emu/kiwi/owl", "kiwi/kea/owl"}}))
	require.EqualError(t, m.Inform(animals{names: []string{"emu", "kiwi", "kea"}}), "cpgan: pictures has labels of 3 classes, not the 2 of --classes 5to2")
}

func TestTheLearningRatesFallToZeroInTheLastStep(t *testing.T) {
	torchtest.Native(t)
	c := quick["cgan"]
	c.Decay = new(4)
	m, err := New(c)
	require.NoError(t, err)
	for step, want := range []float64{1.5e-3, 1e-3, 5e-4, 0, 0} {
		require.InDelta(t, want, m.optG.Groups()[0].LR, 1e-12, "step %d", step)
		require.InDelta(t, want, m.optD.Groups()[0].LR, 1e-12, "step %d", step)
		for _, s := range m.Parts().Schedules {
			s.Scheduler.Step()
		}
	}
}

func TestARunHasTheLabelsOfItsClasses(t *testing.T) {
	for preset, want := range map[string]train.Defaults{
		"cifar10":       {Batch: 64, Steps: 100000},
		"cifar7to3":     {Batch: 64, Steps: 100000, Labels: "7to3"},
		"fashion-small": {Batch: 64, Steps: 3000, Labels: "10to5"},
	} {
		settings, _, err := System.Settings(preset, "")
		require.NoError(t, err)
		require.Equal(t, want, System.RunDefaults(settings), preset)
	}
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		`cpgan: --classes "ten" is neither a number of at least 2 nor an overlap such as 10to5 or 7to3`:      {Classes: "ten"},
		`cpgan: --classes "9to3" is neither a number of at least 2 nor an overlap such as 10to5 or 7to3`:     {Classes: "9to3"},
		`cpgan: --classes "keep:0.5" is neither a number of at least 2 nor an overlap such as 10to5 or 7to3`: {Classes: "keep:0.5"},
		"cpgan: --size 28 is not a multiple of 8":                                                            {Size: 28},
		"cpgan: --pool flat is for --net dcgan, not resnet":                                                  {Pool: "flat"},
		"cpgan: --channels 2 is neither 1 nor 3":                                                             {Channels: 2},
		"cpgan: --latent -1, --width 128 and --d-width 128 must be at least 1":                               {Latent: -1},
		"cpgan: --gen-batch 2 must be at least 1 and at most --critic, 1":                                    {Critic: 1},
		"cpgan: --lr 0.0002 must not be negative, --beta1 1 must be in [0, 1)":                               {Beta1: new(1.0)},
		"cpgan: --lambda 10, --class-g 0.4, --class-d 1 and --decay -1 must not be negative":                 {Decay: new(-1)},
	} {
		_, err := New(c)
		require.EqualError(t, err, want)
	}
}
