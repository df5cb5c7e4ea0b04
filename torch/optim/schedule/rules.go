package schedule

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/forgergan/forger/torch/optim"
)

type lambdaLR struct {
	clock
	Lambdas []*struct{} `json:"lr_lambdas"` // functions are not saved
	f       []func(step int) float64
}

// NewLambdaLR multiplies the initial rate by f(0), f(1), f(2), …; f is one function, or one a group.
func NewLambdaLR(opt optim.Optimizer, f ...func(step int) float64) *Schedule {
	f = perGroup("LambdaLR", "f", len(opt.Groups()), f)
	return newSchedule("LambdaLR", opt, &lambdaLR{f: f, Lambdas: make([]*struct{}, len(f))})
}

func (r *lambdaLR) rate(i int, _ *optim.Group, _ float64) float64 {
	return r.BaseLRs[i] * r.f[i](r.LastEpoch)
}

type multiplicativeLR struct {
	clock
	Lambdas []*struct{} `json:"lr_lambdas"`
	f       []func(step int) float64
}

// NewMultiplicativeLR multiplies the present rate by f(1), f(2), …; f is one function, or one a group.
func NewMultiplicativeLR(opt optim.Optimizer, f ...func(step int) float64) *Schedule {
	f = perGroup("MultiplicativeLR", "f", len(opt.Groups()), f)
	return newSchedule("MultiplicativeLR", opt, &multiplicativeLR{f: f, Lambdas: make([]*struct{}, len(f))})
}

func (r *multiplicativeLR) rate(i int, _ *optim.Group, lr float64) float64 {
	if r.IsInitial {
		return lr
	}
	return lr * r.f[i](r.LastEpoch)
}

type stepLR struct {
	clock
	StepSize int     `json:"step_size"`
	Gamma    float64 `json:"gamma"`
}

// NewStepLR multiplies the present rate by gamma (PyTorch's default is 0.1) every stepSize steps.
func NewStepLR(opt optim.Optimizer, stepSize int, gamma float64) *Schedule {
	return newSchedule("StepLR", opt, &stepLR{StepSize: stepSize, Gamma: gamma})
}

func (r *stepLR) check([]*optim.Group) error {
	if r.StepSize < 1 {
		return fmt.Errorf("a step size of %d", r.StepSize)
	}
	return nil
}

func (r *stepLR) rate(_ int, _ *optim.Group, lr float64) float64 {
	if r.LastEpoch == 0 || r.LastEpoch%r.StepSize != 0 {
		return lr
	}
	return lr * r.Gamma
}

type multiStepLR struct {
	clock
	Milestones counter `json:"milestones"`
	Gamma      float64 `json:"gamma"`
}

// counter counts how often each number was named.
type counter map[int]int

// UnmarshalJSON replaces all counts; by itself, package json would add to them.
func (c *counter) UnmarshalJSON(text []byte) error {
	var fresh map[int]int
	err := json.Unmarshal(text, &fresh)
	*c = fresh
	return err
}

// NewMultiStepLR multiplies the present rate by gamma (PyTorch's default is 0.1) at each milestone, a number of steps; one
// named twice counts twice.
func NewMultiStepLR(opt optim.Optimizer, milestones []int, gamma float64) *Schedule {
	r := &multiStepLR{Milestones: counter{}, Gamma: gamma}
	for _, m := range milestones {
		r.Milestones[m]++
	}
	return newSchedule("MultiStepLR", opt, r)
}

func (r *multiStepLR) rate(_ int, _ *optim.Group, lr float64) float64 {
	return lr * math.Pow(r.Gamma, float64(r.Milestones[r.LastEpoch]))
}

type constantLR struct {
	clock
	Factor     float64 `json:"factor"`
	TotalIters int     `json:"total_iters"`
}

// NewConstantLR multiplies the present rate by factor, in (0, 1], and takes that back after totalIters steps. (PyTorch's
// defaults are 1/3 and 5.)
func NewConstantLR(opt optim.Optimizer, factor float64, totalIters int) *Schedule {
	return newSchedule("ConstantLR", opt, &constantLR{Factor: factor, TotalIters: totalIters})
}

func (r *constantLR) check([]*optim.Group) error {
	if !(r.Factor > 0 && r.Factor <= 1) {
		return fmt.Errorf("the factor %g is not above 0 and at most 1", r.Factor)
	}
	return nil
}

func (r *constantLR) rate(_ int, _ *optim.Group, lr float64) float64 {
	switch r.LastEpoch {
	case 0:
		return lr * r.Factor
	case r.TotalIters:
		return lr * (1 / r.Factor)
	}
	return lr
}

type linearLR struct {
	clock
	StartFactor float64 `json:"start_factor"`
	EndFactor   float64 `json:"end_factor"`
	TotalIters  int     `json:"total_iters"`
}

// NewLinearLR multiplies the rate by a factor that goes in totalIters equal steps from start, in (0, 1], to end, in
// [0, 1]: a warm-up, or a decay to zero. It computes the next rate from the present one. (PyTorch's defaults are 1/3, 1
// and 5.)
func NewLinearLR(opt optim.Optimizer, start, end float64, totalIters int) *Schedule {
	return newSchedule("LinearLR", opt, &linearLR{StartFactor: start, EndFactor: end, TotalIters: totalIters})
}

func (r *linearLR) check([]*optim.Group) error {
	if !(r.StartFactor > 0 && r.StartFactor <= 1) {
		return fmt.Errorf("the start factor %g is not above 0 and at most 1", r.StartFactor)
	}
	if !(r.EndFactor >= 0 && r.EndFactor <= 1) {
		return fmt.Errorf("the end factor %g is not between 0 and 1", r.EndFactor)
	}
	return nil
}

func (r *linearLR) rate(_ int, _ *optim.Group, lr float64) float64 {
	switch t := r.LastEpoch; {
	case t == 0:
		return lr * r.StartFactor
	case t > r.TotalIters:
		return lr
	default:
		rise := r.EndFactor - r.StartFactor
		return lr * (1 + rise/(float64(r.TotalIters)*r.StartFactor+float64(t-1)*rise))
	}
}

type exponentialLR struct {
	clock
	Gamma float64 `json:"gamma"`
}

// NewExponentialLR multiplies the present rate by gamma in every step.
func NewExponentialLR(opt optim.Optimizer, gamma float64) *Schedule {
	return newSchedule("ExponentialLR", opt, &exponentialLR{Gamma: gamma})
}

func (r *exponentialLR) rate(_ int, _ *optim.Group, lr float64) float64 {
	if r.LastEpoch == 0 {
		return lr
	}
	return lr * r.Gamma
}
