package train

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/forgergan/forger/torch"
)

// A divergence is the error of numbers that are no longer finite, which going back may mend.
type divergence struct{ error }

func (d divergence) Unwrap() error { return d.error }

// lives is how often a run goes back to one checkpoint.
const lives = 3

// rollBack takes the run back to its last checkpoint, if there is one and the lives are not used up. The data go on
// behind the batch that led astray, and the random numbers are others: the same ones would lead there again. Whatever
// depends on the step, the seed and the number of the life alone, so that a killed run does the same when it is resumed.
func (r *Run) rollBack(cause error) error {
	const advice = "start another run with a lower learning rate or another seed"
	switch {
	case !r.saved():
		return fmt.Errorf("%w, and there is no checkpoint to go back to: %s", cause, advice)
	case r.fell == lives:
		return fmt.Errorf("%w, the fourth time after the last checkpoint, which is kept: %s", cause, advice)
	}
	r.fell++
	at, place := r.step, r.loader.State()
	r.updates = newUpdates(r.o) // whose scaler may be in the middle of a step
	if err := r.restore(); err != nil {
		return errors.Join(cause, err)
	}
	if err := r.loader.Restore(place); err != nil {
		return err
	}
	torch.ManualSeed(r.o.Seed + int64(at)<<8 + int64(r.fell))
	fmt.Fprintf(r.out.bar, "%v\ngoing back from step %d to the checkpoint of step %d, on with other batches and random numbers (%d of %d)\n",
		cause, at, r.step, r.fell, lives)
	r.out.close()
	var err error
	r.out, err = openOutputs(r)
	return err
}

// guarded makes the model's part of a step. A panic that is no tensor operation's, a mistake in the recipe, becomes an
// error, with its stack in panic.txt.
func (r *Run) guarded(b *Batch) (m Metrics, err error) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *torch.Error, *torch.OutOfMemory:
			panic(e)
		default:
			err = r.panicked(e, debug.Stack())
		}
	}()
	return r.updates.run(r.model, b), nil
}

func (r *Run) panicked(value any, stack []byte) error {
	path := filepath.Join(r.dir, "panic.txt")
	text := fmt.Appendf(nil, "%s, step %d: %v\n\n%s", r.model.System(), r.step+1, value, stack)
	if err := os.WriteFile(path, text, 0o666); err != nil {
		return fmt.Errorf("%s: step %d panicked: %v (and its stack cannot be written: %v)", r.model.System(), r.step+1, value, err)
	}
	return fmt.Errorf("%s: step %d panicked: %v; the stack is in %s", r.model.System(), r.step+1, value, path)
}

// tooLarge says which batch would fit where one did not.
func (r *Run) tooLarge(step int, cause *torch.OutOfMemory) error {
	advice := "take a smaller --batch or --accumulate 2"
	if r.o.Batch == 1 {
		advice = "take smaller pictures or networks, or --amp bf16"
	}
	if m, err := r.Measure(); err == nil {
		d := torch.DeviceMemory(r.o.Device)
		if n := m.fits(d.Free + d.Reserved); n > 0 && n < r.o.Batch/r.updates.parts {
			advice = fmt.Sprintf("about --batch %d fits, or this one with --accumulate %d", n, (r.o.Batch+n-1)/n)
		}
	}
	return fmt.Errorf("%s: step %d: %s has no room for a batch of %d (%s); %s", r.model.System(), step, r.o.Device, r.o.Batch, cause.Msg, advice)
}

// watch tells when a run goes on without getting anywhere. It forgets with the process.
type watch struct {
	won       int // records in a row in which D was sure
	collapsed bool
}

const (
	sure       = 0.99 // what D(real), and 1 − D(fake), are above where D has won
	wonFor     = 50   // records
	sameWithin = 0.01 // the mean distance of pixels in [−1, 1] below which pictures look the same
	sameFor    = 100  // steps in which they may be, for many a network begins so
)

// discriminator warns of a D that has been sure for long, by the statistics D(real) and D(fake). Where they are scores
// and no probabilities they say nothing.
func (w *watch) discriminator(stats map[string]float64) string {
	real, a := stats["D(real)"]
	fake, b := stats["D(fake)"]
	if !a || !b || real > 1 || fake < 0 || real <= sure || fake >= 1-sure {
		w.won = 0
		return ""
	}
	if w.won++; w.won != wonFor {
		return ""
	}
	return fmt.Sprintf("D tells all pictures apart (D(real) %.3f, D(fake) %.3f for %d records), so G learns little: "+
		"a smaller D or learning rate of D, a penalty, label noise or augmentation may help", real, fake, wonFor)
}

// grid warns of pictures (N, C, H, W) after a step that are nearly the same.
func (w *watch) grid(step int, x *torch.Tensor) string {
	if step < sameFor || x.Size(0) < 2 {
		return ""
	}
	// The mean squared distance of two pixels of different pictures is twice their variance.
	apart := x.Var(torch.VarOptions{Dim: []int{0}}).Mean().MulScalar(2).Sqrt().Item()
	was := w.collapsed
	w.collapsed = apart < sameWithin
	if !w.collapsed || was {
		return ""
	}
	return fmt.Sprintf("the pictures of the grid are nearly the same, %.4f apart: G has collapsed; another seed, "+
		"a lower learning rate or an earlier checkpoint may help", apart)
}

// warn shows a warning, if there is one, between the lines of the progress.
func (r *Run) warn(text string) {
	if text != "" {
		fmt.Fprintf(r.out.bar, "step %d: %s\n", r.step, text)
	}
}
