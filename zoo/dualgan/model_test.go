package dualgan

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
	"github.com/forgergan/forger/zoo/internal/samepad"
)

// small is a network of each kind that is quick to train. With 5 levels the last map has 2×2 pixels.
var small = map[string]Config{
	"penalty":  {Size: 64, Levels: 5, Channels: 1, Width: 4, LR: 2e-3, Dropout: 0.5},
	"clipping": {Size: 64, Levels: 5, Channels: 1, Width: 4, LR: 2e-3, Loss: "wgan", Critic: 2},
	"classic":  {Size: 64, Levels: 5, Channels: 1, Width: 4, LR: 2e-3, Loss: "classic", Head: "patch"},
	"unet":     {Size: 128, Levels: 7, Net: "unet", Channels: 1, Width: 4, LR: 2e-3, Optimizer: "adam", Critic: 2},
}

func domains(c Config) zootest.Domains {
	return zootest.Domains{Items: 24, Channels: 1, Size: c.Size}
}

func TestTheWayBackIsLearnt(t *testing.T) {
	torchtest.Native(t)
	for name, c := range small {
		t.Run(name, func(t *testing.T) {
			torch.ManualSeed(1)
			m, err := New(c)
			require.NoError(t, err)
			const steps = 8
			losses := zootest.Learns(t, &once{m}, domains(c), 4, steps, "cycle_A")
			require.Less(t, zootest.Mean(losses[steps/2:]), zootest.Mean(losses[:steps/2]), "%v", losses)
		})
	}
}

// once tells the loss of each name once a step, where classic training updates the generators twice.
type once struct{ *Model }

func (o *once) Step(b *train.Batch) train.Metrics {
	metrics, seen := o.Model.Step(b), map[string]bool{}
	var losses []train.Value
	for _, l := range metrics.Losses {
		if !seen[l.Name] {
			losses = append(losses, l)
		}
		seen[l.Name] = true
	}
	metrics.Losses = losses
	return metrics
}

func TestAKilledRunEndsWithTheBitsOfAnUnbrokenOne(t *testing.T) {
	c := small["penalty"]
	zootest.Resumes(t, func() (train.Model, error) { return New(c) }, domains(c))
}

func batch(c Config) *train.Batch {
	shape := []int{2, c.Channels, c.Size, c.Size}
	return train.NewBatch(map[string]*torch.Tensor{"A": torch.Rand(shape), "B": torch.Rand(shape).Neg()})
}

func TestEachGameHasItsLosses(t *testing.T) {
	torchtest.Native(t)
	once := []string{"G_A", "G_B", "cycle_A", "cycle_B"}
	for name, want := range map[string][]string{
		"penalty":  append([]string{"D_A", "D_A/penalty", "D_B", "D_B/penalty"}, once...),
		"clipping": append([]string{"D_A", "D_B"}, once...),
		"classic":  append([]string{"D_A", "D_B"}, append(once, once...)...),
	} {
		t.Run(name, func(t *testing.T) {
			torch.Scope(func() {
				c := small[name]
				m, err := New(c)
				require.NoError(t, err)
				b := batch(c)
				for range m.Parts().Batches(0) - 1 {
					b.More = append(b.More, batch(c))
				}
				var names []string
				for _, l := range m.Step(b).Losses {
					names = append(names, l.Name)
				}
				require.Equal(t, want, names)
				largest := 0.0
				for _, p := range nn.Parameters(m.DA) {
					largest = max(largest, p.Detach().Abs().Max().Item())
				}
				require.Equal(t, c.Loss == "wgan", largest <= 0.01+1e-9, "%g", largest)
			})
		})
	}
}

// A map of one pixel has no variance: the norm leaves its shift and no gradient for what came before.
func TestTheNormOfAPixelIsItsShift(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		n := NewNorm(2)
		torch.NoGrad(func() { n.Shift.CopyInPlace(torch.FromSlice([]float32{3, -4})) })
		x := torch.FromSlice([]float32{7, 8}, 1, 2, 1, 1).SetRequiresGrad(true)
		y := n.Forward(x)
		require.InDeltaSlice(t, []float32{3, -4}, torch.Values[float32](y.Detach()), 1e-3) // a deviation of 0 makes roundings large
		y.Sum().Backward()
		require.Equal(t, []float32{0, 0}, torch.Values[float32](x.Grad()))
	})
}

// By hand: two pixels a, b become ∓scale·d/√(d² + 1e-6) + shift, d half of b − a.
func TestTheNormIsThatOfASample(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		n := NewNorm(1)
		torch.NoGrad(func() { n.Scale.FillInPlace(2); n.Shift.FillInPlace(1) })
		y := torch.Values[float32](n.Forward(torch.FromSlice([]float32{5, 5.002, 10, 14}, 2, 1, 1, 2)).Detach())
		small := 2 * 0.001 / math.Sqrt(0.001*0.001+1e-6)
		require.InDeltaSlice(t, []float64{1 - small, 1 + small, -1, 3}, y, 2e-3)
	})
}

// TensorFlow's "SAME" of stride 2 pads even sizes behind by the larger half, so the first output of a 3×3 kernel starts at
// the first pixel, and a transposed one puts an input's 3×3 there.
func TestConvolutionsLieWhereTensorFlowPutsThem(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		for _, test := range []struct{ kernel, before int }{{3, 0}, {5, 1}} {
			half, twice := samepad.NewHalving(1, 1, test.kernel), samepad.NewDoubling(1, 1, test.kernel)
			torch.NoGrad(func() {
				half.Conv.Weight.FillInPlace(0)
				half.Conv.Weight.At(0, 0, test.before, test.before).FillInPlace(1) // reads the pixel at twice the place
				half.Conv.Bias.FillInPlace(0)
				twice.Conv.Weight.FillInPlace(0)
				twice.Conv.Weight.At(0, 0, test.before, test.before).FillInPlace(1)
				twice.Conv.Bias.FillInPlace(0)
			})
			x := torch.Rand([]int{1, 1, 8, 8})
			small := half.Forward(x)
			require.Equal(t, []int{1, 1, 4, 4}, small.Shape())
			require.Equal(t, x.At(0, 0, 6, 4).Item(), small.At(0, 0, 3, 2).Item())
			large := twice.Forward(small)
			require.Equal(t, x.Shape(), large.Shape())
			require.Equal(t, small.At(0, 0, 3, 2).Item(), large.At(0, 0, 6, 4).Item())
		}
	})
}

func TestDropoutIsTheNoiseOfTranslations(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c := small["penalty"]
		m, err := New(c)
		require.NoError(t, err)
		b := batch(c)
		require.False(t, m.Translate(b, false).Equal(m.Translate(b, false)))
		c.Dropout = 0
		m, err = New(c)
		require.NoError(t, err)
		require.True(t, m.Translate(b, true).Equal(m.Translate(b, true)))
	})
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for want, c := range map[string]Config{
		"dualgan: --levels 3 is not from 4 to 10, or 7 with --net unet":                               {Levels: 3},
		"dualgan: --levels 8 is not from 4 to 10, or 7 with --net unet":                               {Net: "unet"},
		"dualgan: --size 128 is not a multiple of 256 from 64 on, as --levels 8 needs":                {Size: 128},
		"dualgan: --channels 2 is neither 1 nor 3":                                                    {Channels: 2},
		"dualgan: --width 64 and --critic -1 must be at least 1":                                      {Critic: -1},
		"dualgan: --dropout 1 must be in [0, 1)":                                                      {Dropout: 1},
		"dualgan: --lambda 500, --penalty -1, --weight-clip 0.01 and --lr 5e-05 must not be negative": {Penalty: -1},
	} {
		_, err := New(c)
		require.EqualError(t, err, want)
	}
}
