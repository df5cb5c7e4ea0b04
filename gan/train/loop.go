package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
)

// Interrupted is what Train returns when its context ended before the last step; everything is saved.
type Interrupted struct {
	Dir  string
	Step int
}

// Error says how to go on.
func (e *Interrupted) Error() string {
	return fmt.Sprintf("interrupted after step %d, saved; go on with: forger resume %s", e.Step, e.Dir)
}

// Train makes the steps that are left, writing the outputs that the package comment lists. When ctx
// ends it finishes the step, saves and returns *Interrupted. A loss that is not finite ends the run
// with an error; the checkpoints made before stay.
//
// The goroutine stays on one thread meanwhile: each thread that calls LibTorch gets worker threads of its own.
func (r *Run) Train(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if r.step == 0 {
		if err := try(r.sample); err != nil {
			return err
		}
	}
	for r.step < r.o.Steps {
		batch, err := r.loader.Next(ctx)
		if err != nil {
			if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
				return r.interrupt()
			}
			return err
		}
		if err := try(func() error { return r.makeStep(batch) }); err != nil {
			return err
		}
		if ctx.Err() != nil && r.step < r.o.Steps {
			return r.interrupt()
		}
	}
	return nil
}

func (r *Run) interrupt() error {
	if err := try(r.Save); err != nil {
		return err
	}
	if err := r.out.report(); err != nil {
		return err
	}
	return &Interrupted{r.dir, r.step}
}

// due reports whether something that happens every period steps happens after this one.
func (r *Run) due(period int) bool { return r.step%period == 0 || r.step == r.o.Steps }

// makeStep makes one step and what falls due after it. The scope frees all that the step made.
func (r *Run) makeStep(batch *data.Batch) (err error) {
	torch.Scope(func() {
		b := upload(batch, r.o.Device)
		epoch := r.loader.State().Epoch
		n := batch.Len()
		batch.Release()
		m := r.model.Step(b)
		r.step++
		r.images += n
		if !r.due(r.o.Log) && !r.due(r.o.Every) {
			r.out.update(nil, nil)
			return
		}
		err = r.record(epoch, m)
	})
	if err != nil {
		return err
	}
	if r.due(r.o.Sample) {
		if err := r.sample(); err != nil {
			return err
		}
	}
	if r.due(r.o.Every) {
		if err := r.Save(); err != nil {
			return err
		}
		return r.out.report()
	}
	return nil
}

// record reads a step's values, checks them and logs them.
func (r *Run) record(epoch int, m Metrics) error {
	losses, stats := read(m.Losses), read(m.Stats)
	var bad []string
	for _, v := range m.Losses {
		if x := losses[v.Name]; math.IsNaN(x) || math.IsInf(x, 0) {
			bad = append(bad, fmt.Sprintf("%s is %v", v.Name, x))
		}
	}
	if err := r.out.record(epoch, losses, stats); err != nil {
		return err
	}
	if bad != nil {
		return fmt.Errorf("%s: at step %d the loss %s; training stopped, checkpoints made before are kept: go on from one with a lower learning rate",
			r.model.System(), r.step, strings.Join(bad, " and "))
	}
	return nil
}

func read(values []Value) map[string]float64 {
	out := make(map[string]float64, len(values))
	for _, v := range values {
		out[v.Name] = v.Value.Item()
	}
	return out
}

// sample writes the grid of the fixed latents.
func (r *Run) sample() (err error) {
	torch.Scope(func() {
		x := r.model.Preview().ToDType(torch.Float32)
		err = r.out.grid(torch.Values[float32](x), x.Shape())
	})
	return err
}
