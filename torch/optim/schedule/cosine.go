package schedule

import (
	"fmt"
	"math"

	"github.com/forgergan/forger/torch/optim"
)

type cosineAnnealingLR struct {
	clock
	TMax   int     `json:"T_max"`
	EtaMin float64 `json:"eta_min"`
}

// NewCosineAnnealingLR lets the rate fall along half a cosine to etaMin in tMax steps, and rise again in as many
// (Loshchilov and Hutter 2017, without restarts). It computes the next rate from the present one.
func NewCosineAnnealingLR(opt optim.Optimizer, tMax int, etaMin float64) *Schedule {
	return newSchedule("CosineAnnealingLR", opt, &cosineAnnealingLR{TMax: tMax, EtaMin: etaMin})
}

func (r *cosineAnnealingLR) check([]*optim.Group) error {
	if r.TMax < 1 {
		return fmt.Errorf("%d steps", r.TMax)
	}
	return nil
}

func (r *cosineAnnealingLR) rate(i int, _ *optim.Group, lr float64) float64 {
	t, period := float64(r.LastEpoch), float64(r.TMax)
	switch {
	case r.LastEpoch == 0:
		return lr
	case (r.LastEpoch-1-r.TMax)%(2*r.TMax) == 0: // the present rate is etaMin: no factor leads away from it
		return lr + (r.BaseLRs[i]-r.EtaMin)*(1-math.Cos(math.Pi/period))/2
	}
	return (1+math.Cos(math.Pi*t/period))/(1+math.Cos(math.Pi*(t-1)/period))*(lr-r.EtaMin) + r.EtaMin
}

type cosineWarmRestarts struct {
	clock
	T0     int     `json:"T_0"`
	TI     float64 `json:"T_i"` // length of the present period
	TMult  int     `json:"T_mult"`
	EtaMin float64 `json:"eta_min"`
	TCur   float64 `json:"T_cur"` // steps in the present period
}

// NewCosineAnnealingWarmRestarts lets the rate fall along half a cosine to etaMin in t0 steps, then restarts from the
// initial rate with a period tMult (1 in PyTorch) times as long, and so on (Loshchilov and Hutter 2017).
func NewCosineAnnealingWarmRestarts(opt optim.Optimizer, t0, tMult int, etaMin float64) *Schedule {
	return newSchedule("CosineAnnealingWarmRestarts", opt, &cosineWarmRestarts{T0: t0, TMult: tMult, EtaMin: etaMin})
}

func (r *cosineWarmRestarts) check([]*optim.Group) error {
	if r.T0 < 1 || r.TMult < 1 {
		return fmt.Errorf("a period of %d steps, multiplied by %d", r.T0, r.TMult)
	}
	return nil
}

func (r *cosineWarmRestarts) rate(i int, _ *optim.Group, _ float64) float64 {
	r.TCur, r.TI = float64(r.LastEpoch), float64(r.T0)
	if r.TMult == 1 {
		r.TCur = math.Mod(r.TCur, r.TI)
	}
	for r.TCur >= r.TI {
		r.TCur -= r.TI
		r.TI *= float64(r.TMult)
	}
	r.StepCount = 0 // PyTorch's does not count
	return r.EtaMin + (r.BaseLRs[i]-r.EtaMin)*(1+math.Cos(math.Pi*r.TCur/r.TI))/2
}
