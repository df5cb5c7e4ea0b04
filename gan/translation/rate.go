package translation

import (
	"fmt"
	"math"

	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
)

// Rate says how learning rates go over the passes (epochs) of a training; the zero value keeps them.
type Rate struct {
	Policy string // "constant" if empty, "linear", "step" or "cosine"
	Full   int    // linear: passes at the full rate; cosine: those of half a period
	Decay  int    // linear: passes in which it falls to 0
	Every  int    // step: passes after which it is a tenth
}

// Schedule is the official schedule of an optimiser, a step of which belongs after each pass: train.Schedule with Epochs.
//
// As in the official program since July 2020, where the first step is taken before the first pass, pass e, from 1 on, has
// the factor of e steps: with the official 100 and 100 passes, linear is full up to pass 99 and 0 in pass 200; before, and
// where most published weights were trained, it was a pass behind. It panics with a *torch.Error on another policy, or
// one without its number of passes.
func (r Rate) Schedule(opt optim.Optimizer) *schedule.Schedule {
	var factor func(e float64) float64
	switch full, decay, every := float64(r.Full), float64(r.Decay), float64(r.Every); {
	case r.Policy == "" || r.Policy == "constant":
		factor = func(float64) float64 { return 1 }
	case r.Policy == "linear" && full >= 0 && decay >= 0:
		factor = func(e float64) float64 { return 1 - max(0, e+1-full)/(decay+1) }
	case r.Policy == "step" && every > 0:
		factor = func(e float64) float64 { return math.Pow(0.1, math.Floor(e/every)) }
	case r.Policy == "cosine" && full > 0:
		factor = func(e float64) float64 { return (1 + math.Cos(math.Pi*e/full)) / 2 }
	default:
		panic(misuse("Rate.Schedule", fmt.Sprintf("there are no learning rates by %+v", r)))
	}
	return schedule.NewLambdaLR(opt, func(passes int) float64 { return max(0, factor(float64(passes+1))) })
}
