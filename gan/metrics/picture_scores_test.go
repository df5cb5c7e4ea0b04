package metrics

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// scene is a picture (1, 3, h, w) of waves in 0 … 255, float64.
func scene(h, w int, phase float64) *torch.Tensor {
	x := make([]float64, 3*h*w)
	for i := range x {
		x[i] = 127.5 + 127.5*math.Sin(0.13*float64(i)+0.011*float64(i/w)+phase)
	}
	return torch.FromSlice(x, 1, 3, h, w)
}

func TestPicturesAreQuantisedAsTheyAreSaved(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.FromSlice([]float32{-2, -1, -0.996, 0, 1, 3})
		require.Equal(t, []float32{0, 0, 1, 128, 255, 255}, torch.Values[float32](Quantise(x)))
	})
}

func TestThePSNROfAConstantDifferenceIsTheClosedForm(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		a := torch.Zeros([]int{3, 3, 4, 5}, torch.TensorOptions{DType: torch.Uint8})
		b := a.Clone().SetAt(5, 1).SetAt(255, 2)
		got := torch.Values[float64](PSNR(a, b, PSNROptions{}))
		require.Equal(t, math.Inf(1), got[0], "equal pictures")
		require.InDelta(t, 20*math.Log10(255.0/5), got[1], 1e-12)
		require.InDelta(t, 0, got[2], 1e-12)

		white := torch.Full([]int{1, 3, 2, 2}, 255.0)
		require.InDelta(t, 235, Luma(white).Max().Item(), 1e-4)
		require.InDelta(t, 255, Grey(white).Max().Item(), 1e-4)
	})
}

func TestSSIMIsOneForEqualPicturesAndSymmetric(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		a, b := scene(164, 161, 0), scene(164, 161, 0.6)
		for name, score := range map[string]func(a, b *torch.Tensor) *torch.Tensor{
			"SSIM":    func(a, b *torch.Tensor) *torch.Tensor { return SSIM(a, b, SSIMOptions{}) },
			"uniform": func(a, b *torch.Tensor) *torch.Tensor { return SSIM(a, b, SSIMOptions{Uniform: true}) },
			"map": func(a, b *torch.Tensor) *torch.Tensor {
				return SSIMMap(a, b, SSIMOptions{}).MeanDim([]int{1, 2, 3})
			},
			"MSSSIM":           func(a, b *torch.Tensor) *torch.Tensor { return MSSSIM(a, b, MSSSIMOptions{}) },
			"MSSSIM replicate": func(a, b *torch.Tensor) *torch.Tensor { return MSSSIM(a, b, MSSSIMOptions{Replicate: true}) },
		} {
			require.InDelta(t, 1, score(a, a).Item(), 1e-9, name)
			there := score(a, b).Item()
			require.Less(t, there, 0.999, name)
			require.InDelta(t, there, score(b, a).Item(), 1e-12, name)
			batch := score(torch.Cat([]*torch.Tensor{a, a}), torch.Cat([]*torch.Tensor{a, b}))
			require.InDelta(t, 1, batch.At(0).Item(), 1e-9, name)
			require.InDelta(t, there, batch.At(1).Item(), 1e-12, name)
		}
	})
}

func TestSSIMOfConstantsIsTheirLuminanceTerm(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		a, b := torch.Full([]int{1, 1, 16, 16}, 0.2), torch.Full([]int{1, 1, 16, 16}, 0.7)
		a, b = a.ToDType(torch.Float64), b.ToDType(torch.Float64)
		c1 := math.Pow(0.01, 2)
		want := (2*a.Mean().Item()*b.Mean().Item() + c1) / (a.Square().Mean().Item() + b.Square().Mean().Item() + c1)
		require.InDelta(t, want, SSIM(a, b, SSIMOptions{Peak: 1}).Item(), 1e-9)
		require.InDelta(t, want, SSIM(a, b, SSIMOptions{Peak: 1, Uniform: true}).Item(), 1e-9)
	})
}

func TestLargePicturesAreDownsampledFirst(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		a, b := scene(400, 500, 0), scene(400, 500, 0.6)
		half := func(x *torch.Tensor) *torch.Tensor { return x.AvgPool2d([]int{2}) }
		want := SSIM(half(a), half(b), SSIMOptions{}).Item()
		require.Equal(t, want, SSIM(a, b, SSIMOptions{Downsample: true}).Item())
		require.NotEqual(t, want, SSIM(a, b, SSIMOptions{}).Item())
	})
}

func TestScoresOfPicturesHaveGradients(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		for name, score := range map[string]func(a, b *torch.Tensor) *torch.Tensor{
			"PSNR":   func(a, b *torch.Tensor) *torch.Tensor { return PSNR(a, b, PSNROptions{}) },
			"SSIM":   func(a, b *torch.Tensor) *torch.Tensor { return SSIM(a, b, SSIMOptions{}) },
			"MSSSIM": func(a, b *torch.Tensor) *torch.Tensor { return MSSSIM(a, b, MSSSIMOptions{}) },
		} {
			a, b := scene(162, 162, 0), scene(162, 162, 0.6).SetRequiresGrad(true)
			before := score(a, b)
			before.Sum().Backward()
			require.Equal(t, 1, b.Grad().IsFinite().All().Int(), name)
			step := b.Detach().Add(b.Grad().MulScalar(1e-3 / b.Grad().Abs().Max().Item()))
			require.Greater(t, score(a, step).Item(), before.Item(), "%s grows along its gradient", name)
		}
	})
}

func TestNegativeTermsCountAsZeroInMSSSIM(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		a := scene(162, 162, 0)
		negative := a.Neg().AddScalar(255).SetRequiresGrad(true)
		score := MSSSIM(a, negative, MSSSIMOptions{})
		require.Zero(t, score.Item())
		score.Sum().Backward()
		require.Zero(t, negative.Grad().Abs().Max().Item())
	})
}

func TestPicturesThatDoNotFitAreRefused(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		a, b := torch.Ones([]int{1, 3, 8, 9}), torch.Ones([]int{1, 3, 9, 8})
		for want, f := range map[string]func(){
			"torch.PSNR: it compares pictures (N, C, H, W) of one shape [shapes (1, 3, 8, 9) (1, 3, 9, 8)]": func() { PSNR(a, b, PSNROptions{}) },
			"torch.SSIM: it compares pictures (N, C, H, W) of one shape [shapes (8, 9) (8, 9)]":             func() { SSIM(a.At(0, 0), a.At(0, 0), SSIMOptions{}) },
			"torch.SSIM: a window of 11×11 does not fit [shapes (1, 3, 8, 9) (1, 3, 8, 9)]":                 func() { SSIM(a, a, SSIMOptions{}) },
			"torch.MSSSIM: pictures have more than 160 pixels on a side [shapes (1, 3, 8, 9) (1, 3, 8, 9)]": func() { MSSSIM(a, a, MSSSIMOptions{}) },
			"torch.Shave: a border of 4 leaves nothing [shapes (1, 3, 8, 9)]":                               func() { Shave(a, 4) },
			"torch.Luma: colours are (N, 3, H, W), in the order red, green, blue [shapes (1, 1, 8, 9)]":     func() { Luma(a.Narrow(1, 0, 1)) },
		} {
			require.EqualError(t, torch.Try(f), want)
		}
	})
}

func TestAConfusionCountsClasses(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		c := NewConfusion(4, 255)
		require.True(t, math.IsNaN(c.MeanIoU()))
		require.NoError(t, c.Add(torch.FromSlice([]int64{0, 0, 1, 3}, 2, 2), torch.FromSlice([]int64{0, 1, 1, 255}, 2, 2)))
		require.NoError(t, c.Add(torch.FromSlice([]uint8{1, 2}), torch.FromSlice([]uint8{1, 1})))
		// Class 0: 1 of 1 pixels, union 2. Class 1: 2 of 4, union 4. Class 2: no pixels, named once. Class 3: neither.
		require.InDelta(t, 3.0/5, c.PixelAccuracy(), 1e-12)
		require.InDelta(t, (1+0.5)/2, c.ClassAccuracy(), 1e-12)
		require.InDelta(t, (0.5+0.5+0)/3, c.MeanIoU(), 1e-12)

		require.EqualError(t, c.Add(torch.FromSlice([]int64{0, 4}), torch.FromSlice([]int64{0, 1})), "confusion: class 4 predicted for class 1, but the classes are 0 to 3")
		require.EqualError(t, c.Add(torch.FromSlice([]int64{0}), torch.FromSlice([]int64{0, 1})), "confusion: predictions of shape [1] are not for targets of shape [2]")
		require.InDelta(t, 3.0/5, c.PixelAccuracy(), 1e-12, "a refused batch leaves no trace")
	})
}

func TestMelCepstralDistortionOfOneCoefficientIsTheClosedForm(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		a := torch.FromSlice([]float64{9, 1, 9, 1, 9, 5}, 3, 2)
		b := torch.FromSlice([]float64{0, 1, 0, 5}, 2, 2)
		scale := 10 / math.Ln10 * math.Sqrt2
		for _, test := range []struct {
			o    MelCepstralOptions
			want float64
		}{
			{MelCepstralOptions{}, scale * 4 / 2},
			{MelCepstralOptions{Align: true}, 0},
			{MelCepstralOptions{Energy: true}, scale * (9 + math.Sqrt(97)) / 2},
		} {
			d, err := MelCepstralDistortion(a, b, test.o)
			require.NoError(t, err)
			require.InDelta(t, test.want, d, 1e-12, test.o.String())
			back, err := MelCepstralDistortion(b, a, test.o)
			require.NoError(t, err)
			require.InDelta(t, d, back, 1e-12, test.o.String())
		}
		_, err := MelCepstralDistortion(a, b.Narrow(1, 0, 1), MelCepstralOptions{})
		require.ErrorContains(t, err, "not vectors of length 2 and 1")
		_, err = MelCepstralDistortion(a.Narrow(0, 0, 0), b, MelCepstralOptions{})
		require.ErrorContains(t, err, "hold nothing to compare")
	})
}
