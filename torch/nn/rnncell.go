package nn

import "github.com/forgergan/forger/torch"

// Cell are the settings of a recurrent cell; the zero value is PyTorch's default.
type Cell struct {
	NoBias       bool
	Nonlinearity string // of RNNCell only: "tanh" if empty, or "relu"
}

// RNNCell is one step of an Elman network: tanh(W_ih·x + b_ih + W_hh·h + b_hh), or max(0, ·).
type RNNCell struct {
	Weights RecurrentWeights `nn:""`

	relu bool
}

// NewRNNCell makes a cell from in features to hidden ones with PyTorch's initialisation.
func NewRNNCell(in, hidden int, o ...Cell) *RNNCell {
	c := only(o)
	if c.Nonlinearity != "" && c.Nonlinearity != "tanh" && c.Nonlinearity != "relu" {
		panic(refusal("nonlinearity %q is not tanh or relu", c.Nonlinearity))
	}
	return &RNNCell{newRecurrentWeights(1, in, hidden, 0, c.NoBias), c.Nonlinearity == "relu"}
}

// Forward maps x (N, in) and the state h (N, hidden) to the next state; nil stands for zeros.
func (r *RNNCell) Forward(x, h *torch.Tensor) *torch.Tensor {
	return observe(r, torch.Tidy(func() *torch.Tensor {
		w := &r.Weights
		h = w.state("RNNCell", 1, x, h)
		if r.relu {
			return torch.RNNReLUCell(x, h, w.WeightIH, w.WeightHH, torch.RNNReLUCellOptions{BIh: w.BiasIH, BHh: w.BiasHH})
		}
		return torch.RNNTanhCell(x, h, w.WeightIH, w.WeightHH, torch.RNNTanhCellOptions{BIh: w.BiasIH, BHh: w.BiasHH})
	}))
}

// GRUCell is one step of gated recurrent units, as GRU's.
type GRUCell struct {
	Weights RecurrentWeights `nn:""`
}

// NewGRUCell makes a cell from in features to hidden ones with PyTorch's initialisation.
func NewGRUCell(in, hidden int, o ...Cell) *GRUCell {
	return &GRUCell{newRecurrentWeights(3, in, hidden, 0, gated("GRUCell", o).NoBias)}
}

// Forward maps x (N, in) and the state h (N, hidden) to the next state; nil stands for zeros.
func (g *GRUCell) Forward(x, h *torch.Tensor) *torch.Tensor {
	return observe(g, torch.Tidy(func() *torch.Tensor {
		w := &g.Weights
		h = w.state("GRUCell", 3, x, h)
		return torch.GRUCell(x, h, w.WeightIH, w.WeightHH, torch.GRUCellOptions{BIh: w.BiasIH, BHh: w.BiasHH})
	}))
}

// LSTMCell is one step of long short-term memory, as LSTM's.
type LSTMCell struct {
	Weights RecurrentWeights `nn:""`
}

// NewLSTMCell makes a cell from in features to hidden ones with PyTorch's initialisation.
func NewLSTMCell(in, hidden int, o ...Cell) *LSTMCell {
	return &LSTMCell{newRecurrentWeights(4, in, hidden, 0, gated("LSTMCell", o).NoBias)}
}

// Forward maps x (N, in), the state h and the cell state c (N, hidden) to the next ones; nil stands for zeros.
func (l *LSTMCell) Forward(x, h, c *torch.Tensor) (nextH, nextC *torch.Tensor) {
	next := torch.TidyAll(func() []*torch.Tensor {
		w := &l.Weights
		state := []*torch.Tensor{w.state("LSTMCell", 4, x, h), w.state("LSTMCell", 4, x, c)}
		h, c := torch.LSTMCell(x, state, w.WeightIH, w.WeightHH, torch.LSTMCellOptions{BIh: w.BiasIH, BHh: w.BiasHH})
		return []*torch.Tensor{h, c}
	})
	return observe(l, next[0]), next[1]
}

// gated are the settings of a cell whose nonlinearities are fixed.
func gated(name string, o []Cell) Cell {
	c := only(o)
	if c.Nonlinearity != "" {
		panic(refusal("%s has no other nonlinearity: RNNCell has one", name))
	}
	return c
}

// state checks the state of a cell, or makes one of zeros.
func (w *RecurrentWeights) state(name string, gates int, x, h *torch.Tensor) *torch.Tensor {
	in, hidden := w.WeightIH.Size(1), w.WeightIH.Size(0)/gates
	if x.Dim() != 2 || x.Size(1) != in {
		panic(refusal("%s takes an input of shape (N, %d), not %v", name, in, x.Shape()))
	}
	if h == nil {
		return torch.Zeros([]int{x.Size(0), hidden}, torch.TensorOptions{DType: x.DType(), Device: x.Device()})
	}
	if h.Dim() != 2 || h.Size(0) != x.Size(0) || h.Size(1) != hidden {
		panic(refusal("%s takes a state of shape [%d %d], not %v", name, x.Size(0), hidden, h.Shape()))
	}
	return h
}
