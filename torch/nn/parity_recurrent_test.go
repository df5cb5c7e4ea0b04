package nn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// networkArguments are those of PyTorch's recurrent networks.
type networkArguments struct {
	Args          []int
	NumLayers     int `json:"num_layers"`
	Bias          *bool
	BatchFirst    bool `json:"batch_first"`
	Bidirectional bool
	ProjSize      int `json:"proj_size"`
	Nonlinearity  string
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
}
