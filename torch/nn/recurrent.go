package nn

import (
	"fmt"
	"math"
	"slices"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// Recurrent are the settings of RNN, GRU and LSTM beside their sizes; the zero value is PyTorch's default.
type Recurrent struct {
	Layers        int     // 1 if 0; each but the first reads what the one below puts out
	NoBias        bool    // no biases
	BatchFirst    bool    // the input and the output are (N, L, …), not (L, N, …); states stay (…, N, …)
	Dropout       float64 // the part of what each layer but the last puts out that is 0 in training
	Bidirectional bool    // each layer reads forwards and backwards and puts both out side by side
	ProjSize      int     // of LSTM only: the hidden state is projected to so many numbers, if not 0
	Nonlinearity  string  // of RNN only: "tanh" if empty, or "relu"
}

// RecurrentWeights are the parameters of one layer in one direction, or of a cell. The rows of the gates are stacked in
// PyTorch's order: reset, update, new (GRU); input, forget, cell, output (LSTM).
type RecurrentWeights struct {
	WeightIH *torch.Tensor // weight_ih (gates·hidden, in)
	WeightHH *torch.Tensor // weight_hh (gates·hidden, hidden, or the size of the projection)
	BiasIH   *torch.Tensor // bias_ih (gates·hidden), nil without biases
	BiasHH   *torch.Tensor // bias_hh (gates·hidden), nil without biases
	WeightHR *torch.Tensor // weight_hr (projection, hidden), nil without projection

	suffix string // of the names, in a network
}

// newRecurrentWeights draws uniform numbers in ±1/√hidden, as PyTorch does.
func newRecurrentWeights(gates, in, hidden, proj int, noBias bool) (w RecurrentWeights) {
	if in < 1 || hidden < 1 {
		panic(refusal("a recurrent layer needs positive sizes, not %d inputs and %d hidden", in, hidden))
	}
	state := hidden
	if proj > 0 {
		state = proj
	}
	w.WeightIH = newParameter(gates*hidden, in)
	w.WeightHH = newParameter(gates*hidden, state)
	if !noBias {
		w.BiasIH = newParameter(gates * hidden)
		w.BiasHH = newParameter(gates * hidden)
	}
	if proj > 0 {
		w.WeightHR = newParameter(proj, hidden)
	}
	bound := 1 / math.Sqrt(float64(hidden))
	for _, e := range w.entries() {
		initializer.Uniform(e.Tensor, -bound, bound)
	}
	return w
}

// entries lists the parameters under PyTorch's names and in its order.
func (w RecurrentWeights) entries() (out []Entry) {
	for _, e := range []Entry{
		{Name: "weight_ih", Tensor: w.WeightIH}, {Name: "weight_hh", Tensor: w.WeightHH},
		{Name: "bias_ih", Tensor: w.BiasIH}, {Name: "bias_hh", Tensor: w.BiasHH}, {Name: "weight_hr", Tensor: w.WeightHR},
	} {
		if e.Tensor != nil {
			e.Name += w.suffix
			out = append(out, e)
		}
	}
	return out
}

// RecurrentStack are the parameters of a network: of layer 0 forwards (weight_ih_l0, …) and, if bidirectional, backwards
// (weight_ih_l0_reverse, …), then of layer 1, and so on.
type RecurrentStack []RecurrentWeights

func (s RecurrentStack) entries() (out []Entry) {
	for _, w := range s {
		out = append(out, w.entries()...)
	}
	return out
}

// recurrent is what RNN, GRU and LSTM share.
type recurrent struct {
	name     string // of the layer, in refusals
	in       int
	widths   []int // of the states: hidden, cell
	settings Recurrent
	op       recurrentOp
	mode
}

// A recurrentOp runs all layers from the initial states to the output and the last states.
type recurrentOp func(x *torch.Tensor, states, params []*torch.Tensor, o torch.RecurrentOptions) []*torch.Tensor

func newRecurrent(name string, gates, in, hidden int, c Recurrent, op recurrentOp) (RecurrentStack, recurrent) {
	c.Layers = max(c.Layers, 1)
	width := hidden
	if c.ProjSize > 0 {
		width = c.ProjSize
	}
	directions := []string{""}
	if c.Bidirectional {
		directions = append(directions, "_reverse")
	}
	var stack RecurrentStack
	for layer, from := 0, in; layer < c.Layers; layer, from = layer+1, width*len(directions) {
		for _, direction := range directions {
			w := newRecurrentWeights(gates, from, hidden, c.ProjSize, c.NoBias)
			w.suffix = fmt.Sprintf("_l%d%s", layer, direction)
			stack = append(stack, w)
		}
	}
	return stack, recurrent{name: name, in: in, widths: []int{width}, settings: c, op: op}
}

// forward runs whole sequences (L, N, in), with BatchFirst (N, L, in), or one sequence (L, in), from states that may be
// nil, which stands for zeros.
func (r *recurrent) forward(ws RecurrentStack, x *torch.Tensor, states ...*torch.Tensor) []*torch.Tensor {
	return torch.TidyAll(func() []*torch.Tensor {
		batch := 1
		if r.settings.BatchFirst {
			batch = 0
		}
		switch x.Dim() {
		case 3:
			return r.run(ws, x, states, torch.RecurrentOptions{BatchFirst: r.settings.BatchFirst}, x.Size(batch))
		case 2:
		default:
			panic(refusal("%s takes sequences of shape (L, N, %d) or (L, %d), not %v", r.name, r.in, r.in, x.Shape()))
		}
		for i, s := range states {
			if s != nil {
				states[i] = s.Unsqueeze(1)
			}
		}
		results := r.run(ws, x.Unsqueeze(batch), states, torch.RecurrentOptions{BatchFirst: r.settings.BatchFirst}, 1)
		for i, y := range results {
			if i > 0 {
				batch = 1
			}
			results[i] = y.SqueezeDim(batch)
		}
		return results
	})
}

// forwardPacked does the same for packed sequences; states are in the order in which the sequences were packed.
func (r *recurrent) forwardPacked(ws RecurrentStack, p *PackedSequence, states ...*torch.Tensor) (*PackedSequence, []*torch.Tensor) {
	results := torch.TidyAll(func() []*torch.Tensor {
		for i, s := range states {
			if s != nil && p.SortedIndices != nil {
				states[i] = s.IndexSelect(1, p.SortedIndices)
			}
		}
		n := int(torch.Values[int64](p.BatchSizes)[0])
		results := r.run(ws, p.Data, states, torch.RecurrentOptions{BatchSizes: p.BatchSizes}, n)
		for i, y := range results {
			if i > 0 && p.UnsortedIndices != nil {
				results[i] = y.IndexSelect(1, p.UnsortedIndices)
			}
		}
		return results
	})
	out := *p
	out.Data = results[0]
	return &out, results[1:]
}

func (r *recurrent) run(ws RecurrentStack, x *torch.Tensor, states []*torch.Tensor, o torch.RecurrentOptions, n int) []*torch.Tensor {
	if x.Size(-1) != r.in {
		panic(refusal("%s takes %d features, not the %d of an input %v", r.name, r.in, x.Size(-1), x.Shape()))
	}
	for i, width := range r.widths {
		want := []int{len(ws), n, width}
		if states[i] == nil {
			states[i] = torch.Zeros(want, torch.TensorOptions{DType: x.DType(), Device: x.Device()})
		} else if got := states[i].Shape(); !slices.Equal(got, want) {
			panic(refusal("%s needs an initial %s of shape %v, not %v", r.name, []string{"state", "cell state"}[i], want, got))
		}
	}
	var params []*torch.Tensor
	for _, e := range ws.entries() {
		params = append(params, e.Tensor)
	}
	o.NoBias, o.NumLayers, o.Bidirectional = r.settings.NoBias, r.settings.Layers, r.settings.Bidirectional
	o.Dropout, o.Train = r.settings.Dropout, r.training()
	return r.op(x, states, params, o)
}
