package train

import (
	"context"
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Evaluator scores a model while it trains.
type Evaluator struct {
	Name   string // of its curve: "FD-MNISTCNN"
	Higher bool   // the higher the better; otherwise the lower

	// Evaluate scores the model, which has the averaged weights meanwhile, in the scope around the call and with the same
	// random numbers each time. protocol is the name of the score with all that its value depends on.
	Evaluate func(ctx context.Context, m Model) (score float64, protocol string, err error)
}

// better reports whether a score is better than another one.
func (e Evaluator) better(score, than float64) bool {
	if e.Higher {
		return score > than
	}
	return score < than
}

// Best is the best score of a run's first evaluator, of checkpoints/best.safetensors.
type Best struct {
	Name     string  `json:"name"`
	Protocol string  `json:"protocol"`
	Score    float64 `json:"score"`
	Step     int     `json:"step"`
}

// evaluate computes all scores, by protocol, and notes whether the first is the best so far. It leaves the run as it
// was, which is worth more than its scores: one that fails is a warning. A score that was begun is finished also when
// the user ends the run, so that the log of a resumed run has it.
func (r *Run) evaluate(ctx context.Context) (scores map[string]float64, best bool, err error) {
	torch.Scope(func() { err = r.checkFinite(r.state()) })
	if err != nil {
		return nil, false, err
	}
	scores = map[string]float64{}
	for i, e := range r.o.Evaluators {
		score, protocol, err := r.score(context.WithoutCancel(ctx), e)
		if err != nil {
			r.warn(fmt.Sprintf("training goes on without %s: %v", e.Name, err))
			continue
		}
		scores[protocol] = score
		if i == 0 && (r.best == nil || r.best.Protocol != protocol || e.better(score, r.best.Score)) {
			r.best, best = &Best{e.Name, protocol, score, r.step}, true
		}
	}
	return scores, best, nil
}

// score computes one score.
func (r *Run) score(ctx context.Context, e Evaluator) (score float64, protocol string, err error) {
	err = try(func() (err error) {
		torch.Scope(func() {
			defer r.undisturbed()()
			torch.ManualSeed(r.o.Seed)
			r.averaged(func() {
				if r.o.Standing > 0 {
					var train func()
					if train, err = Standing(r.model, r.o.Standing, r.o.Batch); err != nil {
						return
					}
					defer train()
				}
				score, protocol, err = e.Evaluate(ctx, r.model)
			})
		})
		return err
	})
	return score, protocol, err
}

// undisturbed notes what making pictures and scores may change, the buffers of the networks (batch norm's statistics) and the
// random streams, and returns the function that puts it back. So how often a run is looked at does not change it.
func (r *Run) undisturbed() (restore func()) {
	var undo []func()
	for _, n := range r.model.Parts().Networks {
		for _, e := range nn.StateDict(n.Module) {
			if e.Buffer {
				was := e.Tensor.Clone()
				undo = append(undo, func() { e.Tensor.CopyInPlace(was) })
			}
		}
	}
	for _, d := range r.devices() {
		g := torch.DefaultGenerator(d)
		was := g.State()
		undo = append(undo, func() { g.SetState(was) })
	}
	return func() {
		torch.NoGrad(func() {
			for _, f := range undo {
				f()
			}
		})
	}
}
