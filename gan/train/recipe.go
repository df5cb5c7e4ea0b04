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
//	checkpoints/           000100.safetensors …, latest.safetensors
//	report.html            curves and grids in one file
//
// A checkpoint holds everything that the next step depends on. On the CPU a run that was killed and
// resumed ends with the same bits as one that was not.
package train

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
)

// Model is a system in training: networks, optimisers and the rule of one update.
type Model interface {
	// System is the name in the zoo: "dcgan".
	System() string
	// Config points to the settings, with every default filled in; see package config.
	Config() any
	// Parts lists what learns or remembers.
	Parts() Parts
	// Step makes one update of everything from one batch. It runs inside a scope.
	Step(b *Batch) Metrics
	// Preview makes the pictures of the sample grid, (N, C, H, W) in [−1, 1], always from the same latents.
	Preview() *torch.Tensor
	// Sample makes n new pictures (n, C, H, W) in [−1, 1].
	Sample(n int) *torch.Tensor
}

// Parts is what a model is made of. Names are unique within their list.
type Parts struct {
	Networks   []Network
	Optimizers []Optimizer
	Tensors    []nn.Entry // what else it remembers: fixed latents, pools
}

// Network is a named module.
type Network struct {
	Name   string
	Module any
}

// Optimizer is a named optimiser.
type Optimizer struct {
	Name      string
	Optimizer optim.Optimizer
}

// Metrics is what a step tells. The values are scalars on the device; they are read only when logged.
type Metrics struct {
	Losses []Value
	Stats  []Value // D(real) and the like
}

// Value is a named scalar.
type Value struct {
	Name  string
	Value *torch.Tensor
}

// Batch is a batch of the data set on the device.
type Batch struct {
	Len     int
	tensors map[string]*torch.Tensor
}

// Tensor is the named field of the batch, (Len, …), or nil.
func (b *Batch) Tensor(name string) *torch.Tensor { return b.tensors[name] }

// Images is the field "image", (Len, C, H, W) in [−1, 1].
func (b *Batch) Images() *torch.Tensor { return b.tensors["image"] }

// Labels is the field "label", (Len) int64, or nil.
func (b *Batch) Labels() *torch.Tensor { return b.tensors["label"] }

// upload copies a loader's batch to the device, in the scope around the call.
func upload(b *data.Batch, device torch.Device) *Batch {
	out := &Batch{Len: b.Len(), tensors: map[string]*torch.Tensor{}}
	for _, a := range b.Arrays {
		var t *torch.Tensor
		if a.Int64 != nil {
			t = torch.FromSlice(a.Int64, a.Shape...)
		} else {
			t = torch.FromSlice(a.Float32, a.Shape...)
		}
		if device.Type == torch.CUDA {
			t = t.PinMemory().To(torch.ToOptions{Device: &device, NonBlocking: true})
		}
		out.tensors[a.Name] = t
	}
	return out
}

// NewBatch makes a batch of tensors, for a step outside the trainer.
func NewBatch(tensors map[string]*torch.Tensor) *Batch {
	b := &Batch{tensors: tensors}
	for _, t := range tensors {
		b.Len = t.Size(0)
	}
	return b
}
