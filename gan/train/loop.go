package train

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"syscall"

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
// ends it finishes the step, saves and returns *Interrupted. Numbers that are not finite take the run back to its last
// checkpoint; without one they end it with an error, as does a tensor operation that fails in a step. The checkpoints
// made before stay. One is made where an item of the data cannot be read.
//
// The goroutine stays on one thread meanwhile: each thread that calls LibTorch gets worker threads of its own.
func (r *Run) Train(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	torch.SetThreads(r.o.Threads) // a thread that ran an operator before Open keeps the number of then
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
		passes := r.passes()
		batches, err := r.next(ctx)
		if err != nil {
			if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
				return r.interrupt()
			}
			return r.dataFailed(err)
		}
		next := r.step + 1
		if e := torch.Try(func() { err = r.makeStep(ctx, batches, passes) }); e != nil {
			err = r.explain(next, e)
		}
		var lost divergence
		if errors.As(err, &lost) {
			err = r.rollBack(err)
		}
		if errors.Is(err, syscall.ENOSPC) && r.saved() {
			err = fmt.Errorf("%w; once there is room, go on from the last checkpoint with: forger resume %s", err, r.dir)
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

// batches is how many batches the next step takes.
func (r *Run) batches() int {
	if f := r.model.Parts().Batches; f != nil {
		return f(r.step)
	}
	return 1
}

// next fetches the batches of a step. Where one of them fails the loader goes back to the first.
func (r *Run) next(ctx context.Context) ([]*data.Batch, error) {
	count := r.batches()
	first := r.loader.State()
	batches := make([]*data.Batch, 0, count)
	for range count {
		b, err := r.loader.Next(ctx)
		if err != nil {
			if len(batches) > 0 {
				err = errors.Join(err, r.loader.Restore(first))
			}
			return nil, err
		}
		batches = append(batches, b)
	}
	return batches, nil
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
	var memory *torch.OutOfMemory
	if errors.As(cause, &memory) {
		return r.tooLarge(step, memory)
	}
	var name string
	torch.Try(func() { // a device that has failed may refuse this too
		torch.Scope(func() { name = notFinite(r.state()) })
	})
	if name != "" {
		return divergence{fmt.Errorf("%s: at step %d %s holds numbers that are not finite (%w)", r.model.System(), step, name, cause)}
	}
	return fmt.Errorf("%s: step %d: %w", r.model.System(), step, cause)
}

// due reports whether something that happens every period steps happens after that step.
func (r *Run) due(step, period int) bool { return step%period == 0 || step == r.o.Steps }

// passes counts the passes over the data that are over, as one is when what is left is no whole batch.
func (r *Run) passes() int {
	at := r.loader.State()
	if at.Position+r.o.Batch > r.set.Len() {
		return at.Epoch + 1
	}
	return at.Epoch
}

// makeStep makes one step and what falls due after it. The scope frees all that the step made.
func (r *Run) makeStep(ctx context.Context, batches []*data.Batch, passes int) (err error) {
	score := r.o.EvalEvery > 0 && len(r.o.Evaluators) > 0 && r.due(r.step+1, r.o.EvalEvery)
	grid, save := r.due(r.step+1, r.o.Sample), r.due(r.step+1, r.o.Every)
	note := score || grid || save || r.due(r.step+1, r.o.Log)
	var losses, stats map[string]float64
	torch.Scope(func() {
		b, images := uploadAll(batches, r.o.Device)
		var m Metrics
		if m, err = r.guarded(b); err != nil {
			return
		}
		r.advance(images, r.passes() > passes)
		if note {
			losses, stats = read(m.Losses), read(m.Stats)
		}
	})
	if err == nil {
		err = r.updates.ignored(r.model.System())
	}
	if err != nil {
		return err
	}
	if !note {
		r.out.update(nil, nil)
		return nil
	}
	if err := r.finite(losses); err != nil {
		return err
	}
	var scores map[string]float64
	if score {
		var best bool
		if scores, best, err = r.evaluate(ctx); err != nil {
			return err
		}
		save = save || best
	}
	if err := r.record(losses, stats, scores); err != nil {
		return err
	}
	if grid {
		if err := r.sample(); err != nil {
			return err
		}
	}
	if save {
		if err := r.Save(); err != nil {
			return err
		}
		r.out.report()
	}
	return nil
}

// advance counts a step, and lets what follows the weights and the steps do so.
func (r *Run) advance(images int, newEpoch bool) {
	r.step++
	r.images += images
	for _, s := range r.model.Parts().Schedules {
		if !s.Epochs || newEpoch {
			s.Scheduler.Step()
		}
	}
	if r.average != nil {
		r.average.ema.Update()
	}
}

// finite is the error of losses that are not.
func (r *Run) finite(losses map[string]float64) error {
	var bad []string
	for _, name := range slices.Sorted(maps.Keys(losses)) {
		if x := losses[name]; math.IsNaN(x) || math.IsInf(x, 0) {
			bad = append(bad, fmt.Sprintf("%s is %v", name, x))
		}
	}
	if bad == nil {
		return nil
	}
	return divergence{fmt.Errorf("%s: at step %d the loss %s", r.model.System(), r.step, strings.Join(bad, " and "))}
}

// record logs the values of a step, with learning rates where they change and the scale of float16, and warns of what
// they tell.
func (r *Run) record(losses, stats, scores map[string]float64) error {
	r.warn(r.watch.discriminator(stats))
	p := r.model.Parts()
	if p.Schedules != nil {
		for _, o := range p.Optimizers {
			stats["lr/"+o.Name] = o.Optimizer.Groups()[0].LR
		}
	}
	if r.updates.scaler != nil {
		stats["scale"] = r.updates.scaler.GetScale()
	}
	return r.out.record(losses, stats, scores)
}

// read is the mean of the values of each name.
func read(values []Value) map[string]float64 {
	out, count := map[string]float64{}, map[string]float64{}
	for _, v := range values {
		out[v.Name] += v.Value.Item()
		count[v.Name]++
	}
	for name := range out {
		out[name] /= count[name]
	}
	return out
}

// columns is the number of pictures in a row of the grid, 0 for the usual one.
func (r *Run) columns() int {
	if m, ok := r.model.(Arranged); ok {
		return m.Columns()
	}
	return 0
}

// sample writes the grid of the fixed latents, made by the averaged weights where there are some.
func (r *Run) sample() (err error) {
	torch.Scope(func() {
		defer r.undisturbed()()
		var x *torch.Tensor
		r.averaged(func() { x = r.model.Preview().ToDType(torch.Float32) })
		r.warn(r.watch.grid(r.step, x))
		err = r.out.grid(torch.Values[float32](x), x.Shape())
	})
	return err
}
