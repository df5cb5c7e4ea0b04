package optim

import (
	"fmt"
	"math"
	"slices"

	"github.com/forgergan/forger/torch"
)

// A Decay is the part of an average that stays in update n, counted from 0; the rest comes from the weights.
type Decay func(n int) float64

// Constant is the same decay in every update.
func Constant(decay float64) Decay { return func(int) float64 { return decay } }

// Warmup is (1+n)/(10+n) at first, so that the random start is soon forgotten, and at most decay: the rule of
// TensorFlow's moving averages.
func Warmup(decay float64) Decay {
	return func(n int) float64 { return min(decay, float64(1+n)/float64(10+n)) }
}

// HalfLife forgets one half in so many images, where an update comes every batch images. With a rampUp other than 0 the
// half-life is at most rampUp times the number of images seen before the update, as in StyleGAN2 (10 000 images, 0.05).
func HalfLife(images float64, batch int, rampUp float64) Decay {
	return func(n int) float64 {
		half := images
		if rampUp != 0 {
			half = min(half, float64(n*batch)*rampUp)
		}
		return math.Pow(0.5, float64(batch)/max(half, 1e-8))
	}
}

// EMAOptions are the optional arguments of NewEMA.
type EMAOptions struct {
	Into           []*torch.Tensor // where the average is kept, such as a second network's parameters; by default EMA's own tensors
	Buffers        []*torch.Tensor // the network's buffers: the average has their latest values
	BuffersInto    []*torch.Tensor // where those are kept
	AverageBuffers bool            // average the buffers too, but for integers
}

// EMA is an exponential moving average of a network's weights. A GAN's samples are better with it than with the last
// weights (Yazıcı et al. 2019).
//
// Its tensors are float32 where the weights are in half precision, so that small steps do not vanish, and outlive all
// scopes.
type EMA struct {
	decay             Decay
	updates           int
	source, average   []*torch.Tensor // parameters, then buffers
	moving, towards   []*torch.Tensor // those of average that are averaged, and what they follow
	copies, originals []*torch.Tensor // the others
	convert           bool            // some of towards is of another type
}

// NewEMA begins the average of params as a copy of them. Lists in o that do not fit panic with a *torch.Error.
func NewEMA(params []*torch.Tensor, decay Decay, o ...EMAOptions) *EMA {
	var p EMAOptions
	if len(o) > 0 {
		p = o[0]
	}
	e := &EMA{decay: decay, source: slices.Concat(params, p.Buffers)}
	torch.NoGrad(func() {
		e.average = append(memoryFor("Into", params, p.Into), memoryFor("BuffersInto", p.Buffers, p.BuffersInto)...)
		for i, from := range e.source {
			to := e.average[i]
			to.CopyInPlace(from)
			if i < len(params) || p.AverageBuffers && from.DType().IsFloat() {
				e.moving, e.towards = append(e.moving, to), append(e.towards, from)
				e.convert = e.convert || to.DType() != from.DType()
			} else {
				e.copies, e.originals = append(e.copies, to), append(e.originals, from)
			}
		}
	})
	return e
}

// memoryFor is what holds the average of source: the tensors given, or new ones.
func memoryFor(name string, source, given []*torch.Tensor) []*torch.Tensor {
	if given != nil {
		if len(given) != len(source) {
			panic(&torch.Error{Op: "EMA", Code: torch.ValueError, Msg: fmt.Sprintf("%s has %d tensors for %d", name, len(given), len(source))})
		}
		return slices.Clone(given)
	}
	out := make([]*torch.Tensor, len(source))
	for i, x := range source {
		o := torch.ToOptions{Copy: true}
		if isHalf(x.DType()) {
			o.DType = torch.Float32
		}
		out[i] = x.To(o).Own()
	}
	return out
}

// Update moves the average towards the present weights.
func (e *EMA) Update() {
	torch.NoGrad(func() {
		torch.Scope(func() {
			if len(e.moving) > 0 {
				towards := e.towards
				if e.convert {
					towards = widen(towards, e.moving)
				}
				torch.ForeachLerpInPlace(e.moving, towards, 1-e.decay(e.updates))
			}
			if len(e.copies) > 0 {
				torch.ForeachCopyInPlace(e.copies, e.originals)
			}
		})
	})
	e.updates++
}

// Use runs f while the network has the average's weights and buffers, and puts its own back afterwards, also when f
// panics. The network must not be trained meanwhile.
func (e *EMA) Use(f func()) {
	own := make([]*torch.Tensor, len(e.source))
	torch.NoGrad(func() {
		for i, x := range e.source {
			own[i] = x.Clone()
			x.CopyInPlace(e.average[i])
		}
	})
	defer torch.NoGrad(func() {
		for i, x := range e.source {
			x.CopyInPlace(own[i])
			own[i].Free()
		}
	})
	f()
}

// Updates is the number of updates so far (PyTorch's n_averaged). It belongs to the state, as do the Tensors.
func (e *EMA) Updates() int { return e.updates }

// Tensors are the average's own, of the parameters and then of the buffers, in the order that NewEMA got them.
func (e *EMA) Tensors() []*torch.Tensor { return slices.Clone(e.average) }

// Restore puts the average where it had had that number of updates and those Tensors, which are copied. It fails,
// changing nothing, if they are of other parameters.
func (e *EMA) Restore(updates int, tensors []*torch.Tensor) error {
	if updates < 0 {
		return fmt.Errorf("an average of %d updates is impossible", updates)
	}
	if len(tensors) != len(e.average) {
		return fmt.Errorf("an average of %d tensors is not of these %d", len(tensors), len(e.average))
	}
	for i, t := range tensors {
		if want, got := e.average[i].Shape(), t.Shape(); !slices.Equal(want, got) {
			return fmt.Errorf("tensor %d of the average has shape %v, not %v", i, got, want)
		}
	}
	torch.NoGrad(func() {
		for i, t := range tensors {
			e.average[i].CopyInPlace(t)
		}
	})
	e.updates = updates
	return nil
}
