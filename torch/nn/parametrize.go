package nn

import (
	"slices"

	"github.com/forgergan/forger/torch"
)

// A Parametrization computes the weight of a layer from tensors that are learnt in its place, as spectral norm and weight
// norm do. The layer's Weight field stays the tensor that the layer was made with; it is what is learnt.
type Parametrization interface {
	// Weight makes the weight of one forward pass from the layer's Weight field.
	Weight(w *torch.Tensor, training bool) *torch.Tensor

	// State is what the layer lists in a state dictionary, parameters first. own is what it lists by itself, its
	// Weight field under the name weight; State may change it.
	State(own []Entry) []Entry
}

// Weighted is a layer whose weight a Parametrization can compute: Linear, Bilinear, Embedding and the convolutions.
type Weighted interface{ parametrization() *parametrized }

// Parametrize lets a Parametrization compute the weight of layer from now on, and returns layer. build is given the
// layer's Weight field and the dimension of it that counts the outputs: 0, or 1 in transposed convolutions. Parametrize
// panics with a *torch.Error if layer has a Parametrization already.
func Parametrize[L Weighted](layer L, build func(w *torch.Tensor, outputs int) Parametrization) L {
	p := layer.parametrization()
	if p.by != nil {
		panic(refusal("the weight of %T is parametrized already", layer))
	}
	_, w := cutWeight(StateDict(layer))
	p.by = build(w, p.outputs)
	return layer
}

// parametrized is embedded in layers that are Weighted.
type parametrized struct {
	mode
	by      Parametrization // nil: the weight is what is learnt
	outputs int
}

func (p *parametrized) parametrization() *parametrized { return p }

// effective is the weight for one forward pass; w is the layer's Weight field.
func (p *parametrized) effective(w *torch.Tensor) *torch.Tensor {
	if p.by == nil {
		return w
	}
	return p.by.Weight(w, p.training())
}

// state lists own with the parametrization. A module that embeds a layer lists no weight itself.
func (p *parametrized) state(own []Entry) []Entry {
	if p.by == nil || !slices.ContainsFunc(own, isWeight) {
		return own
	}
	return p.by.State(own)
}

func isWeight(e Entry) bool { return e.Name == "weight" }

// cutWeight takes the weight out of what a layer lists. PyTorch lists what replaces it after the other parameters.
func cutWeight(own []Entry) (rest []Entry, w *torch.Tensor) {
	i := slices.IndexFunc(own, isWeight)
	w = own[i].Tensor
	return slices.Delete(own, i, i+1), w
}

// rows brings the dimension dim of w to the front and joins all others.
func rows(w *torch.Tensor, dim int) *torch.Tensor {
	if dim != 0 {
		w = w.MoveDim(dim, 0)
	}
	return w.Flatten(torch.FlattenOptions{StartDim: 1})
}
