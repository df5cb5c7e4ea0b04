package train

import (
	"errors"

	"github.com/forgergan/forger/gan/train/progress"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
)

// Memory is what training takes, in bytes: on a GPU of its memory, on the CPU of the whole process.
type Memory struct {
	Weights    int `json:"weights"`    // parameters and buffers
	Gradients  int `json:"gradients"`  // one of each parameter
	Optimizers int `json:"optimizers"` // their state after a step
	Average    int `json:"average"`    // of the generators, where the options or the system want one
	Rest       int `json:"rest"`       // whatever the batch; on the CPU the program and LibTorch, too
	PerItem    int `json:"per_item"`   // more for each item of a batch

	Batches [2]int `json:"batches"` // that were measured; twice the smaller one where memory is not enough for the larger
}

// Of is the peak of a step with that batch.
func (m Memory) Of(batch int) int {
	return m.Weights + m.Gradients + m.Optimizers + m.Average + m.Rest + batch*m.PerItem
}

// fits is the largest batch that leaves a tenth of the room free; 0 if none does.
func (m Memory) fits(room int) int {
	return max(0, (room*9/10-m.Of(0))/max(m.PerItem, 1))
}

// measured are the batches of the two steps that are measured: 2 and at most 16 items, but as few as 1 and 2 where the run
// has so small batches, as of pictures of two million pixels.
func measured(batch int) (small, large int) {
	small = min(2, batch)
	return small, max(small+1, min(16, batch))
}

// Measure finds what training takes by steps on a small and on a larger batch of a set, whose peaks give a line. The
// sizes of weights, gradients, states and averages are exact, the peak of the CPU's memory is rough. What schedules count
// by passes over the data is taken to the end of the run first, since a system may let more of a network learn later. The
// run learns from these batches, so it is of no use afterwards.
func (r *Run) Measure() (m Memory, err error) {
	u := newUpdates(r.o)
	u.parts = 1 // a part is what is measured
	small, large := measured(r.o.Batch)
	passes := r.o.Steps * r.o.Batch / r.set.Len()
	set := data.At(r.set, passes)
	for _, s := range r.model.Parts().Schedules {
		for range passes {
			if s.Epochs {
				s.Scheduler.Step()
			}
		}
	}
	var peaks [3]int
	sizes := []int{small, small, large} // the first makes the optimisers' states
	for i, n := range sizes {
		r.resetPeak()
		err = try(func() (err error) {
			torch.Scope(func() {
				batches := make([]*data.Batch, r.batches())
				for k := range batches {
					if batches[k], err = data.ReadItems(set, k*n, n); err != nil {
						return
					}
				}
				b, _ := uploadAll(batches, r.o.Device)
				u.run(r.model, b)
			})
			return err
		})
		var memory *torch.OutOfMemory
		if i == len(sizes)-1 && errors.As(err, &memory) {
			large, peaks[i], err = small, peaks[i-1], nil // all that is measured counts for the items
			break
		}
		if err != nil {
			return m, err
		}
		peaks[i] = r.peak()
	}
	return m, try(func() error {
		r.count(&m)
		m.Batches = [2]int{small, large}
		if large > small {
			m.PerItem = max(0, (peaks[2]-peaks[1])/(large-small))
		} else {
			m.PerItem = max(0, peaks[1]-m.Of(0)) / small
		}
		m.Rest = max(0, peaks[1]-m.Of(small))
		return nil
	})
}

// count fills in what can be counted.
func (r *Run) count(m *Memory) {
	bytes := func(t *torch.Tensor) int { return t.Numel() * t.DType().Size() }
	p := r.model.Parts()
	for _, n := range p.Networks {
		for _, e := range nn.StateDict(n.Module) {
			m.Weights += bytes(e.Tensor)
			if !e.Buffer {
				m.Gradients += bytes(e.Tensor)
			}
		}
	}
	for _, o := range p.Optimizers {
		for _, t := range o.Optimizer.State().Tensors {
			m.Optimizers += bytes(t.Tensor)
		}
	}
	if r.average != nil {
		for _, t := range r.average.ema.Tensors() {
			m.Average += bytes(t)
		}
	}
}

// resetPeak lets peak count from now.
func (r *Run) resetPeak() {
	if r.o.Device.Type == torch.CPU {
		progress.ResetPeakRSS()
		return
	}
	torch.ResetPeakMemory(r.o.Device)
}

func (r *Run) peak() int {
	if r.o.Device.Type == torch.CPU {
		return int(progress.PeakRSS())
	}
	return torch.DeviceMemory(r.o.Device).PeakAllocated
}
