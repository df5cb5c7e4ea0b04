package gan

import (
	"math"

	"github.com/forgergan/forger/torch"
)

// OrthogonalOptions are the optional arguments of Orthogonal.
type OrthogonalOptions struct {
	Diagonal bool // pull the length of each row to 1 too
}

// Orthogonal is ½ Σ |W·Wᵀ ∘ (1 − I)|² over weights, each seen as a matrix W (out, rest): rows shall be orthogonal, of any
// length. With Diagonal it is ½ Σ |W·Wᵀ − I|². Tensors of fewer than two dimensions, biases and scales, are left out.
// Brock et al. 2019, §3.1 (columns there, and without the ½), with Diagonal and without. The ½ makes its gradients those
// that the author's program adds, for weight 1e-4; there the caller leaves out the shared class embedding.
//
// A scalar; 0 if no weight is left.
func Orthogonal(weights []*torch.Tensor, o ...OrthogonalOptions) *torch.Tensor {
	c := only(o)
	return torch.Tidy(func() *torch.Tensor {
		terms := []*torch.Tensor{}
		for _, w := range weights {
			if w.Dim() < 2 {
				continue
			}
			w = w.Reshape(w.Size(0), -1)
			gram, eye := w.MM(w.Transpose(0, 1)), torch.Eye(w.Size(0), like(w))
			if c.Diagonal {
				gram = gram.Sub(eye)
			} else {
				gram = gram.Mul(eye.Neg().AddScalar(1))
			}
			terms = append(terms, gram.Square().Sum().MulScalar(0.5))
		}
		if len(terms) == 0 {
			return torch.Zeros(nil)
		}
		return total(terms)
	})
}

// KLStandardNormal is the Kullback-Leibler divergence of normal distributions of the given means and logarithms of
// variances, in one shape, from the standard one: −½·(1 + log σ² − μ² − σ²) of each element, then reduced. Kingma and
// Welling 2014, appendix B, sums over dimensions and averages over the batch; StackGAN averages over both (torch.Mean),
// SPADE sums over both (torch.Sum).
func KLStandardNormal(mean, logVar *torch.Tensor, reduction torch.Reduction) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		kl := logVar.AddScalar(1).Sub(mean.Square()).Sub(logVar.Exp()).MulScalar(-0.5)
		switch reduction {
		case torch.Sum:
			return kl.Sum()
		case torch.NoReduction:
			return kl
		}
		return kl.Mean()
	})
}

// CategoricalInformation is InfoGAN's lower bound of the mutual information between samples and the code that made
// them, which was drawn uniformly from K categories: log K + mean log Q(c|x), a scalar, at most log K. Logits (N, K) are
// Q's, code (N) holds the numbers. It is maximised: both players subtract it. Chen et al. 2016, §5. (The authors'
// program adds 1e-8 to probabilities; here a logarithm cannot overflow.)
func CategoricalInformation(logits, code *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		return logits.CrossEntropyLoss(code).Neg().AddScalar(math.Log(float64(logits.Size(1))))
	})
}

// GaussianInformation is that bound for continuous codes (N, K), Q normal with the given means and logarithms of
// variances, (N, K) too; nil for variances of 1, as the authors have it. It is the mean over samples of Σ log Q(c|x), plus
// the entropy K·log 2 of codes drawn from U(−1, 1), a scalar.
func GaussianInformation(mean, logVar, code *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		squares := code.Sub(mean).Square()
		if logVar != nil {
			squares = squares.Mul(logVar.Neg().Exp()).Add(logVar)
		}
		logQ := squares.AddScalar(math.Log(2 * math.Pi)).MulScalar(-0.5).AddScalar(math.Ln2)
		return logQ.SumDim([]int{1}).Mean()
	})
}

// InfoMax is InfoMax-GAN's contrastive loss between local features (N, C, H, W) and global ones (N, C) of the same
// pictures, projected to one space: the mean over all places p of −log(e^{g·l_p} / (e^{g·l_p} + Σ e^{g·l_q})), with q over
// all places of the other pictures, a scalar. Lee et al. 2021; as in the authors' program, a picture's own
// places are not left out of the sum but count e⁻¹⁰ each. The weight is 0.2.
func InfoMax(local, global *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		n, c := local.Size(0), local.Size(1)
		local := local.Reshape(n, c, -1)
		places := local.Size(2)
		positive := local.Mul(global.Unsqueeze(2)).SumDim([]int{1}) // (N, places)
		// scores[i][j·places+p] is picture i's global feature against place p of picture j.
		scores := global.MM(local.Transpose(0, 1).Reshape(c, n*places))
		own := torch.Eye(n, like(local)).RepeatInterleave(places, torch.RepeatInterleaveOptions{Dim: new(1)})
		negative := scores.MaskedFill(own.GtScalar(0), -10)
		all := torch.Cat([]*torch.Tensor{
			positive.Unsqueeze(2), negative.Unsqueeze(1).Expand([]int{n, places, n * places})}, torch.CatOptions{Dim: 2})
		return all.LogSumExp([]int{2}).Sub(positive).Mean()
	})
}
