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
	"github.com/forgergan/forger/torch/nn"
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

// diverged ends the message of a run that went astray.
const diverged = "; the checkpoints made before are kept: start another run with a lower learning rate or another seed"

// Train makes the steps that are left, writing the outputs that the package comment lists. When ctx
// ends it finishes the step, saves and returns *Interrupted. A loss that is not finite ends the run
// with an error, as does a tensor operation that fails in a step; the checkpoints made before stay. One
// is made where an item of the data cannot be read.
//
// The goroutine stays on one thread meanwhile: each thread that calls LibTorch gets worker threads of its own.
func (r *Run) Train(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if r.step == r.o.Steps {
		r.out.report() // the program may have been killed between the last checkpoint and the report
		return nil
	}
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
			return r.dataFailed(err)
		}
		next := r.step + 1
		if e := torch.Try(func() { err = r.makeStep(batch) }); e != nil {
			err = r.explain(next, e)
		}
		if err != nil {
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
	r.out.report()
	return &Interrupted{r.dir, r.step}
}

// dataFailed saves where an item cannot be read: nothing is wrong with the run, and the item may be one of the last.
func (r *Run) dataFailed(cause error) error {
	if err := try(r.Save); err != nil {
		return cause
	}
	r.out.report()
	return fmt.Errorf("%w; saved after step %d: mend the data, then go on with: forger resume %s", cause, r.step, r.dir)
}

// explain says in which step an operation failed, and why where that is because numbers stopped being finite: some
// losses refuse them, and their message alone would puzzle.
func (r *Run) explain(step int, cause error) error {
	var name string
	torch.Try(func() { // a device that has failed may refuse this too
		torch.Scope(func() { name = notFinite(r.state()) })
	})
	if name != "" {
		return fmt.Errorf("%s: at step %d %s holds numbers that are not finite (%w)%s", r.model.System(), step, name, cause, diverged)
	}
	return fmt.Errorf("%s: step %d: %w", r.model.System(), step, cause)
}

// due reports whether something that happens every period steps happens after this one.
func (r *Run) due(period int) bool { return r.step%period == 0 || r.step == r.o.Steps }

// makeStep makes one step and what falls due after it. The scope frees all that the step made.
func (r *Run) makeStep(batch *data.Batch) (err error) {
	torch.Scope(func() {
		b := upload(batch, r.o.Device)
		n := batch.Len()
		batch.Release()
		m := r.model.Step(b)
		r.step++
		r.images += n
		if !r.due(r.o.Log) && !r.due(r.o.Every) && !r.due(r.o.Sample) {
			r.out.update(nil, nil)
			return
		}
		err = r.record(m)
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
		r.out.report()
	}
	return nil
}

// record reads a step's values, checks them and logs them.
func (r *Run) record(m Metrics) error {
	losses, stats := read(m.Losses), read(m.Stats)
	var bad []string
	for _, v := range m.Losses {
		if x := losses[v.Name]; math.IsNaN(x) || math.IsInf(x, 0) {
			bad = append(bad, fmt.Sprintf("%s is %v", v.Name, x))
		}
	}
	if err := r.out.record(losses, stats); err != nil {
		return err
	}
	if bad != nil {
		return fmt.Errorf("%s: at step %d the loss %s%s", r.model.System(), r.step, strings.Join(bad, " and "), diverged)
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
		defer r.undisturbed()()
		x := r.model.Preview().ToDType(torch.Float32)
		err = r.out.grid(torch.Values[float32](x), x.Shape())
	})
	return err
}

// undisturbed notes what making pictures may change, the buffers of the networks (batch norm's statistics) and the
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
