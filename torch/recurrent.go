package torch

// RecurrentOptions are the optional arguments of RNNTanh, RNNReLU, GRU and LSTM.
type RecurrentOptions struct {
	NoBias        bool    // the parameters hold no biases
	NumLayers     int     // 1 if 0
	Dropout       float64 // of what each layer but the last puts out, with Train
	Train         bool
	Bidirectional bool
	BatchFirst    bool    // the input and the output are (N, L, …), not (L, N, …)
	BatchSizes    *Tensor // of packed sequences, as PackPaddedSequence returns them; the input is its data
}

func (o RecurrentOptions) layers() int { return max(o.NumLayers, 1) }

// RNNTanh runs an Elman network with tanh: h = tanh(W_ih·x + b_ih + W_hh·h + b_hh). The input is (L, N, in), h0 is
// (layers·directions, N, hidden); the results are the states of the last layer, (L, N, directions·hidden), and the last
// states of all layers, like h0. Params are W_ih, W_hh and, unless NoBias, b_ih and b_hh of each layer and direction.
func RNNTanh(input, h0 *Tensor, params []*Tensor, o ...RecurrentOptions) (out, h *Tensor) {
	c := option(o)
	if c.BatchSizes != nil {
		return rnnTanhPacked(input, c.BatchSizes, h0, params, !c.NoBias, c.layers(), c.Dropout, c.Train, c.Bidirectional)
	}
	return rnnTanh(input, h0, params, !c.NoBias, c.layers(), c.Dropout, c.Train, c.Bidirectional, c.BatchFirst)
}

// RNNReLU is RNNTanh with max(0, x) for tanh.
func RNNReLU(input, h0 *Tensor, params []*Tensor, o ...RecurrentOptions) (out, h *Tensor) {
	c := option(o)
	if c.BatchSizes != nil {
		return rnnReLUPacked(input, c.BatchSizes, h0, params, !c.NoBias, c.layers(), c.Dropout, c.Train, c.Bidirectional)
	}
	return rnnReLU(input, h0, params, !c.NoBias, c.layers(), c.Dropout, c.Train, c.Bidirectional, c.BatchFirst)
}

// GRU runs gated recurrent units (Cho et al. 2014), with shapes as in RNNTanh; the rows of the parameters are the reset,
// update and new gate's.
func GRU(input, h0 *Tensor, params []*Tensor, o ...RecurrentOptions) (out, h *Tensor) {
	c := option(o)
	if c.BatchSizes != nil {
		return gruPacked(input, c.BatchSizes, h0, params, !c.NoBias, c.layers(), c.Dropout, c.Train, c.Bidirectional)
	}
	return gru(input, h0, params, !c.NoBias, c.layers(), c.Dropout, c.Train, c.Bidirectional, c.BatchFirst)
}

// LSTM runs long short-term memory (Hochreiter and Schmidhuber 1997), with shapes as in RNNTanh and cell states c0 and c
// beside h0 and h; the rows of the parameters are the input, forget, cell and output gate's. With projections (Sak et
// al. 2014) their matrices follow in params, and h is as wide as they say.
func LSTM(input, h0, c0 *Tensor, params []*Tensor, o ...RecurrentOptions) (out, h, c *Tensor) {
	s := option(o)
	state := []*Tensor{h0, c0}
	if s.BatchSizes != nil {
		return lstmPacked(input, s.BatchSizes, state, params, !s.NoBias, s.layers(), s.Dropout, s.Train, s.Bidirectional)
	}
	return lstm(input, state, params, !s.NoBias, s.layers(), s.Dropout, s.Train, s.Bidirectional, s.BatchFirst)
}
