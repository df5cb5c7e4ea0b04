package gan_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestDiffAugmentDoesWhatThePaperSaysWithTheDrawsOfTheOfficialCode(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		data, policies := numbersOf(t, "augment"), 0
		for name, want := range data {
			policy, ok := strings.CutPrefix(name, "diffaugment.")
			if !ok {
				continue
			}
			policies++
			d, err := gan.ParseDiffAugment(policy)
			require.NoError(t, err)
			torch.ManualSeed(3)
			diff, _ := torchtest.MaxDiff(t, d.Forward(data["x"]), want)
			require.LessOrEqual(t, diff, 2e-6, policy)
		}
		require.Equal(t, 4, policies)
	})
}

func TestDiffAugmentRefusesAPolicyThatItDoesNotKnow(t *testing.T) {
	_, err := gan.ParseDiffAugment("color,blur")
	require.EqualError(t, err, `no augmentation "blur" in policy "color,blur": take color, translation or cutout`)
	none, err := gan.ParseDiffAugment("")
	require.NoError(t, err)
	require.Empty(t, none)
}

func FuzzParseDiffAugment(f *testing.F) {
	for _, policy := range []string{"", "color", "color,translation,cutout", "cutout,,", "Color"} {
		f.Add(policy)
	}
	f.Fuzz(func(t *testing.T, policy string) {
		d, err := gan.ParseDiffAugment(policy)
		if err != nil {
			require.Nil(t, d)
			return
		}
		var names []string
		for _, a := range d {
			names = append(names, string(a))
		}
		require.Equal(t, policy, strings.Join(names, ","))
	})
}

func TestADADoesWhatThePaperSaysWithTheDrawsOfTheOfficialCode(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		data := numbersOf(t, "augment")
		for _, c := range []struct {
			name, pictures string
			p              float64
			corrupt        bool
		}{
			{"ada.0", "x", 0, false}, {"ada.0.6", "x", 0.6, false}, {"ada.1", "x", 1, false}, {"ada.gray", "gray", 0.6, false},
			{"ada.bgcfnc.0.6", "large", 0.6, true}, {"ada.bgcfnc.1", "large", 1, true},
		} {
			a := gan.NewADA(gan.ADAOptions{Corrupt: c.corrupt})
			a.P.FillInPlace(c.p)
			torch.ManualSeed(3)
			diff, magnitude := torchtest.MaxDiff(t, a.Forward(data[c.pictures]), data[c.name])
			require.LessOrEqual(t, diff, 1e-5*magnitude, c.name)
		}
	})
}

// A wavelet's low pass there and back leaves alone what has no high frequencies, if nothing is shifted.
func TestADAWithoutChangesLeavesASmoothPictureWhereItIs(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		wave := torch.Arange(0.0, 32.0).MulScalar(2 * math.Pi / 31).Cos() // as even as its mirror image
		x := wave.View(1, 1, 1, 32).Add(wave.View(1, 1, 32, 1)).DivScalar(2)
		diff, _ := torchtest.MaxDiff(t, gan.NewADA().Forward(x), x)
		require.LessOrEqual(t, diff, 2e-3)
	})
}

func TestGradientsPassThroughAugmentationsTwice(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		a := gan.NewADA()
		a.P.FillInPlace(1)
		for _, layer := range []nn.Layer{a, gan.DiffAugment{gan.Color, gan.Translation, gan.Cutout}} {
			x := torch.Randn([]int{2, 3, 8, 8}).SetRequiresGrad(true)
			y := layer.Forward(x).Square().Sum()
			g := torch.Grad([]*torch.Tensor{y}, []*torch.Tensor{x}, torch.GradOptions{CreateGraph: true})[0]
			g.Square().Sum().Backward()
			require.Positive(t, x.Grad().Abs().Max().Item(), "%T", layer)
		}
	})
}

func TestADAMovesTowardsItsTargetEveryIntervalAndNotBelowZero(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		a := gan.NewADA(gan.ADAOptions{Interval: 2, Images: 1000})
		sure, lost := torch.Full([]int{10, 1}, 2.5), torch.Full([]int{10, 1}, -0.1)
		var p []float64
		for _, d := range []*torch.Tensor{sure, sure, sure, lost, sure, sure, lost, lost, lost, lost, lost, lost} {
			a.Observe(d)
			p = append(p, math.Round(a.P.Item()*1e6)/1e6)
		}
		// Twenty pictures of a thousand a time; a half sure one, of r_t 0, is below the target of 0.6.
		require.Equal(t, []float64{0, 0.02, 0.02, 0, 0, 0.02, 0.02, 0, 0, 0, 0, 0}, p)
		require.Equal(t, 12.0, a.Batches.Item())
		var names []string
		for _, e := range nn.StateDict(a) {
			require.True(t, e.Buffer)
			names = append(names, e.Name)
		}
		require.Equal(t, []string{"p", "signs", "batches", "Hz_geom"}, names)
	})
}

func TestADARefusesPicturesOfTwoChannels(t *testing.T) {
	torchtest.Native(t)
	err := torch.Try(func() { gan.NewADA().Forward(torch.Zeros([]int{1, 2, 8, 8})) })
	require.EqualError(t, err, "torch.ADA: pictures are (N, C, H, W) of 1 or 3 channels [shapes (1, 2, 8, 8)]")
}
