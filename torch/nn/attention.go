package nn

import (
	"math"
	"slices"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// MultiheadAttention lets queries gather values by their likeness to keys, in several subspaces side by side. Vaswani et
// al. 2017, §3.2.
type MultiheadAttention struct {
	InProjWeight *torch.Tensor `nn:"in_proj_weight"` // (3·embed, embed); nil, and the next three not,
	QProjWeight  *torch.Tensor `nn:"q_proj_weight"`  // (embed, embed)   if keys or values have another size
	KProjWeight  *torch.Tensor `nn:"k_proj_weight"`  // (embed, KDim)
	VProjWeight  *torch.Tensor `nn:"v_proj_weight"`  // (embed, VDim)
	InProjBias   *torch.Tensor `nn:"in_proj_bias"`   // (3·embed), nil without biases
	BiasK        *torch.Tensor `nn:"bias_k"`         // (1, 1, embed), nil without AddBiasKV
	BiasV        *torch.Tensor `nn:"bias_v"`         // (1, 1, embed), nil without AddBiasKV
	OutProj      *Linear       `nn:"out_proj"`

	embed, heads int
	settings     Attention
	mode
}

// Attention are the settings of MultiheadAttention beside its sizes; the zero value is PyTorch's default.
type Attention struct {
	Dropout     float64 // the part of the weights that is 0 in training
	NoBias      bool    // no biases in the projections
	AddBiasKV   bool    // a learnt key and value behind the others
	AddZeroAttn bool    // a key and a value of zeros behind the others
	KDim, VDim  int     // features of the keys and of the values, embed if 0
	BatchFirst  bool    // (N, L, …) instead of (L, N, …)
}

// NewMultiheadAttention makes a layer of heads that share embed features, with PyTorch's initialisation.
func NewMultiheadAttention(embed, heads int, o ...Attention) *MultiheadAttention {
	c := only(o)
	if embed < 1 || heads < 1 || embed%heads != 0 {
		panic(refusal("%d heads do not share %d features evenly", heads, embed))
	}
	if c.KDim == 0 {
		c.KDim = embed
	}
	if c.VDim == 0 {
		c.VDim = embed
	}
	m := &MultiheadAttention{embed: embed, heads: heads, settings: c}
	m.OutProj = NewLinear(embed, embed, LinearOptions{NoBias: c.NoBias}) // drawn first, as in PyTorch
	if c.KDim == embed && c.VDim == embed {
		m.InProjWeight = newParameter(3*embed, embed)
		initializer.XavierUniform(m.InProjWeight, 1)
	} else {
		m.QProjWeight = newParameter(embed, embed)
		m.KProjWeight, m.VProjWeight = newParameter(embed, c.KDim), newParameter(embed, c.VDim)
		for _, w := range []*torch.Tensor{m.QProjWeight, m.KProjWeight, m.VProjWeight} {
			initializer.XavierUniform(w, 1)
		}
	}
	if !c.NoBias {
		m.InProjBias = newParameter(3 * embed)
		initializer.Constant(m.InProjBias, 0)
		initializer.Constant(m.OutProj.Bias, 0)
	}
	if c.AddBiasKV {
		m.BiasK, m.BiasV = newParameter(1, 1, embed), newParameter(1, 1, embed)
		initializer.XavierNormal(m.BiasK, 1)
		initializer.XavierNormal(m.BiasV, 1)
	}
	return m
}

// AttentionMasks say which keys a query does not attend to. A mask is boolean, where true is "not", or a number added to
// the logarithm of the weight.
type AttentionMasks struct {
	KeyPaddingMask *torch.Tensor // (N, S): which keys are padding
	AttnMask       *torch.Tensor // (L, S) for all alike, or (N·heads, L, S)
	IsCausal       bool          // query i attends only to the keys up to i, as with a mask of its own
}

// Forward maps queries (L, N, embed), keys (S, N, KDim) and values (S, N, VDim) to (L, N, embed). With BatchFirst N comes
// first; without a batch the dimension N is left out everywhere.
func (m *MultiheadAttention) Forward(query, key, value *torch.Tensor, masks ...AttentionMasks) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		c := only(masks)
		// A kernel that knows the causal mask needs no memory for it.
		causal := c == AttentionMasks{IsCausal: true} && !m.settings.AddBiasKV && !m.settings.AddZeroAttn
		if causal {
			c = AttentionMasks{}
		}
		q, k, v, mask := m.prepare(query, key, value, c)
		o := torch.ScaledDotProductAttentionOptions{AttnMask: mask, IsCausal: causal}
		if m.training() {
			o.DropoutP = m.settings.Dropout
		}
		return m.join(torch.ScaledDotProductAttention(q, k, v, o), query)
	})
}

// ForwardWeights is Forward that also returns the weights of each head, (N, heads, L, S), where S counts the keys that the
// settings add, too. Their mean over dimension 1 is what PyTorch returns by default. Forward is faster and needs less
// memory.
func (m *MultiheadAttention) ForwardWeights(query, key, value *torch.Tensor, masks ...AttentionMasks) (out, weights *torch.Tensor) {
	results := torch.TidyAll(func() []*torch.Tensor {
		q, k, v, mask := m.prepare(query, key, value, only(masks))
		weights := q.MulScalar(1 / math.Sqrt(float64(m.embed/m.heads))).MatMul(k.Transpose(-2, -1))
		if mask != nil {
			weights = weights.Add(mask)
		}
		weights = torch.Dropout(weights.Softmax(-1), m.settings.Dropout, m.training())
		out := m.join(weights.MatMul(v), query)
		if query.Dim() == 2 {
			weights = weights.SqueezeDim(0)
		}
		return []*torch.Tensor{out, weights}
	})
	return results[0], results[1]
}

// prepare projects and cuts into heads: (N, heads, L or S, embed/heads), and joins the masks to one that is added, or nil.
func (m *MultiheadAttention) prepare(query, key, value *torch.Tensor, masks AttentionMasks) (q, k, v, mask *torch.Tensor) {
	m.check("queries", query, query, m.embed)
	m.check("keys", key, query, m.settings.KDim)
	m.check("values", value, query, m.settings.VDim)
	projected := m.project(query, key, value)
	q, k, v = m.split(projected[0]), m.split(projected[1]), m.split(projected[2])
	n, l, s := q.Size(0), q.Size(2), k.Size(2)
	if v.Size(2) != s || k.Size(0) != n || v.Size(0) != n {
		panic(refusal("queries %v, keys %v and values %v do not fit: one batch size, and a value for each key",
			query.Shape(), key.Shape(), value.Shape()))
	}
	mask = m.merge(masks, q, n, l, s)
	row := []int{n, m.heads, 1, m.embed / m.heads}
	behind := func(key, value *torch.Tensor) {
		k = torch.Cat([]*torch.Tensor{k, key.Expand(row)}, torch.CatOptions{Dim: 2})
		v = torch.Cat([]*torch.Tensor{v, value.Expand(row)}, torch.CatOptions{Dim: 2})
	}
	if m.settings.AddBiasKV {
		behind(m.BiasK.View(1, m.heads, 1, -1), m.BiasV.View(1, m.heads, 1, -1))
	}
	if m.settings.AddZeroAttn {
		zero := torch.Zeros(nil, torch.TensorOptions{DType: k.DType(), Device: k.Device()})
		behind(zero, zero)
	}
	if added := k.Size(2) - s; mask != nil && added > 0 {
		mask = mask.ConstantPad([]int{0, added}) // the keys added are always seen
	}
	return q, k, v, mask
}

func (m *MultiheadAttention) check(what string, x, query *torch.Tensor, features int) {
	if d := x.Dim(); d != 2 && d != 3 || d != query.Dim() || x.Size(-1) != features {
		panic(refusal("attention takes %s of shape (L, N, %d), or (L, %d) as the queries, not %v", what, features, features, x.Shape()))
	}
}

// project makes queries, keys and values of embed features.
func (m *MultiheadAttention) project(query, key, value *torch.Tensor) []*torch.Tensor {
	if m.InProjWeight != nil && query == key && key == value {
		return torch.Linear(query, m.InProjWeight, torch.LinearOptions{Bias: m.InProjBias}).Chunk(3, torch.ChunkOptions{Dim: -1})
	}
	weights := []*torch.Tensor{m.QProjWeight, m.KProjWeight, m.VProjWeight}
	if m.InProjWeight != nil {
		weights = m.InProjWeight.Chunk(3)
	}
	biases := make([]*torch.Tensor, 3)
	if m.InProjBias != nil {
		biases = m.InProjBias.Chunk(3)
	}
	out := make([]*torch.Tensor, 3)
	for i, x := range []*torch.Tensor{query, key, value} {
		out[i] = torch.Linear(x, weights[i], torch.LinearOptions{Bias: biases[i]})
	}
	return out
}

// split cuts the features of x into heads: (N, heads, L, embed/heads).
func (m *MultiheadAttention) split(x *torch.Tensor) *torch.Tensor {
	heads := x.Unflatten(-1, m.heads, m.embed/m.heads)
	switch {
	case x.Dim() == 2:
		return heads.Permute(1, 0, 2).Unsqueeze(0)
	case m.settings.BatchFirst:
		return heads.Transpose(1, 2)
	}
	return heads.Permute(1, 2, 0, 3)
}

// join undoes split for the results of the heads and projects them; they get the layout of query.
func (m *MultiheadAttention) join(heads, query *torch.Tensor) *torch.Tensor {
	switch {
	case query.Dim() == 2:
		heads = heads.SqueezeDim(0).Permute(1, 0, 2)
	case m.settings.BatchFirst:
		heads = heads.Transpose(1, 2)
	default:
		heads = heads.Permute(2, 0, 1, 3)
	}
	return observe(m, m.OutProj.Forward(heads.Flatten(torch.FlattenOptions{StartDim: -2})))
}

// merge adds up the masks for weights (N, heads, L, S), or is nil.
func (m *MultiheadAttention) merge(masks AttentionMasks, like *torch.Tensor, n, l, s int) (sum *torch.Tensor) {
	to := torch.TensorOptions{DType: like.DType(), Device: like.Device()}
	add := func(mask *torch.Tensor) {
		switch {
		case mask.DType() == torch.Bool:
			mask = torch.Zeros(mask.Shape(), to).MaskedFill(mask, math.Inf(-1))
		case !mask.DType().IsFloat():
			panic(refusal("a mask is of bool or floating-point numbers, not %v", mask.DType()))
		}
		if sum != nil {
			mask = sum.Add(mask)
		}
		sum = mask
	}
	if mask := masks.AttnMask; mask != nil {
		switch shape := mask.Shape(); {
		case slices.Equal(shape, []int{l, s}):
			add(mask)
		case slices.Equal(shape, []int{n * m.heads, l, s}):
			add(mask.View(n, m.heads, l, s))
		default:
			panic(refusal("the attention mask has the shape %v, not [%d %d] or [%d %d %d]", shape, l, s, n*m.heads, l, s))
		}
	}
	if masks.IsCausal {
		to := torch.TensorOptions{DType: torch.Bool, Device: like.Device()}
		add(torch.Ones([]int{l, s}, to).Triu(torch.TriuOptions{Diagonal: 1}))
	}
	if mask := masks.KeyPaddingMask; mask != nil {
		if mask.Numel() != n*s || mask.Size(-1) != s {
			panic(refusal("the padding mask has the shape %v, not [%d %d]", mask.Shape(), n, s))
		}
		add(mask.Reshape(n, 1, 1, s))
	}
	return sum
}
