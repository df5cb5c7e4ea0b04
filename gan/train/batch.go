package train

import (
	"fmt"
	"iter"
	"maps"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/amp"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
)

// Batch is a batch of the data set on the device, and the way from losses to updates.
type Batch struct {
	Len     int
	More    []*Batch // the further batches of this step where Parts.Batches asks for several
	tensors map[string]*torch.Tensor
	weight  float64  // of a part's losses, 1 for a whole batch
	update  *updates // nil outside the trainer
}

// All lists the batches of the step: b itself, then More.
func (b *Batch) All() []*Batch { return append([]*Batch{b}, b.More...) }

// Tensor is the named field of the batch, (Len, …), or nil.
func (b *Batch) Tensor(name string) *torch.Tensor { return b.tensors[name] }

// Images is the field "image", (Len, C, H, W) in [−1, 1].
func (b *Batch) Images() *torch.Tensor { return b.tensors["image"] }

// Labels is the field "label", (Len) int64, or nil.
func (b *Batch) Labels() *torch.Tensor { return b.tensors["label"] }

// NewBatch makes a batch of tensors, for a step outside the trainer.
func NewBatch(tensors map[string]*torch.Tensor) *Batch {
	b := &Batch{tensors: tensors, weight: 1}
	for _, t := range tensors {
		b.Len = t.Size(0)
	}
	return b
}

// Upload copies the fields of n items to the device, as a batch.
func Upload(arrays []data.Array, n int, device torch.Device) *Batch {
	return upload(&data.Batch{Arrays: arrays, Items: make([]int, n)}, device)
}

// upload copies a loader's batch to the device, in the scope around the call.
func upload(b *data.Batch, device torch.Device) *Batch {
	out := &Batch{Len: b.Len(), tensors: map[string]*torch.Tensor{}, weight: 1}
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

// Items are n items of a set as data.ReadItems reads them, on the device.
func Items(set data.Dataset, first, n int, device torch.Device) (*Batch, error) {
	b, err := data.ReadItems(set, first, n)
	if err != nil {
		return nil, err
	}
	return upload(b, device), nil
}

// uploadAll copies the batches of a step to the device and gives their memory back. The first holds the others.
func uploadAll(batches []*data.Batch, device torch.Device) (first *Batch, items int) {
	for _, batch := range batches {
		b := upload(batch, device)
		items += b.Len
		batch.Release()
		if first == nil {
			first = b
		} else {
			first.More = append(first.More, b)
		}
	}
	return first, items
}

// updates is the trainer's hand in a model's updates. It is nil where no option asks for one.
type updates struct {
	device torch.Device
	half   torch.DType     // of Autocast; DefaultDType without
	scaler *amp.GradScaler // in float16
	parts  int
	clip   float64 // 0 for none

	split, backward, stepped bool // which methods the model has used
	open                     bool // the scaler has seen a Step since its Update
}

// newUpdates makes what the options ask for.
func newUpdates(o Options) *updates {
	u := &updates{device: o.Device, parts: max(o.Accumulate, 1), clip: o.Clip}
	switch o.AMP {
	case "bf16":
		u.half = torch.BFloat16
	case "fp16":
		u.half, u.scaler = torch.Float16, amp.NewGradScaler(amp.GradScalerOptions{})
	}
	return u
}

// run makes one step of a model.
func (u *updates) run(model Model, b *Batch) (m Metrics) {
	for _, b := range b.All() {
		b.update = u
	}
	if u.half == torch.DefaultDType {
		return model.Step(b)
	}
	// Without the cache, which would go on giving the weights of before an update inside the step.
	o := torch.AutocastOptions{Device: u.device.Type, DType: u.half, NoCache: true}
	torch.Autocast(o, func() { m = model.Step(b) })
	u.endPhase()
	return m
}

// endPhase lets the scaler learn from the updates made.
func (u *updates) endPhase() {
	if u.open {
		u.scaler.Update()
		u.open = false
	}
}

// ignored is the error of an option that the model's Step gives no room to.
func (u *updates) ignored(system string) error {
	refuse := func(flag, method string) error {
		return fmt.Errorf("--%s is not for %s, whose Step does not use the trainer's %s", flag, system, method)
	}
	switch {
	case u.parts > 1 && !u.split:
		return refuse("accumulate", "Batch.Parts")
	case u.scaler != nil && !(u.backward && u.stepped):
		return refuse("amp fp16", "Batch.Backward and Batch.Step")
	case u.clip > 0 && !u.stepped:
		return refuse("clip", "Batch.Step")
	}
	return nil
}

// full runs f outside Autocast.
func (b *Batch) full(f func()) {
	if b.update == nil || b.update.half == torch.DefaultDType {
		f()
		return
	}
	torch.Autocast(torch.AutocastOptions{Device: b.update.device.Type, Off: true}, f)
}

// Float32 runs f without mixed precision, for what loses too much in it, as gradient penalties do.
func (b *Batch) Float32(f func()) { b.full(f) }

// Parts are what the batch is passed through the networks in, one after the other, so that their memory is a part's: as
// many as Options.Accumulate says, and the batch itself without it. Losses of parts count by their length, so gradients
// add up to those of the whole batch; batch norm sees a part at a time.
func (b *Batch) Parts() iter.Seq2[int, *Batch] {
	return func(yield func(int, *Batch) bool) {
		if b.update == nil || b.update.parts == 1 {
			yield(0, b)
			return
		}
		b.update.split = true
		n := min(b.update.parts, b.Len)
		for i := range n {
			from, to := i*b.Len/n, (i+1)*b.Len/n
			part := &Batch{Len: to - from, tensors: maps.Clone(b.tensors), weight: float64(to-from) / float64(b.Len), update: b.update}
			for name, t := range part.tensors {
				part.tensors[name] = t.Narrow(0, from, to-from)
			}
			if !yield(i, part) {
				return
			}
		}
	}
}

// Backward is loss.Backward in float32, with the weight of a part and the scale that float16 needs.
func (b *Batch) Backward(loss *torch.Tensor, o ...torch.BackwardOptions) {
	b.full(func() {
		if u := b.update; u != nil {
			u.backward = true
			u.endPhase()
		}
		if b.weight != 1 {
			loss = loss.MulScalar(b.weight)
		}
		if b.update != nil && b.update.scaler != nil {
			loss = b.update.scaler.Scale(loss)
		}
		loss.Backward(o...)
	})
}

// Step is opt.Step, after taking out the scale of float16 and limiting the norm of the gradients where the options say
// so. In float16 an update is left out whose gradients have overflowed.
func (b *Batch) Step(opt optim.Optimizer) {
	u := b.update
	if u == nil {
		opt.Step()
		return
	}
	u.stepped = true
	b.full(func() {
		if u.scaler != nil {
			u.scaler.Unscale(opt)
		}
		if u.clip > 0 {
			nn.ClipGradNorm(opt.Params(), u.clip)
		}
		if u.scaler == nil {
			opt.Step()
			return
		}
		u.scaler.Step(opt)
		u.open = true
	})
}
