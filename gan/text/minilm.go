package text

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// The sizes of MiniLM-L6-H384.
const (
	width          = 384 // of a token and of a sentence
	heads          = 12
	inner          = 4 * width
	layers         = 6
	positions      = 512
	vocabularySize = 30522
)

// MiniLM is the encoder of BERT (Devlin et al. 2019) in the size of MiniLM-L6-H384, without dropout and pooler. Its tensors
// have the names of the published file.
//
//	embedding   of word piece, position and segment, summed, layer norm
//	6 ×         attention of 12 heads, added, layer norm; 384 → 1536 GELU → 384, added, layer norm
type MiniLM struct {
	Words     *nn.Embedding `nn:"embeddings.word_embeddings"`
	Positions *nn.Embedding `nn:"embeddings.position_embeddings"`
	Segments  *nn.Embedding `nn:"embeddings.token_type_embeddings"` // of which texts are always the first
	Norm      *nn.LayerNorm `nn:"embeddings.LayerNorm"`
	Layers    []*layer      `nn:"encoder.layer"`
}

type layer struct {
	Query      *nn.Linear    `nn:"attention.self.query"`
	Key        *nn.Linear    `nn:"attention.self.key"`
	Value      *nn.Linear    `nn:"attention.self.value"`
	Project    *nn.Linear    `nn:"attention.output.dense"`
	AttendNorm *nn.LayerNorm `nn:"attention.output.LayerNorm"`
	Widen      *nn.Linear    `nn:"intermediate.dense"`
	Narrow     *nn.Linear    `nn:"output.dense"`
	Norm       *nn.LayerNorm `nn:"output.LayerNorm"`
}

// NewMiniLM makes the network with PyTorch's default weights.
func NewMiniLM() *MiniLM {
	m := &MiniLM{
		Words: nn.NewEmbedding(vocabularySize, width), Positions: nn.NewEmbedding(positions, width), Segments: nn.NewEmbedding(2, width), Norm: newNorm(),
	}
	for range layers {
		m.Layers = append(m.Layers, &layer{
			Query: nn.NewLinear(width, width), Key: nn.NewLinear(width, width), Value: nn.NewLinear(width, width),
			Project: nn.NewLinear(width, width), AttendNorm: newNorm(),
			Widen: nn.NewLinear(width, inner), Narrow: nn.NewLinear(inner, width), Norm: newNorm(),
		})
	}
	return m
}

func newNorm() *nn.LayerNorm { return nn.NewLayerNorm([]int{width}, nn.LayerNormOptions{Eps: 1e-12}) }

// Forward maps texts of equally many tokens (N, L), int64, L at most 512, to vectors (N, 384) of length 1: the mean over
// the tokens, normalised.
func (m *MiniLM) Forward(tokens *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		x := m.Words.Forward(tokens).Add(m.Positions.Weight.Narrow(0, 0, tokens.Size(1))).Add(m.Segments.Weight.Narrow(0, 0, 1))
		x = m.Norm.Forward(x)
		for _, l := range m.Layers {
			x = l.forward(x)
		}
		return nn.Normalize(x.MeanDim([]int{1}))
	})
}

func (l *layer) forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		n, length := x.Size(0), x.Size(1)
		split := func(to *nn.Linear) *torch.Tensor {
			return to.Forward(x).View(n, length, heads, width/heads).Transpose(1, 2)
		}
		y := torch.ScaledDotProductAttention(split(l.Query), split(l.Key), split(l.Value))
		x := l.AttendNorm.Forward(l.Project.Forward(y.Transpose(1, 2).Reshape(n, length, width)).Add(x))
		return l.Norm.Forward(l.Narrow.Forward(l.Widen.Forward(x).GELU()).Add(x))
	})
}
