package nn

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// Embedding is a table that gives each number from 0 on a vector.
type Embedding struct {
	Weight *torch.Tensor `nn:"weight"` // (count, features)

	parametrized
	settings EmbeddingOptions
}

// EmbeddingOptions are the optional arguments of NewEmbedding; the zero value is PyTorch's default.
type EmbeddingOptions struct {
	PaddingIdx      *int    // the number of a vector that starts as 0 and gets no gradient; negative counts from the end
	MaxNorm         float64 // longer vectors are shortened, in Weight, when they are looked up; unlimited if 0
	NormType        float64 // the p of that length, 2 if 0
	ScaleGradByFreq bool    // divide gradients by how often a number occurs in the batch
}

// NewEmbedding makes a table of count vectors of standard normal numbers.
func NewEmbedding(count, features int, o ...EmbeddingOptions) *Embedding {
	l := &Embedding{Weight: newParameter(count, features), settings: only(o)}
	initializer.Normal(l.Weight, 0, 1)
	if i := l.settings.PaddingIdx; i != nil {
		if *i < -count || *i >= count {
			panic(refusal("padding vector %d of %d", *i, count))
		}
		l.settings.PaddingIdx = new((*i + count) % count)
		torch.NoGrad(func() {
			torch.Scope(func() { l.Weight.Select(0, *l.settings.PaddingIdx).ZeroInPlace() })
		})
	}
	if l.settings.NormType == 0 {
		l.settings.NormType = 2
	}
	return l
}

// Forward maps whole numbers ids (…) to their vectors (…, features).
func (l *Embedding) Forward(ids *torch.Tensor) *torch.Tensor {
	weight, c := l.effective(l.Weight), &l.settings
	if c.MaxNorm > 0 {
		torch.NoGrad(func() {
			torch.Scope(func() { weight.Detach().EmbeddingRenormInPlace(ids, c.MaxNorm, c.NormType) })
		})
	}
	return observe(l, torch.Embedding(weight, ids, torch.EmbeddingOptions{
		PaddingIdx: c.PaddingIdx, ScaleGradByFreq: c.ScaleGradByFreq,
	}))
}
