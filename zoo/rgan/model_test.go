package rgan

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/labels"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// small is a model of each kind that is quick to train.
var small = map[string]Config{
	"rAC-WGAN-GP": {LR: 1e-3},
	"rAC-CT-GAN":  {Dropout: true, Consistency: 2},
	"rcSN-GAN":    {D: "projection", Spectral: true, Pool: "sum", Loss: "hinge", Lambda: new(0.0)},
	"rAC-DCGAN":   {Net: "dcgan", Loss: "gan", Lambda: new(0.0), Beta1: new(0.5), Beta2: 0.999},
	"rcDCGAN":     {Net: "dcgan", D: "projection", Pool: "flat", Loss: "gan", Lambda: new(0.0)},
}

func tiny(c Config) Config {
	c.Size, c.Channels, c.Classes, c.Latent, c.Width, c.DWidth, c.Critic = 16, 1, 4, 8, 8, 8, 2
	return c
}

// discs is a labelled set that knows the names of its classes.
type discs struct{ zootest.Labelled }

func (d discs) Classes() (names []string) {
	for k := range d.Labelled.Classes {
		names = append(names, strconv.Itoa(k))
	}
	return names
}

func (d discs) Label(i int) int { return i % d.Labelled.Classes }

func pictures(t *testing.T, text string) *labels.Set {
	o, err := labels.Parse(text)
	require.NoError(t, err)
	set, err := labels.Apply(discs{zootest.Labelled{Pictures: zootest.Pictures{Items: 32, Channels: 1, Size: 16}, Classes: 4}}, o)
	require.NoError(t, err)
	return set
}

func TestBothPlayersLearn(t *testing.T) {
	torchtest.Native(t)
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			torch.ManualSeed(1)
			m, err := New(tiny(c))
			require.NoError(t, err)
			set := pictures(t, "symmetric:0.5")
			require.NoError(t, m.Inform(set))
			zootest.Learns(t, m, set, 8, 4, "D")
		})
	}
}

func TestAKilledRunEndsWithTheBitsOfAnUnbrokenOne(t *testing.T) {
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			zootest.Resumes(t, func() (train.Model, error) { return New(tiny(c)) }, pictures(t, "symmetric:0.5"))
		})
	}
}

// A classifier that learnt noisy labels through T names clean classes; the baseline's names the labels.
func TestTheClassifierIsTrainedThroughTheNoise(t *testing.T) {
	torchtest.Native(t)
	defer torch.SetThreads(torch.Threads())
	torch.SetThreads(1) // small tensors
	torch.Scope(func() {
		swap := "matrix:[[0,1,0,0],[1,0,0,0],[0,0,0,1],[0,0,1,0]]"
		for transition, asLabelled := range map[string]bool{"labels": false, "none": true} {
			torch.ManualSeed(2)
			c := tiny(Config{Transition: transition, Loss: "hinge", Lambda: new(0.0), ClassD: new(10.0), LR: 5e-3})
			m, err := New(c)
			require.NoError(t, err)
			require.NoError(t, m.Inform(pictures(t, swap)))
			x := torch.FromSlice([]float32{-1, 1}, 2, 1, 1, 1).Expand([]int{-1, -1, 16, 16}) // black is class 0, white 1
			noisy := torch.FromSlice([]int64{1, 0})
			b := train.NewBatch(map[string]*torch.Tensor{"image": x, "label": noisy})
			for range 50 {
				torch.Scope(func() { m.discriminatorStep(b, asIs, draws{}) })
			}
			named := torch.Values[int64](m.D.Forward(x, nil).Classes.ArgMax(torch.ArgMaxOptions{Dim: new(1)}))
			if asLabelled {
				require.Equal(t, []int64{1, 0}, named)
			} else {
				require.Equal(t, []int64{0, 1}, named)
			}
			_, clean := m.condition(noisy, draws{})
			require.Equal(t, asLabelled, clean.Equal(noisy), "G is given the class that was labelled so")
		}
	})
}

func TestTheTransitionIsThatOfTheLabelsUnlessAnotherIsGiven(t *testing.T) {
	torchtest.Native(t)
	file := filepath.Join(t.TempDir(), "T.json")
	require.NoError(t, os.WriteFile(file, []byte("[[1,0,0,0],[0,1,0,0],[0,0,0.5,0.5],[0,0,0,1]]"), 0o666))
	for _, test := range []struct {
		transition, labels string
		want               []float32 // its row 2; nil for no noise
	}{
		{"labels", "symmetric:0.5", []float32{0.125, 0.125, 0.625, 0.125}},
		{"labels", "", nil},
		{"labels", "symmetric:0", nil},
		{"none", "symmetric:0.5", nil},
		{"symmetric:0.2", "symmetric:0.5", []float32{0.05, 0.05, 0.85, 0.05}},
		{"matrix:" + file, "", []float32{0, 0, 0.5, 0.5}},
	} {
		m, err := New(tiny(Config{Transition: test.transition}))
		require.NoError(t, err)
		require.NoError(t, m.Inform(pictures(t, test.labels)))
		if test.want == nil {
			require.Nil(t, m.transition, test)
			continue
		}
		require.InDeltaSlice(t, test.want, torch.Values[float32](m.transition)[8:12], 1e-6)
	}
}

func TestDataThatDoNotFitAreRefused(t *testing.T) {
	torchtest.Native(t)
	m, err := New(tiny(Config{}))
	require.NoError(t, err)
	plain := zootest.Pictures{Items: 4, Channels: 1, Size: 16}
	require.EqualError(t, m.Inform(plain), "rgan: pictures has no labels: put the pictures of each class into a folder of its own")
	require.EqualError(t, m.Inform(discs{zootest.Labelled{Pictures: plain, Classes: 3}}), "rgan: pictures has 3 classes: take --classes 3, not 4")
	require.EqualError(t, m.Inform(pictures(t, "keep:0.5")), "rgan: every picture needs a label, which --labels keep:0.5 takes away")
	c := tiny(Config{Transition: "asymmetric:0.5"})
	m, err = New(c)
	require.NoError(t, err)
	require.ErrorContains(t, m.Inform(pictures(t, "")), "rgan: --transition asymmetric:0.5: asymmetric noise is known for the classes of")
}

func TestTheLearningRatesFallAsInTheOfficialOrder(t *testing.T) {
	torchtest.Native(t)
	c := tiny(Config{LR: 1})
	c.Decay = new(4)
	m, err := New(c)
	require.NoError(t, err)
	// The official updates are D at ¾; G and D at ½; G and D at ¼; and G and D at 0.
	for step, want := range [][2]float64{{0.75, 0.5}, {0.5, 0.25}, {0.25, 0}, {0, 0}, {0, 0}} {
		require.InDelta(t, want[0], m.optD.Groups()[0].LR, 1e-12, "D in step %d", step)
		require.InDelta(t, want[1], m.optG.Groups()[0].LR, 1e-12, "G in step %d", step)
		for _, s := range m.Parts().Schedules {
			s.Scheduler.Step()
		}
	}
}

func TestTheGridHasAColumnForEachClass(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(tiny(Config{}))
		require.NoError(t, err)
		x := m.Preview()
		require.Equal(t, []int{rows * 4, 1, 16, 16}, x.Shape())
		require.Equal(t, 4, m.Columns())
		nn.Eval(m.G)
		z := m.fixed.Narrow(0, 1, 1)
		want := m.G.Forward(z, torch.FromSlice([]int64{2}))
		require.InDelta(t, 0, x.Narrow(0, 4+2, 1).Sub(want).Abs().Max().Item(), 1e-5, "row 1, column 2")
	})
}

func TestTheScalesOfClassesBeginAsAsked(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		for _, net := range []string{"resnet", "dcgan"} {
			for gains, equal := range map[string]bool{"one": true, "uniform": false} {
				c, err := tiny(Config{Net: net, Gains: gains, Lambda: new(0.0)}).withDefaults()
				require.NoError(t, err)
				norms := 0
				for _, e := range nn.StateDict(NewGenerator(c)) {
					if e.Tensor.Dim() != 2 || e.Tensor.Size(0) != c.Classes {
						continue
					}
					norms++
					low, high := e.Tensor.Min().Item(), e.Tensor.Max().Item()
					require.Equal(t, equal || high == 0, low == high, "%s, %s: %s", net, gains, e.Name)
				}
				require.NotZero(t, norms)
			}
		}
	})
}

func TestParameterCountsAreTheOfficialOnes(t *testing.T) {
	torchtest.Native(t)
	torch.SkipInit(func() {
		for preset, want := range map[string][2]int{
			"cifar10-rac-sn": {4304387, 1055115}, "cifar10-rac-gp": {1218307, 1055115}, "cifar10-rac-ct": {1218307, 1055115},
			"cifar10-rc-sn": {4304387, 1055104}, "cifar10-rc-gp": {1218307, 1055104}, "cifar10-rc-ct": {1218307, 1055104},
			"cifar10-rac-dc": {1191680, 662027}, // by hand
		} {
			m, err := New(Presets[preset])
			require.NoError(t, err)
			require.Equal(t, want, [2]int{nn.NumParameters(m.G), nn.NumParameters(m.D)}, preset)
		}
	})
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		"rgan: --size 20 is not a multiple of 8":                                                                           {Size: 20},
		"rgan: --channels 2 is neither 1 nor 3":                                                                            {Channels: 2},
		"rgan: --classes 1 must be at least 2, --latent 128, --width 128 and --d-width 128 at least 1":                     {Classes: 1},
		"rgan: --spectral and --dropout are for --net resnet, not dcgan":                                                   {Net: "dcgan", Dropout: true},
		"rgan: --pool flat is for --net dcgan, not resnet":                                                                 {Pool: "flat"},
		"rgan: --net dcgan has batch norm, which mixes pictures: it takes --lambda 0, not 10":                              {Net: "dcgan"},
		"rgan: --xavier is for --spectral; other layers begin so anyway":                                                   {Xavier: true},
		"rgan: --consistency 2 compares two passes with --dropout":                                                         {Consistency: 2},
		"rgan: --lambda 10, --consistency 0, --class-g 0.1, --class-d -1 and --decay 100000 must not be negative":          {ClassD: new(-1.0)},
		"rgan: --lr 0.0002 must not be negative, --beta1 1 and --beta2 0.9 must be in [0, 1)":                              {Beta1: new(1.0)},
		"rgan: --critic -1 and --gen-batch 2 must be at least 1":                                                           {Critic: -1},
		`rgan: --transition "keep:0.5" is to be noise alone, such as symmetric:0.5`:                                        {Transition: "keep:0.5"},
		`rgan: --transition is labels, none or noise: labels "symmetric:2": symmetric takes a number from 0 to 1, not "2"`: {Transition: "symmetric:2"},
	} {
		_, err := New(c)
		require.EqualError(t, err, want)
	}
}

var _ data.Labelled = discs{}
