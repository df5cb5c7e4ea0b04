package nn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// networkArguments are those of PyTorch's recurrent networks, attention and transformers.
type networkArguments struct {
	Args          []int
	NumLayers     int `json:"num_layers"`
	Bias          *bool
	BatchFirst    bool `json:"batch_first"`
	Bidirectional bool
	ProjSize      int `json:"proj_size"`
	Nonlinearity  string
	KDim          int
	VDim          int
	AddBiasKV     bool `json:"add_bias_kv"`
	AddZeroAttn   bool `json:"add_zero_attn"`
	Dropout       *float64
}

func (a networkArguments) recurrent() (in, hidden int, o nn.Recurrent) {
	return a.Args[0], a.Args[1], nn.Recurrent{
		Layers: a.NumLayers, NoBias: no(a.Bias), BatchFirst: a.BatchFirst, Bidirectional: a.Bidirectional,
		ProjSize: a.ProjSize, Nonlinearity: a.Nonlinearity,
	}
}

// networks build the module of a case with several inputs or outputs and run it.
var networks = map[string]func(t *testing.T, c *parity.Case, a networkArguments) (any, parity.State){
	"torch.nn.RNN": func(t *testing.T, c *parity.Case, a networkArguments) (any, parity.State) {
		r := nn.NewRNN(a.recurrent())
		c.Load(r, "")
		out, h := r.Forward(c.Inputs["x"], nil)
		return r, parity.State{"out.0": out, "out.1": h}
	},
	"torch.nn.GRU": func(t *testing.T, c *parity.Case, a networkArguments) (any, parity.State) {
		g := nn.NewGRU(a.recurrent())
		c.Load(g, "")
		out, h := g.Forward(c.Inputs["x"], c.Inputs["h0"])
		return g, parity.State{"out.0": out, "out.1": h}
	},
	"torch.nn.LSTM": func(t *testing.T, c *parity.Case, a networkArguments) (any, parity.State) {
		l := nn.NewLSTM(a.recurrent())
		c.Load(l, "")
		if c.Inputs["lengths"] == nil {
			out, h, cell := l.Forward(c.Inputs["x"], c.Inputs["h0"], c.Inputs["c0"])
			return l, parity.State{"out.0": out, "out.1.0": h, "out.1.1": cell}
		}
		var lengths []int
		for _, n := range torch.Values[int64](c.Inputs["lengths"]) {
			lengths = append(lengths, int(n))
		}
		packed := nn.PackPaddedSequence(c.Inputs["x"], lengths, nn.PackOptions{BatchFirst: a.BatchFirst})
		packedOut, h, _ := l.ForwardPacked(packed, nil, nil)
		out, lengthsOut := nn.PadPackedSequence(packedOut, nn.PadOptions{BatchFirst: a.BatchFirst})
		require.Equal(t, lengths, lengthsOut)
		c.Check("lengths_out", c.Inputs["lengths"])
		return l, parity.State{"out": out, "h_n": h}
	},
	"torch.nn.GRUCell": func(t *testing.T, c *parity.Case, a networkArguments) (any, parity.State) {
		g := nn.NewGRUCell(a.Args[0], a.Args[1])
		c.Load(g, "")
		return g, parity.State{"out": g.Forward(c.Inputs["x"], c.Inputs["h"])}
	},
	"torch.nn.LSTMCell": func(t *testing.T, c *parity.Case, a networkArguments) (any, parity.State) {
		l := nn.NewLSTMCell(a.Args[0], a.Args[1])
		c.Load(l, "")
		h, cell := l.Forward(c.Inputs["x"], c.Inputs["h"], c.Inputs["c"])
		return l, parity.State{"out.0": h, "out.1": cell}
	},
	"torch.nn.MultiheadAttention": func(t *testing.T, c *parity.Case, a networkArguments) (any, parity.State) {
		m := nn.NewMultiheadAttention(a.Args[0], a.Args[1], nn.Attention{
			KDim: a.KDim, VDim: a.VDim, AddBiasKV: a.AddBiasKV, AddZeroAttn: a.AddZeroAttn, BatchFirst: a.BatchFirst,
		})
		c.Load(m, "")
		q, k, v := c.Inputs["q"], c.Inputs["k"], c.Inputs["v"]
		if x := c.Inputs["x"]; x != nil {
			q, k, v = x, x, x
		}
		var masks nn.AttentionMasks
		if c.Inputs["attn_mask"] != nil {
			masks.AttnMask = c.Inputs["attn_mask"].ToDType(torch.Bool)
			masks.KeyPaddingMask = c.Inputs["key_padding_mask"].ToDType(torch.Bool)
		}
		c.CheckWith("out.0", m.Forward(q, k, v, masks), c.Outputs["out.0"])
		out, weights := m.ForwardWeights(q, k, v, masks)
		if c.Outputs["out.1"].Dim() == 3 {
			weights = weights.MeanDim([]int{1})
		}
		return m, parity.State{"out.0": out, "out.1": weights}
	},
	"torch.nn.TransformerEncoderLayer": func(t *testing.T, c *parity.Case, a networkArguments) (any, parity.State) {
		l := nn.NewTransformerEncoderLayer(a.Args[0], a.Args[1], nn.TransformerOptions{FeedForward: a.Args[2], Dropout: a.Dropout})
		c.Load(l, "")
		return l, parity.State{"out": l.Forward(c.Inputs["x"])}
	},
	"torch.nn.TransformerDecoderLayer": func(t *testing.T, c *parity.Case, a networkArguments) (any, parity.State) {
		l := nn.NewTransformerDecoderLayer(a.Args[0], a.Args[1], nn.TransformerOptions{FeedForward: a.Args[2], Dropout: a.Dropout})
		c.Load(l, "")
		return l, parity.State{"out": l.Forward(c.Inputs["tgt"], c.Inputs["memory"])}
	},
}
