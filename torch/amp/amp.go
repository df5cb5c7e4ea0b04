// Package amp trains with gradients in float16, torch.amp's GradScaler; torch.Autocast chooses the precision of operators.
//
//	scaler := amp.NewGradScaler(amp.GradScalerOptions{})
//	for batch := range batches {
//		torch.Scope(func() {
//			opt.ZeroGrad()
//			var loss *torch.Tensor
//			torch.Autocast(torch.AutocastOptions{DType: torch.Float16}, func() { loss = criterion(net.Forward(batch)) })
//			scaler.Scale(loss).Backward()
//			scaler.Step(opt)
//			scaler.Update()
//		})
//	}
//
// float16 has no numbers below 6e-8, and many gradients are smaller. A GradScaler multiplies the loss, and so all
// gradients, by a large number before the backward pass, divides the parameters' gradients by it before the step, and
// leaves the step out where one of them has overflowed. Where that happens the scale is reduced; after many steps without
// it, it grows. bfloat16 has the range of float32 and needs none of this.
//
// A GAN's optimisers share a scaler: Scale each loss, Step each optimiser, and Update once at the end of the iteration.
// What looks at gradients, as clipping does, comes between Unscale and Step.
package amp

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/optim"
)

// GradScalerOptions are the settings of a GradScaler. A zero field takes PyTorch's default.
type GradScalerOptions struct {
	InitScale      float64 // 65536
	GrowthFactor   float64 // above 1; 2
	BackoffFactor  float64 // below 1; 0.5
	GrowthInterval int     // steps without overflow before the scale grows, 2000
}

// GradScaler scales losses so that gradients in float16 do not vanish. Its scale lies on the device of the first loss.
type GradScaler struct {
	start         settings      // the present ones but for the scale and the growth, which are the device's once there
	scale, growth *torch.Tensor // nil before the first loss
	seen          map[optim.Optimizer]*pass
}

// A pass is what happened to an optimiser since the last Update.
type pass struct {
	found   *torch.Tensor // 1 where a gradient is not finite, else 0
	stepped bool
}

// settings are the state under PyTorch's names.
type settings struct {
	Scale          float64 `json:"scale"`
	GrowthFactor   float64 `json:"growth_factor"`
	BackoffFactor  float64 `json:"backoff_factor"`
	GrowthInterval int     `json:"growth_interval"`
	Growth         int     `json:"_growth_tracker"` // steps without overflow since the last change
}

func (s settings) check() error {
	switch {
	case !(s.Scale > 0):
		return fmt.Errorf("the scale %g is not above 0", s.Scale)
	case !(s.GrowthFactor > 1):
		return fmt.Errorf("the growth factor %g is not above 1", s.GrowthFactor)
	case !(s.BackoffFactor > 0 && s.BackoffFactor < 1):
		return fmt.Errorf("the backoff factor %g is not between 0 and 1", s.BackoffFactor)
	case s.GrowthInterval < 1:
		return fmt.Errorf("the growth interval %d is not at least 1", s.GrowthInterval)
	}
	return nil
}

// NewGradScaler makes a scaler. Settings that make no sense panic with a *torch.Error.
func NewGradScaler(o GradScalerOptions) *GradScaler {
	s := settings{
		Scale: cmp.Or(o.InitScale, 65536), GrowthFactor: cmp.Or(o.GrowthFactor, 2),
		BackoffFactor: cmp.Or(o.BackoffFactor, 0.5), GrowthInterval: cmp.Or(o.GrowthInterval, 2000),
	}
	if err := s.check(); err != nil {
		refuse(torch.ValueError, err.Error())
	}
	return &GradScaler{start: s, seen: map[optim.Optimizer]*pass{}}
}

// Scale is loss times the scale, for Backward.
func (g *GradScaler) Scale(loss *torch.Tensor) *torch.Tensor {
	if g.scale == nil {
		on := loss.Device()
		g.scale = torch.Full(nil, g.start.Scale, torch.TensorOptions{DType: torch.Float32, Device: on}).Own()
		g.growth = torch.Full(nil, g.start.Growth, torch.TensorOptions{DType: torch.Int32, Device: on}).Own()
	}
	return loss.Mul(g.scale)
}

// Unscale divides the gradients of opt's parameters by the scale and notes whether all are finite, without waiting for
// the device. It may come once before Step, for what must see true gradients; otherwise Step does it. Gradients in
// float16, in which they would vanish, panic with a *torch.Error: such parameters belong in float32.
func (g *GradScaler) Unscale(opt optim.Optimizer) {
	switch p := g.seen[opt]; {
	case g.scale == nil:
		refuse(torch.ValueError, "Unscale before the first Scale")
	case p != nil && p.stepped:
		refuse(torch.ValueError, "Unscale after Step, without Update")
	case p != nil:
		refuse(torch.ValueError, "Unscale twice without Update")
	}
	torch.NoGrad(func() {
		torch.Scope(func() {
			byType := map[torch.DType][]*torch.Tensor{} // a kernel takes one type
			for _, grad := range torch.Grads(opt.Params()) {
				if grad == nil {
					continue
				}
				d := grad.DType()
				if d == torch.Float16 {
					refuse(torch.TypeError, "gradients in float16: keep the parameters in float32")
				}
				byType[d] = append(byType[d], grad)
			}
			found := g.scale.ZerosLike()
			inverse := g.scale.ToDType(torch.Float64).Reciprocal().ToDType(torch.Float32)
			for _, grads := range byType {
				torch.AMPUnscaleInPlace(grads, found, inverse)
			}
			g.seen[opt] = &pass{found: found.Own()}
		})
	})
}

// Step makes opt's step unless a gradient is not finite, and reports whether it did. It waits once for the device.
func (g *GradScaler) Step(opt optim.Optimizer) bool {
	if g.seen[opt] == nil {
		g.Unscale(opt)
	}
	p := g.seen[opt]
	if p.stepped {
		refuse(torch.ValueError, "Step twice without Update")
	}
	p.stepped = true
	if p.found.Item() != 0 {
		return false
	}
	opt.Step()
	return true
}

// Update ends an iteration: the scale shrinks if a step was left out, and grows after GrowthInterval iterations in which
// none was.
func (g *GradScaler) Update() {
	if len(g.seen) == 0 {
		refuse(torch.ValueError, "Update before a Step")
	}
	torch.NoGrad(func() {
		torch.Scope(func() {
			found := g.scale.ZerosLike()
			for _, p := range g.seen {
				found.AddInPlace(p.found)
				p.found.Free()
			}
			g.scale.AMPUpdateScaleInPlace(g.growth, found, g.start.GrowthFactor, g.start.BackoffFactor, g.start.GrowthInterval)
		})
	})
	clear(g.seen)
}

// GetScale is the present scale. It waits for the device.
func (g *GradScaler) GetScale() float64 { return g.now().Scale }

// State returns what Restore needs to go on exactly here, after an Update: PyTorch's state_dict.
func (g *GradScaler) State() json.RawMessage {
	out, err := json.Marshal(g.now())
	if err != nil {
		panic(fmt.Sprintf("amp: a setting is not a finite number: %v", err))
	}
	return out
}

func (g *GradScaler) now() settings {
	s := g.start
	if g.scale != nil {
		s.Scale, s.Growth = g.scale.Item(), g.growth.Int()
	}
	return s
}

// Restore puts the scaler where State was called. It fails, changing nothing, if the state makes no sense.
func (g *GradScaler) Restore(state json.RawMessage) error {
	var s settings
	err := json.Unmarshal(state, &s)
	if err == nil {
		err = s.check()
	}
	if err != nil {
		return fmt.Errorf("the gradient scaler's state cannot be used: %w", err)
	}
	g.start = s
	if g.scale != nil {
		g.scale.FillInPlace(s.Scale)
		g.growth.FillInPlace(s.Growth)
	}
	return nil
}

func refuse(code torch.Code, message string) {
	panic(&torch.Error{Op: "GradScaler", Code: code, Msg: message})
}
