package nn

import "github.com/forgergan/forger/torch"

// WeightNormOptions are the optional arguments of WeightNorm; the zero value is PyTorch's default.
type WeightNormOptions struct {
	Dim int // of the weight, for each index of which a length is learnt; −1, PyTorch's None, learns one for all

	// Parametrization gives the tensors the names of torch.nn.utils.parametrizations.weight_norm, not those of
	// torch.nn.utils.weight_norm.
	Parametrization bool
}

// WeightNorm learns length g and direction v of the weight of layer apart, w = g·v/‖v‖, and returns layer. It starts
// with the weight that layer has.
//
// The state lists weight_g and weight_v, which is the layer's Weight field, in place of weight; with Parametrization
// they are parametrizations.weight.original0 and original1. Salimans and Kingma 2016.
func WeightNorm[L Weighted](layer L, o ...WeightNormOptions) L {
	c := only(o)
	return Parametrize(layer, func(w *torch.Tensor, _ int) Parametrization {
		if c.Dim < -1 || c.Dim >= w.Dim() {
			panic(refusal("weight norm along dimension %d of a weight %v", c.Dim, w.Shape()))
		}
		n := &weightNorm{settings: c}
		torch.NoGrad(func() {
			torch.Scope(func() { n.length = lengths(w, c.Dim).Own() })
		})
		n.length.SetRequiresGrad(w.RequiresGrad())
		return n
	})
}

type weightNorm struct {
	length   *torch.Tensor
	settings WeightNormOptions
}

// lengths is the norm of w for each index of dim, with the other dimensions 1, or of all of w without dimensions.
func lengths(w *torch.Tensor, dim int) *torch.Tensor {
	if dim < 0 {
		return w.VectorNorm()
	}
	shape := make([]int, w.Dim())
	for i := range shape {
		shape[i] = 1
	}
	shape[dim] = w.Size(dim)
	return rows(w, dim).VectorNorm(torch.VectorNormOptions{Dim: []int{1}}).View(shape...)
}

func (n *weightNorm) Weight(w *torch.Tensor, _ bool) *torch.Tensor {
	return torch.WeightNorm(w, n.length, torch.WeightNormOptions{Dim: n.settings.Dim})
}

func (n *weightNorm) State(own []Entry) []Entry {
	g, v := "weight_g", "weight_v"
	if n.settings.Parametrization {
		g, v = "parametrizations.weight.original0", "parametrizations.weight.original1"
	}
	own, w := cutWeight(own)
	return append(own, Entry{g, n.length, false}, Entry{v, w, false})
}
