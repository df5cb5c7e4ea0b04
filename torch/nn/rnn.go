package nn

import "github.com/forgergan/forger/torch"

// RNN is an Elman network: h' = tanh(W_ih·x + b_ih + W_hh·h + b_hh), or max(0, ·). Elman 1990.
type RNN struct {
	Weights RecurrentStack `nn:""`

	recurrent
}

// NewRNN makes a network from in features to hidden ones with PyTorch's initialisation.
func NewRNN(in, hidden int, o ...Recurrent) *RNN {
	c := only(o)
	net := torch.RNNTanh
	switch {
	case c.ProjSize != 0:
		panic(refusal("RNN has no projection: LSTM has one"))
	case c.Nonlinearity == "relu":
		net = torch.RNNReLU
	case c.Nonlinearity != "" && c.Nonlinearity != "tanh":
		panic(refusal("nonlinearity %q is not tanh or relu", c.Nonlinearity))
	}
	weights, r := newRecurrent("RNN", 1, in, hidden, c, hiddenOnly(net))
	return &RNN{weights, r}
}

// Forward maps sequences (L, N, in) to the states of the last layer (L, N, directions·hidden) and the last states of all
// layers (layers·directions, N, hidden). The initial states h0 are shaped as those; nil stands for zeros. With BatchFirst
// x and the first result are (N, L, …). One sequence (L, in) may come without N, as do h0 and the results then.
func (r *RNN) Forward(x, h0 *torch.Tensor) (out, h *torch.Tensor) {
	results := r.forward(r.Weights, x, h0)
	return observe(r, results[0]), results[1]
}

// ForwardPacked is Forward for packed sequences.
func (r *RNN) ForwardPacked(p *PackedSequence, h0 *torch.Tensor) (out *PackedSequence, h *torch.Tensor) {
	out, states := r.forwardPacked(r.Weights, p, h0)
	return out, states[0]
}

// GRU is a network of gated recurrent units. Cho et al. 2014, with PyTorch's reset gate after the matrix product.
type GRU struct {
	Weights RecurrentStack `nn:""`

	recurrent
}

// NewGRU makes a network from in features to hidden ones with PyTorch's initialisation.
func NewGRU(in, hidden int, o ...Recurrent) *GRU {
	c := only(o)
	if c.ProjSize != 0 || c.Nonlinearity != "" {
		panic(refusal("GRU has neither a projection (LSTM has one) nor another nonlinearity (RNN has one)"))
	}
	weights, r := newRecurrent("GRU", 3, in, hidden, c, hiddenOnly(torch.GRU))
	return &GRU{weights, r}
}

// Forward is as RNN's.
func (g *GRU) Forward(x, h0 *torch.Tensor) (out, h *torch.Tensor) {
	results := g.forward(g.Weights, x, h0)
	return observe(g, results[0]), results[1]
}

// ForwardPacked is Forward for packed sequences.
func (g *GRU) ForwardPacked(p *PackedSequence, h0 *torch.Tensor) (out *PackedSequence, h *torch.Tensor) {
	out, states := g.forwardPacked(g.Weights, p, h0)
	return out, states[0]
}

// hiddenOnly is the operation of a network without cell state.
func hiddenOnly(net func(x, h0 *torch.Tensor, params []*torch.Tensor, o ...torch.RecurrentOptions) (out, h *torch.Tensor)) recurrentOp {
	return func(x *torch.Tensor, states, params []*torch.Tensor, o torch.RecurrentOptions) []*torch.Tensor {
		out, h := net(x, states[0], params, o)
		return []*torch.Tensor{out, h}
	}
}

// LSTM is long short-term memory. Hochreiter and Schmidhuber 1997; with ProjSize, Sak et al. 2014.
type LSTM struct {
	Weights RecurrentStack `nn:""`

	recurrent
}

// NewLSTM makes a network from in features to hidden ones with PyTorch's initialisation:
//
//	nn.NewLSTM(80, 128, nn.Recurrent{Layers: 2, Bidirectional: true, BatchFirst: true})
func NewLSTM(in, hidden int, o ...Recurrent) *LSTM {
	c := only(o)
	if c.ProjSize < 0 || c.ProjSize > 0 && c.ProjSize >= hidden {
		panic(refusal("LSTM projects %d hidden numbers to fewer, not to %d", hidden, c.ProjSize))
	}
	if c.Nonlinearity != "" {
		panic(refusal("LSTM has no other nonlinearity: RNN has one"))
	}
	weights, r := newRecurrent("LSTM", 4, in, hidden, c, longShortTerm)
	r.widths = append(r.widths, hidden)
	return &LSTM{weights, r}
}

func longShortTerm(x *torch.Tensor, states, params []*torch.Tensor, o torch.RecurrentOptions) []*torch.Tensor {
	out, h, c := torch.LSTM(x, states[0], states[1], params, o)
	return []*torch.Tensor{out, h, c}
}

// Forward is as RNN's, with cell states (layers·directions, N, hidden) beside the hidden ones, which are as wide as the
// projection if there is one.
func (l *LSTM) Forward(x, h0, c0 *torch.Tensor) (out, h, c *torch.Tensor) {
	results := l.forward(l.Weights, x, h0, c0)
	return observe(l, results[0]), results[1], results[2]
}

// ForwardPacked is Forward for packed sequences.
func (l *LSTM) ForwardPacked(p *PackedSequence, h0, c0 *torch.Tensor) (out *PackedSequence, h, c *torch.Tensor) {
	out, states := l.forwardPacked(l.Weights, p, h0, c0)
	return out, states[0], states[1]
}
