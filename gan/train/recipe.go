// Package train runs the training of any system of the zoo: the loop, the run folder, checkpoints
// with exact resume, logs, sample grids and the report.
//
// A system supplies a Model. The trainer knows nothing else of it: what the model declares in Parts
// decides what is saved, restored and shown.
//
//	run, err := train.Open("runs/digits", model, digits, train.Options{Steps: 3000, Batch: 64, Seed: 1})
//	if err != nil {
//		return err
//	}
//	defer run.Close()
//	return run.Train(ctx) // ends early, saved, when ctx does; Open and Train again to go on
//
// # A run on disk
//
//	config.json            what is trained, on what, how
//	log.jsonl              losses and speed, a line a record
//	events.out.tfevents.*  the same for TensorBoard, and the grids
//	samples/000100.png     pictures from fixed latents
//	checkpoints/           000100.safetensors …, latest.safetensors, best.safetensors where scores are computed
//	report.html            curves and grids in one file
//	panic.txt              only after a mistake in a recipe: the stack
//
// A checkpoint holds everything that the next step depends on: networks, averages, optimisers, schedules, gradient
// scaler, random streams, place in the data, best score. On the CPU a run that was killed and resumed ends with the same
// bits as one that was not, however often it was sampled, scored, logged and saved.
//
// # What a recipe leaves to the trainer
//
// A Step that goes backward and updates through its Batch has mixed precision, gradient accumulation and clipping for
// nothing:
//
//	func (m *Model) Step(b *train.Batch) (out train.Metrics) {
//		m.optD.ZeroGrad()
//		for _, part := range b.Parts() { // one, the batch itself, unless Options.Accumulate says otherwise
//			loss := m.lossD(part.Images())
//			part.Backward(loss)
//			out.Losses = append(out.Losses, train.Value{Name: "D", Value: loss})
//		}
//		b.Step(m.optD)
//		…
//
// With Options.AMP the whole Step runs in torch.Autocast; Backward and Step leave it, and so does Batch.Float32, for
// penalties. An option that needs one of these methods is refused for a Step that does without.
//
// # When things go wrong
//
// Numbers that stop being finite take the run back to its last checkpoint, from where it goes on with other batches and
// other random numbers, at most three times from one checkpoint. A discriminator that has won for long and a grid of
// equal pictures are warnings. A panic in a recipe, memory that is not enough, data that cannot be read or a full disk
// end the run with one sentence; the last checkpoint stays whole.
package train

import (
	"slices"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
)

// Model is a system in training: networks, optimisers and the rule of one update.
type Model interface {
	// System is the name in the zoo: "dcgan".
	System() string
	// Config points to the settings, with every default filled in; see package config.
	Config() any
	// Parts lists what learns or remembers.
	Parts() Parts
	// Step makes one update of everything, from one batch or as many as Parts.Batches asks for. It runs inside a scope.
	Step(b *Batch) Metrics
	// Preview makes the pictures of the sample grid, (N, C, H, W) in [−1, 1], always from the same latents or items. It works
	// with the generators in evaluation mode, where standing statistics put them, as well as in training mode.
	Preview() *torch.Tensor
}

// Parts is what a model is made of. Names are unique within their list.
type Parts struct {
	Networks   []Network
	Optimizers []Optimizer
	Schedules  []Schedule
	Tensors    []nn.Entry // what else it remembers: fixed latents, pools

	// Batches is how many batches of the data the step after so many steps takes, where D learns more often than G; see
	// Batch.All. Nil is one in each step.
	Batches func(step int) int

	// Unlabelled says that Step knows the label −1, of items whose label was taken away. Without it such data are refused.
	Unlabelled bool

	// Average is the decay of the moving average of the generators' weights that the system samples with by its paper;
	// nil for none. Options.EMA goes before it.
	Average optim.Decay
}

// Network is a named module.
type Network struct {
	Name      string
	Module    any
	Generator bool    // Preview and Sample use it, so it is what averages and standing statistics are of
	Inputs    [][]int // shapes that Forward takes, of a batch of 2, for the summary of its layers; may be nil
	Optional  bool    // a file of Init may lack it: it begins afresh then
}

// Optimizer is a named optimiser.
type Optimizer struct {
	Name      string
	Optimizer optim.Optimizer
}

// Schedule is a named schedule of learning rates, of which the trainer takes a step after each Step of the model, or
// after each pass over the data.
type Schedule struct {
	Name      string
	Scheduler schedule.Scheduler
	Epochs    bool
}

// Metrics is what a step tells. The values are scalars on the device; they are read only when logged. Those of one name,
// as of the parts of a batch, are averaged.
type Metrics struct {
	Losses []Value
	Stats  []Value // D(real) and the like
}

// Keep saves the values for the scope around, and returns them: for a step that runs each of its updates in a scope.
func (m Metrics) Keep() Metrics {
	for _, v := range slices.Concat(m.Losses, m.Stats) {
		v.Value.Keep()
	}
	return m
}

// Value is a named scalar.
type Value struct {
	Name  string
	Value *torch.Tensor
}
