package optim

import "github.com/forgergan/forger/torch"

// RMSpropOptions are the settings of RMSprop. A zero field takes PyTorch's default.
type RMSpropOptions struct {
	LR          float64 // learning rate, 1e-2
	Alpha       float64 // decay of the running average of squares, 0.99
	Eps         float64 // 1e-8
	WeightDecay float64 // added to the gradient, 0
	Momentum    float64 // weight of the last update, 0
	Centered    bool    // divide by the estimated deviation, not by the root of the mean square
	Maximize    bool    // climb instead of descend

	// TensorFlow begins averages of squares at 1 and adds Eps to them, not to their roots: the first steps are short. So do
	// tf.train.RMSPropOptimizer, whose Alpha is 0.9 and Eps 1e-10, and programs that were tuned with it.
	TensorFlow bool

	MasterWeights bool // update float32 copies of parameters in half precision
}

// RMSprop is Tieleman and Hinton 2012, centred as in Graves 2013, §4.
//
// Its state holds step, square_avg and, where there is momentum or Centered, momentum_buffer and grad_avg of each
// parameter.
type RMSprop struct {
	base[rmspropGroup, *rmspropGroup]
}

// rmspropGroup is a group's settings under PyTorch's names.
type rmspropGroup struct {
	Group
	Momentum    float64 `json:"momentum"`
	Alpha       float64 `json:"alpha"`
	Eps         float64 `json:"eps"`
	Centered    bool    `json:"centered"`
	WeightDecay float64 `json:"weight_decay"`
	Maximize    bool    `json:"maximize"`
	TensorFlow  bool    `json:"tensorflow,omitempty"` // Forger's own
}

func (g *rmspropGroup) point() { g.Group.Momentum = &g.Momentum }

func (g *rmspropGroup) start(m memory) {
	if g.TensorFlow {
		m["square_avg"].FillInPlace(1)
	}
}

func (g *rmspropGroup) names() []string {
	names := []string{"step", "square_avg"}
	if g.Momentum > 0 {
		names = append(names, momentumBuffer)
	}
	if g.Centered {
		names = append(names, "grad_avg")
	}
	return names
}

// NewRMSprop makes an RMSprop optimiser.
func NewRMSprop(params []*torch.Tensor, o RMSpropOptions) *RMSprop {
	r := &RMSprop{}
	r.AddGroup(params, o)
	return r
}

// AddGroup lets the optimiser update more parameters, with their own settings.
func (r *RMSprop) AddGroup(params []*torch.Tensor, o RMSpropOptions) {
	g := &rmspropGroup{
		Momentum: o.Momentum, Alpha: o.Alpha, Eps: o.Eps, Centered: o.Centered, WeightDecay: o.WeightDecay, Maximize: o.Maximize,
		TensorFlow: o.TensorFlow,
	}
	g.LR, g.MasterWeights = o.LR, o.MasterWeights
	if g.LR == 0 {
		g.LR = 1e-2
	}
	if g.Alpha == 0 {
		g.Alpha = 0.99
	}
	if g.Eps == 0 {
		g.Eps = 1e-8
	}
	r.add(params, g)
}

// Step makes one update of every parameter that has a gradient.
func (r *RMSprop) Step() { r.step(r.update) }

// LibTorch has no fused kernel of this method: each operation is one call over all parameters.
func (r *RMSprop) update(g *rmspropGroup, on active) {
	grads, square := on.grads, r.column(on.numbers, "square_avg")
	torch.ForeachAddScalarInPlace(r.column(on.numbers, "step"), 1)
	if g.Maximize {
		grads = torch.ForeachNeg(grads)
	}
	if g.WeightDecay != 0 {
		grads = torch.ForeachAdd(grads, on.params, torch.ForeachAddOptions{Alpha: g.WeightDecay})
	}
	torch.ForeachMulScalarInPlace(square, g.Alpha)
	torch.ForeachAddcmulInPlace(square, grads, grads, torch.ForeachAddcmulInPlaceOptions{Value: 1 - g.Alpha})

	inside, outside := 0.0, g.Eps
	if g.TensorFlow {
		inside, outside = g.Eps, 0
	}
	deviation := torch.ForeachAddScalar(square, inside)
	if g.Centered {
		average := r.column(on.numbers, "grad_avg")
		torch.ForeachLerpInPlace(average, grads, 1-g.Alpha)
		torch.ForeachAddcmulInPlace(deviation, average, average, torch.ForeachAddcmulInPlaceOptions{Value: -1})
	}
	torch.ForeachSqrtInPlace(deviation)
	torch.ForeachAddScalarInPlace(deviation, outside)

	if g.Momentum == 0 {
		torch.ForeachAddcdivInPlace(on.params, grads, deviation, torch.ForeachAddcdivInPlaceOptions{Value: -g.LR})
		return
	}
	momentum := r.column(on.numbers, momentumBuffer)
	torch.ForeachMulScalarInPlace(momentum, g.Momentum)
	torch.ForeachAddcdivInPlace(momentum, grads, deviation)
	torch.ForeachAddInPlace(on.params, momentum, torch.ForeachAddInPlaceOptions{Alpha: -g.LR})
}
