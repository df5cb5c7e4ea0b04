package translation_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/features"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// nowhere is a folder of weights for this test alone.
func nowhere(t *testing.T) string {
	dir := t.TempDir()
	for _, name := range []string{"FORGER_WEIGHTS", "FORGER_CACHE", "XDG_CONFIG_HOME"} {
		t.Setenv(name, dir)
	}
	return dir
}

func TestAPerceptualLossComparesByItsWeightsAndTeachesTheFakesOnly(t *testing.T) {
	torchtest.Native(t)
	dir := nowhere(t)
	torch.Scope(func() {
		torch.ManualSeed(1)
		net := features.NewEfficientNetLite0()
		file := filepath.Join(dir, "effnet-lite0.safetensors")
		require.NoError(t, checkpoint.Save(file, checkpoint.FromState(nn.StateDict(net)), nil))
		p := translation.NewPerceptual("effnet-lite0")
		require.NoError(t, p.Check())
		draw := func() *torch.Tensor {
			return torch.Rand([]int{1, 3, 32, 32}).MulScalar(2).SubScalar(1).SetRequiresGrad(true)
		}
		fake, real := draw(), draw()
		before := torch.DefaultGenerator(torch.Device{}).State()
		loss := p.Loss(fake, real)
		require.Equal(t, before, torch.DefaultGenerator(torch.Device{}).State(), "reading the file draws nothing, so that runs resume exactly")
		a, b := net.Taps(net.Normalise(fake)), net.Taps(net.Normalise(real))
		want := a[0].L1Loss(b[0]).Item()/40 + a[1].L1Loss(b[1]).Item()/20 + a[2].L1Loss(b[2]).Item()/10
		require.InDelta(t, want, loss.Item(), 1e-6*want)
		loss.Backward()
		require.Positive(t, fake.Grad().Abs().Sum().Item())
		require.Nil(t, real.Grad())
		require.Zero(t, p.Loss(real, real).Item())
	})
}

func TestAPerceptualLossWithoutItsFileSaysWhatIsMissing(t *testing.T) {
	torchtest.Native(t)
	nowhere(t)
	torch.Scope(func() {
		p := translation.NewPerceptual("vgg19")
		var missing *features.Missing
		require.ErrorAs(t, p.Check(), &missing)
		x := torch.Zeros([]int{1, 3, 32, 32})
		require.ErrorContains(t, torch.Try(func() { p.Loss(x, x) }), "vgg19")
		require.Nil(t, translation.NewPerceptual("none"))
		require.NoError(t, translation.NewPerceptual("none").Check())
		require.ErrorContains(t, torch.Try(func() { translation.NewPerceptual("vgg11") }), "not vgg11")
	})
}

func TestLabelsHaveTheOfficialColours(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		colour := func(label int64, classes int) []float32 {
			x := translation.Colours(torch.FromSlice([]int64{label}, 1, 1, 1), classes).AddScalar(1).MulScalar(127.5)
			return torch.Values[float32](x.Contiguous())
		}
		for _, test := range []struct {
			label   int64
			classes int
			want    []float32
		}{
			{7, 35, []float32{128, 64, 128}}, {23, 35, []float32{70, 130, 180}}, {255, 35, []float32{0, 0, 0}},
			{0, 21, []float32{0, 0, 0}}, {1, 21, []float32{128, 0, 0}}, {2, 21, []float32{0, 128, 0}}, {15, 21, []float32{192, 128, 128}},
			{21, 21, []float32{0, 0, 0}}, {-1, 21, []float32{0, 0, 0}},
		} {
			require.InDeltaSlice(t, test.want, colour(test.label, test.classes), 1e-3, "label %d of %d", test.label, test.classes)
		}
	})
}
