package metrics

import (
	"fmt"
	"math"

	"github.com/forgergan/forger/torch"
)

// SSIMOptions say which of the usual conventions an SSIM follows. The zero value is that of Wang et al. 2004 for values
// in 0 … 255, as in piq and pytorch-msssim.
type SSIMOptions struct {
	Peak       float64 // the largest value: 255 if 0; 1 for pictures in [0, 1]
	Uniform    bool    // windows of 7×7 equal weights and the sample covariance: scikit-image's default
	Downsample bool    // pictures are averaged by max(1, round(min(H, W)/256)) first: piq's default, and Wang's script
}

// String is the part of the protocol: "gauss11-1.5", "uniform7; downsampled".
func (o SSIMOptions) String() string {
	text := "gauss11-1.5"
	if o.Uniform {
		text = "uniform7"
	}
	if o.Downsample {
		text += "; downsampled"
	}
	return text
}

// SSIM is the structural similarity (Wang et al. 2004) of each pair of pictures (N, C, H, W), a vector (N) in [−1, 1],
// 1 for equal pictures:
//
//	(2·μa·μb + C₁)(2·σab + C₂) / (μa² + μb² + C₁)(σa² + σb² + C₂)
//
// with C₁ = (0.01·Peak)², C₂ = (0.03·Peak)², and means and covariances of each channel under an 11×11 Gaussian window of
// σ 1.5, averaged over channels and the places where the window lies inside. Pictures of bytes are compared in float64,
// others in their own type, with gradients.
//
// Black is 0: the means make the value another one where all pixels are shifted. Pictures in [−1, 1] go through
// [Quantise] first or, as a loss, x.AddScalar(1).DivScalar(2).
//
// It panics with an *torch.Error where the shapes differ or the window does not fit.
func SSIM(a, b *torch.Tensor, o SSIMOptions) *torch.Tensor {
	pair("SSIM", a, b)
	return torch.Tidy(func() *torch.Tensor {
		if f := int(math.Round(float64(min(a.Size(2), a.Size(3))) / 256)); o.Downsample && f > 1 {
			a, b = floating(a).AvgPool2d([]int{f}), floating(b).AvgPool2d([]int{f})
		}
		similarity, _ := o.terms(a, b)
		return similarity.MeanDim([]int{1, 2, 3})
	})
}

// SSIMMap is the structural similarity at each pixel and channel, (N, C, H, W). Beyond the border lies the mirrored
// picture, its outermost pixels repeated, as in scikit-image. Downsample has no part in it.
func SSIMMap(a, b *torch.Tensor, o SSIMOptions) *torch.Tensor {
	pair("SSIMMap", a, b)
	return torch.Tidy(func() *torch.Tensor {
		r := len(o.window()) / 2
		if min(a.Size(2), a.Size(3)) < r {
			panic(misuse("SSIMMap", fmt.Sprintf("pictures have at least %d pixels on a side", r), a, b))
		}
		similarity, _ := o.terms(mirror(mirror(a, 2, r), 3, r), mirror(mirror(b, 2, r), 3, r))
		return similarity
	})
}

// mirror puts the first and last n slices of dim in reverse order before and after x.
func mirror(x *torch.Tensor, dim, n int) *torch.Tensor {
	before, after := x.Narrow(dim, 0, n).Flip(dim), x.Narrow(dim, x.Size(dim)-n, n).Flip(dim)
	return torch.Cat([]*torch.Tensor{before, x, after}, torch.CatOptions{Dim: dim})
}

// window is the weights along one side of the window.
func (o SSIMOptions) window() []float64 {
	side := 11
	if o.Uniform {
		side = 7
	}
	weights, sum := make([]float64, side), 0.0
	for i := range weights {
		x := float64(i - side/2)
		if weights[i] = 1; !o.Uniform {
			weights[i] = math.Exp(-x * x / (2 * 1.5 * 1.5))
		}
		sum += weights[i]
	}
	for i := range weights {
		weights[i] /= sum
	}
	return weights
}

// terms are the similarity and its second factor, contrast and structure, at each place of the window inside the
// pictures.
func (o SSIMOptions) terms(a, b *torch.Tensor) (similarity, structure *torch.Tensor) {
	a, b = floating(a), floating(b)
	window := o.window()
	side, n, c, h, w := len(window), a.Size(0), a.Size(1), a.Size(2), a.Size(3)
	if min(h, w) < side {
		panic(misuse("SSIM", fmt.Sprintf("a window of %d×%d does not fit", side, side), a, b))
	}
	weights := torch.FromSlice(window).To(torch.ToOptions{DType: a.DType(), Device: new(a.Device())})
	all := torch.Stack([]*torch.Tensor{a, b, a.Square(), b.Square(), a.Mul(b)}).Reshape(5*n*c, 1, h, w)
	all = torch.Conv2d(all, weights.View(1, 1, side, 1))
	all = torch.Conv2d(all, weights.View(1, 1, 1, side)).View(5, n, c, h-side+1, w-side+1)

	meanA, meanB := all.Select(0, 0), all.Select(0, 1)
	squares, product := meanA.Square().Add(meanB.Square()), meanA.Mul(meanB)
	variances := all.Select(0, 2).Add(all.Select(0, 3)).Sub(squares)
	covariance := all.Select(0, 4).Sub(product)
	if o.Uniform {
		sample := float64(side*side) / float64(side*side-1)
		variances, covariance = variances.MulScalar(sample), covariance.MulScalar(sample)
	}
	peak := orPeak(o.Peak)
	c1, c2 := math.Pow(0.01*peak, 2), math.Pow(0.03*peak, 2)
	structure = covariance.MulScalar(2).AddScalar(c2).Div(variances.AddScalar(c2))
	light := product.MulScalar(2).AddScalar(c1).Div(squares.AddScalar(c1))
	return light.Mul(structure), structure
}

// MSSSIMOptions say which convention an MS-SSIM follows. The zero value is that of pytorch-msssim for values in 0 … 255.
type MSSSIMOptions struct {
	Peak      float64 // the largest value: 255 if 0; 1 for pictures in [0, 1]
	Replicate bool    // an odd side gets a repeated row or column, not zeros, before the picture is halved: piq's way
}

// String is the part of the protocol: "scales=5; odd=zeros".
func (o MSSSIMOptions) String() string {
	if o.Replicate {
		return "scales=5; odd=replicate"
	}
	return "scales=5; odd=zeros"
}

// scaleWeights are those of Wang, Simoncelli and Bovik 2003, found by viewers.
var scaleWeights = []float64{0.0448, 0.2856, 0.3001, 0.2363, 0.1333}

// MSSSIM is the multi-scale structural similarity (Wang, Simoncelli, Bovik 2003) of each pair of pictures (N, C, H, W), a
// vector (N) in [0, 1], 1 for equal pictures: the product over five scales, each half the one before, of the second
// factor of [SSIM], of the smallest scale the whole, to the powers 0.0448, 0.2856, 0.3001, 0.2363 and 0.1333, for each
// channel, then averaged. Negative terms count as 0, and so do the gradients there.
//
// It panics with an *torch.Error where the shapes differ or a side is not above 160, when the window of 11 would not
// fit the smallest scale.
func MSSSIM(a, b *torch.Tensor, o MSSSIMOptions) *torch.Tensor {
	pair("MSSSIM", a, b)
	if min(a.Size(2), a.Size(3)) <= 160 {
		panic(misuse("MSSSIM", "pictures have more than 160 pixels on a side", a, b))
	}
	return torch.Tidy(func() *torch.Tensor {
		a, b := floating(a), floating(b)
		product := a.Select(3, 0).Select(2, 0).OnesLike()
		for scale, weight := range scaleWeights {
			if scale > 0 {
				a, b = o.halve(a), o.halve(b)
			}
			whole, term := SSIMOptions{Peak: o.Peak}.terms(a, b)
			if scale == len(scaleWeights)-1 {
				term = whole
			}
			product = product.Mul(term.MeanDim([]int{2, 3}).ReLU().Pow(weight))
		}
		return product.MeanDim([]int{1})
	})
}

// halve is the means of 2×2 pixels.
func (o MSSSIMOptions) halve(x *torch.Tensor) *torch.Tensor {
	h, w := x.Size(2)%2, x.Size(3)%2
	if !o.Replicate {
		return x.AvgPool2d([]int{2}, torch.AvgPool2dOptions{Padding: []int{h, w}})
	}
	if odd := max(h, w); odd > 0 {
		x = x.Pad([]int{odd, 0, odd, 0}, torch.PadOptions{Mode: "replicate"})
	}
	return x.AvgPool2d([]int{2})
}
