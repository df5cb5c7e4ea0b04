package gan

import (
	"fmt"

	"github.com/forgergan/forger/torch"
)

// FeatureMatching compares what a discriminator's layers give for generated and for real samples, features[scale][layer]:
// the mean absolute difference of each layer but a scale's last, which is its output, summed over layers and averaged
// over scales, a scalar. Gradients go to the generated side only. This is SPADE's form; pix2pixHD and vid2vid multiply
// by 4/(number of layers but the last), which is 1 for their published discriminators. The usual weight is 10. Wang et
// al. 2018, §3.2. Panics if the two sides differ in scales or layers, or a scale has fewer than two.
func FeatureMatching(fake, real [][]*torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		if len(fake) != len(real) {
			panic(misuse("FeatureMatching", fmt.Sprintf("%d scales of generated samples, %d of real ones", len(fake), len(real))))
		}
		var terms []*torch.Tensor
		for scale := range fake {
			layers := len(fake[scale])
			if layers < 2 || layers != len(real[scale]) {
				panic(misuse("FeatureMatching", fmt.Sprintf("scale %d has %d layers of generated samples, %d of real ones",
					scale, layers, len(real[scale]))))
			}
			for i := range layers - 1 {
				terms = append(terms, fake[scale][i].L1Loss(real[scale][i].Detach()))
			}
		}
		return total(terms).DivScalar(float64(len(fake)))
	})
}

// MeanMatching compares the mean features of two batches, layer by layer: the mean square of (mean over the batch of fake
// − that of real), summed over layers (N, …), a scalar. Gradients go to the generated side only. The batches need not be
// of one size. Salimans et al. 2016, §3.1, but for the mean over elements; DiscoGAN's program.
func MeanMatching(fake, real []*torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		if len(fake) != len(real) {
			panic(misuse("MeanMatching", fmt.Sprintf("%d layers of generated samples, %d of real ones", len(fake), len(real))))
		}
		terms := make([]*torch.Tensor, len(fake))
		for i := range fake {
			terms[i] = fake[i].MeanDim([]int{0}).MSELoss(real[i].Detach().MeanDim([]int{0}))
		}
		return total(terms)
	})
}

// Taps is a network with taps: pictures to one feature map (N, C, H, W) a tap. The classifiers of package gan/metrics are.
type Taps interface {
	Taps(x *torch.Tensor) []*torch.Tensor
}

// PerceptualOptions are the optional arguments of Perceptual.
type PerceptualOptions struct {
	Weights []float64 // of the taps, all 1 if nil; a tap of weight 0 is not compared
	Squared bool      // the mean squared difference instead of the mean absolute one
}

// VGGWeights are pix2pixHD's, SPADE's and vid2vid's weights of VGG19's relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1.
var VGGWeights = []float64{1. / 32, 1. / 16, 1. / 8, 1. / 4, 1}

// Perceptual compares two pictures by the features that a frozen network sees in them: the mean absolute difference of
// each tap, weighed and summed, a scalar. Gradients go to fake only. Pictures are given as the network expects them:
// pix2pixHD feeds [−1, 1] unnormalised. Johnson et al. 2016, §3.2, with Squared. Panics if the number of weights is not
// that of taps, or all are 0.
func Perceptual(net Taps, fake, real *torch.Tensor, o ...PerceptualOptions) *torch.Tensor {
	c := only(o)
	return torch.Tidy(func() *torch.Tensor {
		var want []*torch.Tensor
		torch.NoGrad(func() { want = net.Taps(real) })
		got := net.Taps(fake)
		if c.Weights != nil && len(c.Weights) != len(got) {
			panic(misuse("Perceptual", fmt.Sprintf("%d weights for %d taps", len(c.Weights), len(got))))
		}
		var terms []*torch.Tensor
		for i := range got {
			weight := 1.0
			if c.Weights != nil {
				weight = c.Weights[i]
			}
			switch {
			case weight == 0:
			case c.Squared:
				terms = append(terms, got[i].MSELoss(want[i]).MulScalar(weight))
			default:
				terms = append(terms, got[i].L1Loss(want[i]).MulScalar(weight))
			}
		}
		return total(terms)
	})
}

// TotalVariation is the sum of absolute differences of neighbouring pixels of x (N, C, H, W), both ways and over colours,
// averaged over the batch, a scalar: the anisotropic form of Rudin, Osher and Fatemi 1992, tf.image.total_variation.
func TotalVariation(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		down, right := steps("TotalVariation", x)
		return down.Abs().Sum().Add(right.Abs().Sum()).DivScalar(float64(x.Size(0)))
	})
}

// SquaredVariation is 2·(mean squared difference of vertical neighbours + that of horizontal ones) in x (N, C, H, W), a
// scalar: the total-variation term of the common programs of SRGAN, whose weight is 2e-8. Its gradient is smooth, and
// blurs edges that TotalVariation keeps.
func SquaredVariation(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		down, right := steps("SquaredVariation", x)
		return down.Square().Mean().Add(right.Square().Mean()).MulScalar(2)
	})
}

// GradientDifference compares the edges of two pictures (N, C, H, W), whichever way they go up: the mean of
// ||∂fake| − |∂real||^alpha over vertical neighbours plus that over horizontal ones, a scalar. alpha is at least 1. Mathieu
// et al. 2016, §3.2, where it is summed.
func GradientDifference(fake, real *torch.Tensor, alpha float64) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		down, right := steps("GradientDifference", fake)
		realDown, realRight := steps("GradientDifference", real)
		part := func(a, b *torch.Tensor) *torch.Tensor { return a.Abs().Sub(b.Abs()).Abs().Pow(alpha).Mean() }
		return part(down, realDown).Add(part(right, realRight))
	})
}

// steps is the differences of vertical and of horizontal neighbours.
func steps(op string, x *torch.Tensor) (down, right *torch.Tensor) {
	if x.Dim() != 4 || x.Size(2) < 2 || x.Size(3) < 2 {
		panic(misuse(op, "pictures are (N, C, H, W) of at least 2 by 2 pixels", x))
	}
	return x.Diff(torch.DiffOptions{Dim: new(2)}), x.Diff(torch.DiffOptions{Dim: new(3)})
}

// MaskedL1 is the mean over all elements, masked ones too, of |a·mask − b·mask|, a scalar. Mask broadcasts to a's shape.
// vid2vid compares flows and warped frames by it.
func MaskedL1(a, b, mask *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return a.Mul(mask).L1Loss(b.Mul(mask)) })
}
