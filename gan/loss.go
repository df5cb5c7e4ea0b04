package gan

import (
	"math"

	"github.com/forgergan/forger/torch"
)

// Loss is an adversarial game: what the discriminator and the generator minimise, given the
// discriminator's outputs for a batch. Each function returns a scalar.
type Loss struct {
	Real      func(d *torch.Tensor) *torch.Tensor // of D, for real samples
	Fake      func(d *torch.Tensor) *torch.Tensor // of D, for generated samples
	Generator func(d *torch.Tensor) *torch.Tensor // of G, for generated samples
}

// Discriminator is the loss of D: Real of its outputs for real samples plus Fake of those for generated ones.
func (l Loss) Discriminator(real, fake *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return l.Real(real).Add(l.Fake(fake)) })
}

// Times is the game with all three losses multiplied by weight.
func (l Loss) Times(weight float64) Loss {
	times := func(f func(*torch.Tensor) *torch.Tensor) func(*torch.Tensor) *torch.Tensor {
		return scalar(func(d *torch.Tensor) *torch.Tensor { return f(d).MulScalar(weight) })
	}
	return Loss{Real: times(l.Real), Fake: times(l.Fake), Generator: times(l.Generator)}
}

// NonSaturating is the game that practice uses: D minimises −log D(x) − log(1 − D(G(z))), G minimises
// −log D(G(z)). D's outputs are probabilities. Goodfellow et al. 2014, §3.
var NonSaturating = Loss{
	Real:      func(d *torch.Tensor) *torch.Tensor { return BCE(d, 1) },
	Fake:      func(d *torch.Tensor) *torch.Tensor { return BCE(d, 0) },
	Generator: func(d *torch.Tensor) *torch.Tensor { return BCE(d, 1) },
}

// Minimax is the original zero-sum game: as NonSaturating, but G minimises log(1 − D(G(z))), whose
// gradient fades where D is sure. Goodfellow et al. 2014, equation 1.
var Minimax = Loss{
	Real:      NonSaturating.Real,
	Fake:      NonSaturating.Fake,
	Generator: func(d *torch.Tensor) *torch.Tensor { return BCE(d, 0).Neg() },
}

// NonSaturatingLogits is NonSaturating for a D that ends without a sigmoid: softplus(−D(x)) + softplus(D(G(z))) and
// softplus(−D(G(z))), the logistic loss of StyleGAN, the vanilla one of pix2pix.
var NonSaturatingLogits = Loss{
	Real:      func(d *torch.Tensor) *torch.Tensor { return BCEWithLogits(d, 1) },
	Fake:      func(d *torch.Tensor) *torch.Tensor { return BCEWithLogits(d, 0) },
	Generator: func(d *torch.Tensor) *torch.Tensor { return BCEWithLogits(d, 1) },
}

// MinimaxLogits is Minimax for a D that ends without a sigmoid.
var MinimaxLogits = Loss{
	Real:      NonSaturatingLogits.Real,
	Fake:      NonSaturatingLogits.Fake,
	Generator: func(d *torch.Tensor) *torch.Tensor { return BCEWithLogits(d, 0).Neg() },
}

// Smoothed is NonSaturatingLogits with another label than 1 for real samples in D's loss, 0.9 as a rule. Fakes keep 0,
// and G aims at 1: smoothing those labels would reward D for errors. Salimans et al. 2016, §3.4.
func Smoothed(real float64) Loss {
	return Loss{
		Real:      func(d *torch.Tensor) *torch.Tensor { return BCEWithLogits(d, real) },
		Fake:      NonSaturatingLogits.Fake,
		Generator: NonSaturatingLogits.Generator,
	}
}

// Hinge is the game of SNGAN, SAGAN and BigGAN: D minimises max(0, 1 − D(x)) + max(0, 1 + D(G(z))), G minimises
// −D(G(z)). Lim and Ye 2017; Miyato et al. 2018, equations 16 and 17.
var Hinge = Loss{
	Real:      scalar(func(d *torch.Tensor) *torch.Tensor { return d.Neg().AddScalar(1).ReLU().Mean() }),
	Fake:      scalar(func(d *torch.Tensor) *torch.Tensor { return d.AddScalar(1).ReLU().Mean() }),
	Generator: scalar(func(d *torch.Tensor) *torch.Tensor { return d.Mean().Neg() }),
}

// Wasserstein is the game of a critic: D minimises D(G(z)) − D(x), G minimises −D(G(z)). −Discriminator estimates the
// distance between the distributions if [WeightClip] or [GradientPenalty] keeps D's slope bounded. The authors' program
// has both signs reversed, the paper has these. Arjovsky et al. 2017, algorithm 1.
var Wasserstein = Loss{
	Real:      scalar(func(d *torch.Tensor) *torch.Tensor { return d.Mean().Neg() }),
	Fake:      func(d *torch.Tensor) *torch.Tensor { return d.Mean() },
	Generator: scalar(func(d *torch.Tensor) *torch.Tensor { return d.Mean().Neg() }),
}

// LeastSquares is the game of mean squared differences from labels: D minimises (D(x) − real)² + (D(G(z)) − fake)², G
// minimises (D(G(z)) − target)². Mao et al. 2017, equation 2, but for the ½ before each term.
//
//	gan.LeastSquares(0, 1, 1)             // pix2pix, pix2pixHD, CycleGAN and most others; SPADE's "ls"
//	gan.LeastSquares(0, 1, 1).Times(0.5)  // equation 9 of the paper
//	gan.LeastSquares(-1, 1, 0).Times(0.5) // equation 8: G minimises Pearson's χ² divergence
//
// The paper's programs sum over the N samples instead of averaging: Times(N/2).
func LeastSquares(fake, real, target float64) Loss {
	to := func(label float64) func(d *torch.Tensor) *torch.Tensor {
		return scalar(func(d *torch.Tensor) *torch.Tensor { return d.SubScalar(label).Square().Mean() })
	}
	return Loss{Real: to(real), Fake: to(fake), Generator: to(target)}
}

// RelativisticDiscriminator is what D minimises in the relativistic average form of a game: an output counts by how
// much it exceeds the mean of the other kind, Real(D(x) − mean D(G(z))) + Fake(D(G(z)) − mean D(x)). Outputs are logits.
// With NonSaturatingLogits RaSGAN, with LeastSquares(-1, 1, 1) RaLSGAN, with Hinge RaHingeGAN; the author's program and
// ESRGAN take half of it. Jolicoeur-Martineau 2019, §4.2.
func (l Loss) RelativisticDiscriminator(real, fake *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		return l.Real(real.Sub(fake.Mean())).Add(l.Fake(fake.Sub(real.Mean())))
	})
}

// RelativisticGenerator is what G minimises there: RelativisticDiscriminator with the roles exchanged. Gradients reach G
// through both terms.
func (l Loss) RelativisticGenerator(real, fake *torch.Tensor) *torch.Tensor {
	return l.RelativisticDiscriminator(fake, real)
}

// SumOver is the sum of a loss over the outputs of a discriminator of several scales, each averaged on its own, as
// pix2pixHD has it. Panics if there is no output.
//
//	lossG := gan.SumOver(game.Generator, outputs)
func SumOver(loss func(d *torch.Tensor) *torch.Tensor, outputs []*torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		losses := make([]*torch.Tensor, len(outputs))
		for i, d := range outputs {
			losses[i] = loss(d)
		}
		return total(losses)
	})
}

// MeanOver is the mean of a loss over those outputs, as SPADE has it.
func MeanOver(loss func(d *torch.Tensor) *torch.Tensor, outputs []*torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return SumOver(loss, outputs).DivScalar(float64(len(outputs))) })
}

// WeightClip bounds every element of params to [−c, c], in place and unrecorded: WGAN's way to bound the critic's slope,
// c 0.01 after each of its steps. All parameters are clipped there, scales of batch norms too. Arjovsky et al. 2017,
// algorithm 1. Panics if c is negative.
func WeightClip(params []*torch.Tensor, c float64) {
	if !(c >= 0) || math.IsInf(c, 1) {
		panic(misuse("WeightClip", "the bound is a number, at least 0"))
	}
	torch.NoGrad(func() {
		torch.ForeachClampMinInPlace(params, -c)
		torch.ForeachClampMaxInPlace(params, c)
	})
}

// BCE is the mean binary cross-entropy of probabilities p against one label for all. As in PyTorch a
// logarithm is at least −100.
func BCE(p *torch.Tensor, label float64) *torch.Tensor {
	return inFloat32(p, func(p *torch.Tensor) *torch.Tensor { return p.BinaryCrossEntropy(p.FullLike(label)) })
}

// BCEWithLogits is the mean binary cross-entropy of logits against one label for all.
func BCEWithLogits(logits *torch.Tensor, label float64) *torch.Tensor {
	return inFloat32(logits, func(x *torch.Tensor) *torch.Tensor { return x.BinaryCrossEntropyWithLogits(x.FullLike(label)) })
}

// scalar is f without the tensors that it makes on the way.
func scalar(f func(d *torch.Tensor) *torch.Tensor) func(d *torch.Tensor) *torch.Tensor {
	return func(d *torch.Tensor) *torch.Tensor { return torch.Tidy(func() *torch.Tensor { return f(d) }) }
}

// total is the sum of scalars.
func total(terms []*torch.Tensor) *torch.Tensor { return torch.Stack(terms).Sum() }

func misuse(op, message string, operands ...*torch.Tensor) *torch.Error {
	e := &torch.Error{Op: op, Code: torch.ValueError, Msg: message}
	for _, t := range operands {
		e.Shapes = append(e.Shapes, t.Shape())
	}
	return e
}
