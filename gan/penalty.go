package gan

import (
	"math"

	"github.com/forgergan/forger/torch"
)

// InputGradient is the gradient of the sum of scores with respect to x, one row (N, …) a sample of x (N, …), recorded so
// that it can be differentiated again. x must require gradients, and scores, of any shape, must have been computed from
// it. The sample's own gradient it is only where no score mixes samples, as batch norm does. The other penalties are made
// of it; it serves where scores are at hand already:
//
//	x.SetRequiresGrad(true)
//	score := d.Forward(x)
//	r1 := gan.InputGradient(score, x).Square().SumDim([]int{1}).Mean()
func InputGradient(scores, x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		g := torch.Grad([]*torch.Tensor{scores.Sum()}, []*torch.Tensor{x}, torch.GradOptions{CreateGraph: true})[0]
		return g.Reshape(x.Size(0), -1)
	})
}

// GradientPenaltyOptions are the optional arguments of GradientPenalty.
type GradientPenaltyOptions struct {
	Alpha     *torch.Tensor    // the share of real in each mixture, N numbers in any shape; drawn from U(0, 1) if nil
	Generator *torch.Generator // of that draw, the device's default generator if nil
	Centre    *float64         // the norm that costs nothing, 1 by default
	OneSided  bool             // norms below Centre cost nothing either
	Eps       float64          // added to the sum of squares under the root
}

// GradientPenalty is WGAN-GP's mean of (|∇D(x̂)|₂ − 1)² over x̂ = α·real + (1 − α)·fake, a scalar; the usual weight is 10.
// Real and fake have one shape (N, …), both are taken as constants, one α belongs to a sample, and the norm is over all
// dimensions but the first. The scores that d gives may have any shape: their sum is differentiated. Gulrajani et al.
// 2017, algorithm 1 and equation 3; one-sided as in their §4, about another centre as in Karras et al. 2018, appendix A.1
// (which divides by Centre² as well), about 0 as in Thanh-Tung et al. 2019.
//
// At a gradient of 0 the norm is 0 and so is its own gradient, as PyTorch has it. Official programs differ: those of
// WGAN-GP and ProGAN take the root of the bare sum, whose gradient is infinite there; DualGAN has Eps 1e-8 under it;
// pix2pix adds 1e-16 to the gradients, which changes a float32 other than 0 by nothing.
func GradientPenalty(d func(x *torch.Tensor) *torch.Tensor, real, fake *torch.Tensor, o ...GradientPenaltyOptions) *torch.Tensor {
	c := only(o)
	return torch.Tidy(func() *torch.Tensor {
		real, fake := real.Detach(), fake.Detach()
		perSample := onesFrom(real, real.Size(0))
		alpha := c.Alpha
		if alpha == nil {
			alpha = torch.Rand(perSample, torch.RandOptions{TensorOptions: like(real), Generator: c.Generator})
		}
		alpha = alpha.Detach().Reshape(perSample...)
		x := alpha.Mul(real).Add(alpha.Neg().AddScalar(1).Mul(fake)).SetRequiresGrad(true)
		return excess(InputGradient(d(x), x), c)
	})
}

// excess is the mean squared distance of the rows' norms from the centre.
func excess(gradient *torch.Tensor, c GradientPenaltyOptions) *torch.Tensor {
	centre := 1.0
	if c.Centre != nil {
		centre = *c.Centre
	}
	var norms *torch.Tensor
	if c.Eps == 0 {
		norms = gradient.VectorNorm(torch.VectorNormOptions{Dim: []int{1}})
	} else {
		norms = gradient.Square().SumDim([]int{1}).AddScalar(c.Eps).Sqrt()
	}
	over := norms.SubScalar(centre)
	if c.OneSided {
		over = over.ClampMin(0)
	}
	return over.Square().Mean()
}

// DRAGANOptions are the optional arguments of DRAGAN.
type DRAGANOptions struct {
	Noise     *torch.Tensor    // in real's shape; drawn from U(0, 1) if nil
	Alpha     *torch.Tensor    // the share of the noise, N numbers in any shape; drawn from U(0, 1), after Noise, if nil
	Generator *torch.Generator // of those draws, the device's default generator if nil
}

// DRAGAN is the mean of (|∇D(x̂)|₂ − 1)² around the real samples, x̂ = real + α·½·σ·u with σ the standard deviation of all
// elements of real (divided by their number, not one less) and u uniform noise in [0, 1), a scalar; the usual weight is
// 10. Shapes are those of [GradientPenalty]. Kodali et al. 2017; constants as in the authors' program.
func DRAGAN(d func(x *torch.Tensor) *torch.Tensor, real *torch.Tensor, o ...DRAGANOptions) *torch.Tensor {
	c := only(o)
	return torch.Tidy(func() *torch.Tensor {
		real := real.Detach()
		perSample, noise, alpha := onesFrom(real, real.Size(0)), c.Noise, c.Alpha
		random := torch.RandOptions{TensorOptions: like(real), Generator: c.Generator}
		if noise == nil {
			noise = torch.Rand(real.Shape(), random)
		}
		if alpha == nil {
			alpha = torch.Rand(perSample, random)
		}
		step := noise.Detach().Mul(real.Std(torch.StdOptions{Correction: 0})).MulScalar(0.5)
		x := real.Add(alpha.Detach().Reshape(perSample...).Mul(step)).SetRequiresGrad(true)
		return excess(InputGradient(d(x), x), GradientPenaltyOptions{})
	})
}

// R1 is γ/2 · mean of |∇D(x)|₂² at real samples (N, …), a scalar. D's scores are logits of any shape. Mescheder et al.
// 2018, §4.1; StyleGAN has γ 10. Regularised lazily, every k steps, it is multiplied by k (StyleGAN2: 16).
func R1(d func(x *torch.Tensor) *torch.Tensor, real *torch.Tensor, gamma float64) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		x := real.Detach().SetRequiresGrad(true)
		return InputGradient(d(x), x).Square().SumDim([]int{1}).Mean().MulScalar(gamma / 2)
	})
}

// R2 is R1 at generated samples. Mescheder et al. 2018, §4.1.
func R2(d func(x *torch.Tensor) *torch.Tensor, fake *torch.Tensor, gamma float64) *torch.Tensor {
	return R1(d, fake, gamma)
}

// Drift is weight times the mean square of the critic's scores for real samples, which keeps them near 0. Karras et al.
// 2018, appendix A.1, with weight 0.001.
func Drift(real *torch.Tensor, weight float64) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return real.Square().Mean().MulScalar(weight) })
}

// Consistency is CT-GAN's term: a critic with dropout should judge the same real sample alike in two passes. It is the
// mean over samples of max(0, weight·((d − d′)² + 0.1·mean (f − f′)²) − margin) for scores d, d′ (N) or (N, 1) and
// features f, f′ (N, …) of the last hidden layer, a scalar. Gradients flow through both passes. Wei et al. 2018, where
// weight 2 stands in front of the maximum; inside, as here, in the authors' program and in rGAN's, which have margin 0.
func Consistency(score, score2, features, features2 *torch.Tensor, weight, margin float64) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		n := score.Size(0)
		if score.Numel() != n {
			panic(misuse("Consistency", "one score belongs to a sample", score, score2))
		}
		scores := score.Sub(score2).Square().Reshape(n)
		layer := features.Sub(features2).Square().Reshape(n, -1).MeanDim([]int{1})
		return scores.Add(layer.MulScalar(0.1)).MulScalar(weight).SubScalar(margin).ClampMin(0).Mean()
	})
}

// PathLengths is how much each sample's picture (N, C, H, W) moves with its latents w, (N, D) or (N, layers, D): the length
// of Jᵀy over D, with y normal noise of the pictures' shape divided by √(H·W), root of the mean square over layers; a vector
// (N), recorded. Pictures must have been computed from w, which must be part of the graph. The noise is drawn if nil. Karras
// et al. 2020, §3.2 and appendix B.
func PathLengths(pictures, w, noise *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		if noise == nil {
			noise = pictures.Detach().RandnLike()
		}
		y := noise.Detach().DivScalar(math.Sqrt(float64(pictures.Size(2) * pictures.Size(3))))
		g := torch.Grad([]*torch.Tensor{pictures.Mul(y).Sum()}, []*torch.Tensor{w}, torch.GradOptions{CreateGraph: true})[0]
		return g.Square().SumDim([]int{-1}).Reshape(w.Size(0), -1).MeanDim([]int{1}).Sqrt()
	})
}

// PathLength is StyleGAN2's penalty of G: the mean of (ℓ − a)² over the [PathLengths] ℓ, with a the running mean of ℓ
// after this batch, mean + 0.01·(mean of ℓ − mean). It returns that scalar and the new running mean, detached, which the
// program keeps; it starts with 0. As in the official programs, gradients flow through the batch's share in a as well.
// The weight is 2, times 4 where it is applied every 4 steps. Karras et al. 2020, equation 4.
func PathLength(pictures, w, mean, noise *torch.Tensor) (penalty, newMean *torch.Tensor) {
	out := torch.TidyAll(func() []*torch.Tensor {
		lengths := PathLengths(pictures, w, noise)
		a := mean.Lerp(lengths.Mean(), 0.01)
		return []*torch.Tensor{lengths.Sub(a).Square().Mean(), a.Detach()}
	})
	return out[0], out[1]
}

// onesFrom is the shape (n, 1, …) with as many dimensions as x has.
func onesFrom(x *torch.Tensor, n int) []int {
	shape := make([]int, x.Dim())
	for i := range shape {
		shape[i] = 1
	}
	shape[0] = n
	return shape
}

func like(x *torch.Tensor) torch.TensorOptions {
	return torch.TensorOptions{DType: x.DType(), Device: x.Device()}
}

// only is the one element of a variadic options parameter, or the zero value.
func only[T any](o []T) (v T) {
	if len(o) > 0 {
		v = o[0]
	}
	return v
}
