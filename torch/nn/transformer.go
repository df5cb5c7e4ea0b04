package nn

import "github.com/forgergan/forger/torch"

// TransformerOptions are the settings of a transformer's layers beside their sizes; the zero value is PyTorch's default.
type TransformerOptions struct {
	FeedForward int      // features between the two linear layers, 2048 if 0
	Dropout     *float64 // of the attention's weights and of what each block puts out, 0.1 if nil
	Activation  Layer    // between the linear layers, ReLU if nil
	Eps         float64  // of the norms, 1e-5 if 0
	BatchFirst  bool     // (N, L, …) instead of (L, N, …)
	NormFirst   bool     // normalise what each block reads, not the sum behind it
	NoBias      bool
}

// residual is what the two kinds of layers share: blocks whose results are added to what they read.
type residual struct {
	settings TransformerOptions
	mode
}

func newResidual(o []TransformerOptions) residual {
	c := only(o)
	if c.FeedForward == 0 {
		c.FeedForward = 2048
	}
	if c.Dropout == nil {
		c.Dropout = new(0.1)
	}
	if c.Activation == nil {
		c.Activation = ReLU{}
	}
	return residual{settings: c}
}

func (r *residual) attention(size, heads int) *MultiheadAttention {
	c := r.settings
	return NewMultiheadAttention(size, heads, Attention{Dropout: *c.Dropout, NoBias: c.NoBias, BatchFirst: c.BatchFirst})
}

func (r *residual) linear(in, out int) *Linear {
	return NewLinear(in, out, LinearOptions{NoBias: r.settings.NoBias})
}

func (r *residual) norm(size int) *LayerNorm {
	return NewLayerNorm([]int{size}, LayerNormOptions{Eps: r.settings.Eps, NoBias: r.settings.NoBias})
}

// block adds to x what f makes of it, and normalises one or the other.
func (r *residual) block(x *torch.Tensor, norm *LayerNorm, f func(x *torch.Tensor) *torch.Tensor) *torch.Tensor {
	if r.settings.NormFirst {
		return x.Add(r.dropout(f(norm.Forward(x))))
	}
	return norm.Forward(x.Add(r.dropout(f(x))))
}

func (r *residual) dropout(x *torch.Tensor) *torch.Tensor {
	return torch.Dropout(x, *r.settings.Dropout, r.training())
}

// between joins two linear layers.
func (r *residual) between(linear1 *Linear, activation Layer, linear2 *Linear) func(x *torch.Tensor) *torch.Tensor {
	return func(x *torch.Tensor) *torch.Tensor {
		return linear2.Forward(r.dropout(activation.Forward(linear1.Forward(x))))
	}
}

// TransformerEncoderLayer is attention of a sequence to itself and two linear layers. Vaswani et al. 2017, §3.1; with
// NormFirst, Xiong et al. 2020.
type TransformerEncoderLayer struct {
	SelfAttn   *MultiheadAttention `nn:"self_attn"`
	Linear1    *Linear             `nn:"linear1"`
	Linear2    *Linear             `nn:"linear2"`
	Norm1      *LayerNorm          `nn:"norm1"`
	Norm2      *LayerNorm          `nn:"norm2"`
	Activation Layer               `nn:"activation"`

	residual
}

// NewTransformerEncoderLayer makes a layer of size features with PyTorch's initialisation:
//
//	nn.NewTransformerEncoderLayer(512, 8, nn.TransformerOptions{Activation: nn.GELU{}, BatchFirst: true, NormFirst: true})
func NewTransformerEncoderLayer(size, heads int, o ...TransformerOptions) *TransformerEncoderLayer {
	r := newResidual(o)
	return &TransformerEncoderLayer{
		SelfAttn: r.attention(size, heads),
		Linear1:  r.linear(size, r.settings.FeedForward), Linear2: r.linear(r.settings.FeedForward, size),
		Norm1: r.norm(size), Norm2: r.norm(size),
		Activation: r.settings.Activation,
		residual:   r,
	}
}

// Forward maps (L, N, size), with BatchFirst (N, L, size), to the same.
func (t *TransformerEncoderLayer) Forward(x *torch.Tensor) *torch.Tensor {
	return t.ForwardMasked(x, AttentionMasks{})
}

// ForwardMasked is Forward with masks of the attention.
func (t *TransformerEncoderLayer) ForwardMasked(x *torch.Tensor, masks AttentionMasks) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		x := t.block(x, t.Norm1, func(x *torch.Tensor) *torch.Tensor { return t.SelfAttn.Forward(x, x, x, masks) })
		return t.block(x, t.Norm2, t.between(t.Linear1, t.Activation, t.Linear2))
	})
}

// TransformerDecoderLayer is attention of a sequence to itself, attention to another one, the memory, and two linear
// layers. Vaswani et al. 2017, §3.1.
type TransformerDecoderLayer struct {
	SelfAttn      *MultiheadAttention `nn:"self_attn"`
	MultiheadAttn *MultiheadAttention `nn:"multihead_attn"`
	Linear1       *Linear             `nn:"linear1"`
	Linear2       *Linear             `nn:"linear2"`
	Norm1         *LayerNorm          `nn:"norm1"`
	Norm2         *LayerNorm          `nn:"norm2"`
	Norm3         *LayerNorm          `nn:"norm3"`
	Activation    Layer               `nn:"activation"`

	residual
}

// NewTransformerDecoderLayer makes a layer of size features with PyTorch's initialisation.
func NewTransformerDecoderLayer(size, heads int, o ...TransformerOptions) *TransformerDecoderLayer {
	r := newResidual(o)
	return &TransformerDecoderLayer{
		SelfAttn: r.attention(size, heads), MultiheadAttn: r.attention(size, heads),
		Linear1: r.linear(size, r.settings.FeedForward), Linear2: r.linear(r.settings.FeedForward, size),
		Norm1: r.norm(size), Norm2: r.norm(size), Norm3: r.norm(size),
		Activation: r.settings.Activation,
		residual:   r,
	}
}

// DecoderMasks are the masks of a decoder's attention to itself and to the memory.
type DecoderMasks struct{ Target, Memory AttentionMasks }

// Forward maps target (L, N, size) and memory (S, N, size), with BatchFirst (N, L, size) and (N, S, size), to the shape of
// target. A decoder that is to predict the next element needs DecoderMasks{Target: AttentionMasks{IsCausal: true}}.
func (t *TransformerDecoderLayer) Forward(target, memory *torch.Tensor, masks ...DecoderMasks) *torch.Tensor {
	m := only(masks)
	return torch.Tidy(func() *torch.Tensor {
		x := t.block(target, t.Norm1, func(x *torch.Tensor) *torch.Tensor { return t.SelfAttn.Forward(x, x, x, m.Target) })
		x = t.block(x, t.Norm2, func(x *torch.Tensor) *torch.Tensor { return t.MultiheadAttn.Forward(x, memory, memory, m.Memory) })
		return t.block(x, t.Norm3, t.between(t.Linear1, t.Activation, t.Linear2))
	})
}
