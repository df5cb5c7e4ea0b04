package nn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// startsWith compares the first numbers of x with those that PyTorch 2.11 printed.
func startsWith(t *testing.T, x *torch.Tensor, want ...float64) {
	t.Helper()
	got := torch.Values[float32](x.Detach().Flatten())
	for i, v := range want {
		require.InDelta(t, v, got[i], 2e-6*max(1, v), "number %d", i)
	}
}

func near(t *testing.T, want, got *torch.Tensor) {
	t.Helper()
	diff, _ := torchtest.MaxDiff(t, got, want)
	require.Less(t, diff, 2e-6)
}

func sequence(shape ...int) *torch.Tensor { return torch.Randn(shape) }

func TestPackedSequencesFromGivenStatesAreThoseOfPyTorch(t *testing.T) {
	native(t, func() {
		torch.ManualSeed(0)
		g := nn.NewGRU(3, 4, nn.Recurrent{Layers: 2, BatchFirst: true, Bidirectional: true})
		x, h0 := sequence(3, 5, 3), sequence(4, 3, 4)
		packed, h := g.ForwardPacked(nn.PackPaddedSequence(x, []int{2, 5, 3}, nn.PackOptions{BatchFirst: true}), h0)
		out, lengths := nn.PadPackedSequence(packed, nn.PadOptions{BatchFirst: true, PaddingValue: 7, TotalLength: 6})
		require.Equal(t, []int{2, 5, 3}, lengths)
		require.Equal(t, []int{3, 6, 8}, out.Shape())
		startsWith(t, out.At(0, 2), 7, 7, 7, 7)
		startsWith(t, out.At(1, 4), 0.1015874, -0.2912545, -0.0763664, 0.5011607)
		startsWith(t, h, 0.3169379, -0.8617342, -0.3266689, -0.8900651)
		startsWith(t, h.Select(1, 1), -0.0919102, -0.1324299, -0.143215, -0.3184961)
	})
}

func TestPackedSequencesOfOneLengthGiveWhatPlainOnesGive(t *testing.T) {
	native(t, func() {
		x := sequence(5, 2, 3)
		packed := nn.PackPaddedSequence(x, []int{5, 5})
		require.Nil(t, packed.SortedIndices)
		r := nn.NewRNN(3, 4, nn.Recurrent{Nonlinearity: "relu"})
		want, wantH := r.Forward(x, nil)
		out, h := r.ForwardPacked(packed, nil)
		got, _ := nn.PadPackedSequence(out)
		near(t, want, got)
		near(t, wantH, h)
	})
}

func TestOneSequenceMayComeWithoutItsBatch(t *testing.T) {
	native(t, func() {
		for _, batchFirst := range []bool{false, true} {
			l := nn.NewLSTM(3, 4, nn.Recurrent{Bidirectional: true, BatchFirst: batchFirst})
			x, h0, c0 := sequence(5, 3), sequence(2, 4), sequence(2, 4)
			dim := 1
			if batchFirst {
				dim = 0
			}
			want, wantH, wantC := l.Forward(x.Unsqueeze(dim), h0.Unsqueeze(1), c0.Unsqueeze(1))
			out, h, c := l.Forward(x, h0, c0)
			near(t, want.SqueezeDim(dim), out)
			near(t, wantH.SqueezeDim(1), h)
			near(t, wantC.SqueezeDim(1), c)
		}
	})
}

func TestDropoutLiesBetweenLayersInTrainingOnly(t *testing.T) {
	native(t, func() {
		torch.ManualSeed(0)
		l := nn.NewLSTM(3, 4, nn.Recurrent{Layers: 2, Dropout: 0.5})
		x := sequence(5, 3)
		first, h, _ := l.Forward(x, nil, nil)
		second, _, _ := l.Forward(x, nil, nil)
		require.False(t, first.Equal(second))
		startsWith(t, h, -0.0081655, -0.0928457, -0.3124291, 0.2038135) // layer 0 is before it
		nn.Eval(l)
		out, h, c := l.Forward(x, nil, nil)
		startsWith(t, out, 0.0386548, -0.2042587, -0.0258292, 0.0649006)
		startsWith(t, h, -0.0081655, -0.0928457, -0.3124291, 0.2038135)
		startsWith(t, c, -0.0236958, -0.1886071, -0.5002327, 0.6546656)
	})
}

func TestACellIsOneStepOfItsNetwork(t *testing.T) {
	native(t, func() {
		torch.ManualSeed(0)
		relu := nn.NewRNNCell(3, 4, nn.Cell{Nonlinearity: "relu"})
		startsWith(t, relu.Forward(sequence(2, 3), sequence(2, 4)), 0, 1.3385062, 0, 0)

		x, h := sequence(2, 3), sequence(2, 4)
		cell, network := nn.NewRNNCell(3, 4), nn.NewRNN(3, 4)
		cell.Weights = network.Weights[0]
		_, want := network.Forward(x.Unsqueeze(0), h.Unsqueeze(0))
		near(t, want.Select(0, 0), cell.Forward(x, h))

		gru := nn.NewGRUCell(3, 4, nn.Cell{NoBias: true})
		near(t, gru.Forward(x, torch.Zeros([]int{2, 4})), gru.Forward(x, nil))
		lstm := nn.NewLSTMCell(3, 4)
		wantH, wantC := lstm.Forward(x, torch.Zeros([]int{2, 4}), torch.Zeros([]int{2, 4}))
		gotH, gotC := lstm.Forward(x, nil, nil)
		near(t, wantH, gotH)
		near(t, wantC, gotC)
	})
}

func TestARecurrentNetworkInsideAModuleKeepsItsNames(t *testing.T) {
	native(t, func() {
		type speaker struct {
			*nn.GRU `nn:"gru"`
			Cell    *nn.LSTMCell `nn:"cell"`
			Head    *nn.Linear   `nn:"head"`
		}
		s := &speaker{nn.NewGRU(3, 2, nn.Recurrent{NoBias: true, Bidirectional: true}), nn.NewLSTMCell(2, 2), nn.NewLinear(2, 1)}
		require.Equal(t, []string{
			"gru.weight_ih_l0", "gru.weight_hh_l0", "gru.weight_ih_l0_reverse", "gru.weight_hh_l0_reverse",
			"cell.weight_ih", "cell.weight_hh", "cell.bias_ih", "cell.bias_hh", "head.weight", "head.bias",
		}, names(nn.StateDict(s)))
	})
}

func TestForwardLeavesOnlyItsResults(t *testing.T) {
	native(t, func() {
		l := nn.NewLSTM(3, 4)
		m := nn.NewMultiheadAttention(4, 2, nn.Attention{AddZeroAttn: true})
		d := nn.NewTransformerDecoderLayer(4, 2)
		x, y := sequence(5, 2, 3), sequence(5, 2, 4)
		for what, f := range map[string]func() int{
			"LSTM":      func() int { l.Forward(x, nil, nil); return 3 },
			"attention": func() int { m.ForwardWeights(y, y, y, nn.AttentionMasks{IsCausal: true}); return 2 },
			"decoder":   func() int { d.Forward(y, y); return 1 },
			"packing":   func() int { nn.PackPaddedSequence(x, []int{5, 5}); return 2 },
			"padding":   func() int { nn.PadPackedSequence(nn.PackPaddedSequence(x, []int{4, 5})); return 5 },
		} {
			before := torch.CurrentStats().Scope
			require.Equal(t, f(), torch.CurrentStats().Scope-before, what)
		}
	})
}

func TestRecurrentNetworksRefuseWhatDoesNotFit(t *testing.T) {
	native(t, func() {
		l, c := nn.NewLSTM(3, 4, nn.Recurrent{ProjSize: 2}), nn.NewGRUCell(3, 4)
		x := sequence(5, 2, 3)
		for message, f := range map[string]func(){
			"LSTM needs an initial state of shape [1 2 2], not [1 2 4]":         func() { l.Forward(x, sequence(1, 2, 4), nil) },
			"LSTM needs an initial cell state of shape [1 2 4], not [1 2 2]":    func() { l.Forward(x, nil, sequence(1, 2, 2)) },
			"LSTM takes 3 features, not the 4 of an input [5 2 4]":              func() { l.Forward(sequence(5, 2, 4), nil, nil) },
			"LSTM takes sequences of shape (L, N, 3) or (L, 3), not [3]":        func() { l.Forward(sequence(3), nil, nil) },
			"LSTM projects 4 hidden numbers to fewer, not to 4":                 func() { nn.NewLSTM(3, 4, nn.Recurrent{ProjSize: 4}) },
			"LSTM has no other nonlinearity: RNN has one":                       func() { nn.NewLSTM(3, 4, nn.Recurrent{Nonlinearity: "relu"}) },
			"RNN has no projection: LSTM has one":                               func() { nn.NewRNN(3, 4, nn.Recurrent{ProjSize: 2}) },
			`nonlinearity "elu" is not tanh or relu`:                            func() { nn.NewRNN(3, 4, nn.Recurrent{Nonlinearity: "elu"}) },
			"a recurrent layer needs positive sizes, not 3 inputs and 0 hidden": func() { nn.NewGRU(3, 0) },
			"GRUCell takes a state of shape [2 4], not [2 3]":                   func() { c.Forward(sequence(2, 3), sequence(2, 3)) },
			"GRUCell takes an input of shape (N, 3), not [3]":                   func() { c.Forward(sequence(3), nil) },
			"GRUCell has no other nonlinearity: RNNCell has one":                func() { nn.NewGRUCell(3, 4, nn.Cell{Nonlinearity: "relu"}) },
			"3 lengths do not fit sequences of shape [5 2 3]":                   func() { nn.PackPaddedSequence(x, []int{5, 5, 5}) },
			"a total length of 4 is shorter than the longest sequence, 5":       func() { nn.PadPackedSequence(nn.PackPaddedSequence(x, []int{5, 5}), nn.PadOptions{TotalLength: 4}) },
			"3 heads do not share 8 features evenly":                            func() { nn.NewMultiheadAttention(8, 3) },
		} {
			var e *torch.Error
			require.ErrorAs(t, torch.Try(f), &e, message)
			require.Equal(t, torch.ValueError, e.Code)
			require.Equal(t, message, e.Msg)
		}
	})
}
