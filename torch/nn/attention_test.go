package nn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

func TestATransformerThatNormalisesFirstIsPyTorchs(t *testing.T) {
	native(t, func() {
		torch.ManualSeed(0)
		e := nn.NewTransformerEncoderLayer(8, 2, nn.TransformerOptions{
			FeedForward: 16, Dropout: new(0.0), Activation: gelu{}, BatchFirst: true, NormFirst: true, NoBias: true,
		})
		padding := torch.FromSlice([]bool{false, false, true, false, false, false}, 2, 3)
		out := e.ForwardMasked(sequence(2, 3, 8), nn.AttentionMasks{KeyPaddingMask: padding, IsCausal: true})
		startsWith(t, out, -0.9343863, -0.2987734, -0.8443819, 1.1772919)

		torch.ManualSeed(0)
		d := nn.NewTransformerDecoderLayer(8, 2, nn.TransformerOptions{FeedForward: 16, Dropout: new(0.0), Eps: 1e-3, NormFirst: true})
		out = d.Forward(sequence(3, 8), sequence(4, 8), nn.DecoderMasks{Target: nn.AttentionMasks{IsCausal: true}})
		startsWith(t, out, -0.3089015, 0.4615158, 0.2009565, -0.770188)
	})
}

type gelu struct{}

func (gelu) Forward(x *torch.Tensor) *torch.Tensor { return x.GELU() }

func TestAttentionWithoutBatchAndWithAMaskForEachHeadIsPyTorchs(t *testing.T) {
	native(t, func() {
		torch.ManualSeed(0)
		m := nn.NewMultiheadAttention(8, 2, nn.Attention{NoBias: true, AddBiasKV: true, KDim: 5})
		q, k, v := sequence(3, 8), sequence(4, 5), sequence(4, 8)
		masks := nn.AttentionMasks{AttnMask: sequence(2, 3, 4)}
		out, weights := m.ForwardWeights(q, k, v, masks)
		require.Equal(t, []int{2, 3, 5}, weights.Shape())
		startsWith(t, out, 0.3231329, 0.1959808, 0.3176667, -0.1460154)
		startsWith(t, weights.MeanDim([]int{0}), 0.0814907, 0.0227897, 0.4003007, 0.4793749)
		near(t, out, m.Forward(q, k, v, masks))
	})
}

func TestMasksThatSayTheSameGiveTheSame(t *testing.T) {
	native(t, func() {
		m := nn.NewMultiheadAttention(4, 2)
		x := sequence(3, 2, 4)
		not := torch.FromSlice([]bool{false, true, true, false, false, true, false, false, false}, 3, 3)
		want := m.Forward(x, x, x, nn.AttentionMasks{IsCausal: true})
		near(t, want, m.Forward(x, x, x, nn.AttentionMasks{AttnMask: not}))
		near(t, want, m.Forward(x, x, x, nn.AttentionMasks{AttnMask: not.Repeat(4, 1, 1)}))
		near(t, want, m.Forward(x, x, x, nn.AttentionMasks{AttnMask: not.ToDType(torch.Float32).MulScalar(-1e9)}))
		near(t, want.Select(0, 0), m.Forward(x.Narrow(0, 0, 1), x, x, nn.AttentionMasks{AttnMask: not.Narrow(0, 0, 1)}).Select(0, 0))
	})
}

func TestAttentionDropsWeightsInTrainingOnly(t *testing.T) {
	native(t, func() {
		m := nn.NewMultiheadAttention(4, 1, nn.Attention{Dropout: 0.5})
		x := sequence(20, 1, 4)
		zeros := func() float64 {
			_, w := m.ForwardWeights(x, x, x)
			return w.EqScalar(0).Sum().Item()
		}
		require.InDelta(t, 200, zeros(), 60, "of 400")
		require.False(t, m.Forward(x, x, x).Equal(m.Forward(x, x, x)))
		nn.Eval(m)
		require.Zero(t, zeros())
		require.True(t, m.Forward(x, x, x).Equal(m.Forward(x, x, x)))
	})
}

func TestAttentionRefusesWhatDoesNotFit(t *testing.T) {
	native(t, func() {
		m := nn.NewMultiheadAttention(4, 2)
		x, y := sequence(3, 2, 4), sequence(5, 2, 4)
		for message, f := range map[string]func(){
			"attention takes keys of shape (L, N, 4), or (L, 4) as the queries, not [3 4]": func() { m.Forward(x, sequence(3, 4), x) },
			"queries [3 2 4], keys [5 2 4] and values [3 2 4] do not fit: one batch size, and a value for each key": func() {
				m.Forward(x, y, x)
			},
			"the attention mask has the shape [3 3], not [3 5] or [4 3 5]": func() { m.Forward(x, y, y, nn.AttentionMasks{AttnMask: sequence(3, 3)}) },
			"the padding mask has the shape [2 3], not [2 5]":              func() { m.Forward(x, y, y, nn.AttentionMasks{KeyPaddingMask: sequence(2, 3)}) },
			"a mask is of bool or floating-point numbers, not uint8": func() {
				m.Forward(x, x, x, nn.AttentionMasks{AttnMask: sequence(3, 3).ToDType(torch.Uint8)})
			},
		} {
			var e *torch.Error
			require.ErrorAs(t, torch.Try(f), &e, message)
			require.Equal(t, message, e.Msg)
		}
	})
}
