package train

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
)

// position is what a checkpoint says beside its tensors, under the metadata key forger.run.
type position struct {
	Settings
	Step       int                        `json:"step"`
	Images     int                        `json:"images"`
	Seconds    float64                    `json:"seconds"`
	DataState  data.State                 `json:"data_state"`
	Optimizers map[string]json.RawMessage `json:"optimizers"`          // PyTorch's param_groups
	Schedules  map[string]json.RawMessage `json:"schedules,omitempty"` // PyTorch's state_dict
	Scaler     json.RawMessage            `json:"scaler,omitempty"`    // PyTorch's state_dict
	Updates    int                        `json:"ema_updates,omitempty"`
	Best       *Best                      `json:"best,omitempty"`
}

const (
	checkpointEnding = ".safetensors"

	metadataKey = "forger.run"
	latestName  = "latest" + checkpointEnding
	bestName    = "best" + checkpointEnding
	optimPrefix = "optimizer."
	rngPrefix   = "rng."
)

// Save writes a checkpoint: checkpoints/<step>.safetensors and, as another name of the same file,
// checkpoints/latest.safetensors, and best.safetensors where the step has the best score so far. It refuses to save a
// number that is not finite.
func (r *Run) Save() (err error) {
	var tensors []checkpoint.Tensor
	var p position
	torch.Scope(func() {
		state := r.state()
		if err = r.checkFinite(state); err != nil {
			return
		}
		tensors, p = checkpoint.FromState(state), r.position()
	})
	if err != nil {
		return err
	}
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := r.out.sync(); err != nil {
		return err
	}
	path := r.checkpoint()
	if err := checkpoint.Save(path, tensors, map[string]string{metadataKey: string(text)}); err != nil {
		return err
	}
	if r.best != nil && r.best.Step == r.step { // first: a run killed between the two comes to this step again
		if err := alias(path, filepath.Join(r.checkpoints(), bestName)); err != nil {
			return err
		}
	}
	if err := alias(path, filepath.Join(r.checkpoints(), latestName)); err != nil {
		return err
	}
	r.fell = 0
	return r.prune()
}

// position is what the checkpoint of the present step says beside its tensors.
func (r *Run) position() position {
	p := position{
		Settings: r.settings(), Step: r.step, Images: r.images, Seconds: r.elapsed(), DataState: r.loader.State(),
		Optimizers: map[string]json.RawMessage{}, Schedules: map[string]json.RawMessage{}, Best: r.best,
	}
	parts := r.model.Parts()
	for _, o := range parts.Optimizers {
		p.Optimizers[o.Name] = o.Optimizer.State().Groups
	}
	for _, s := range parts.Schedules {
		p.Schedules[s.Name] = s.Scheduler.State()
	}
	if r.updates.scaler != nil {
		p.Scaler = r.updates.scaler.State()
	}
	if r.average != nil {
		p.Updates = r.average.ema.Updates()
	}
	return p
}

// checkpoint is the file of the present step.
func (r *Run) checkpoint() string {
	return filepath.Join(r.checkpoints(), fmt.Sprintf("%06d", r.step)+checkpointEnding)
}

func (r *Run) elapsed() float64 { return r.seconds + time.Since(r.started).Seconds() }

// state lists every tensor that the next step depends on.
func (r *Run) state() []nn.Entry {
	p := r.model.Parts()
	var out []nn.Entry
	for _, n := range p.Networks {
		for _, e := range nn.StateDict(n.Module) {
			e.Name = n.Name + "." + e.Name
			out = append(out, e)
		}
	}
	out = append(out, p.Tensors...)
	for _, o := range p.Optimizers {
		for _, t := range o.Optimizer.State().Tensors {
			out = append(out, nn.Entry{Name: optimPrefix + o.Name + "." + t.Name, Tensor: t.Tensor})
		}
	}
	if r.average != nil {
		out = append(out, r.average.state()...)
	}
	for _, d := range r.devices() {
		out = append(out, nn.Entry{Name: rngPrefix + d.String(), Tensor: torch.FromSlice(torch.DefaultGenerator(d).State())})
	}
	return out
}

// devices are those whose random streams the run draws from.
func (r *Run) devices() []torch.Device {
	if r.o.Device.Type == torch.CPU {
		return []torch.Device{{}}
	}
	return []torch.Device{{}, r.o.Device}
}

// checkFinite is the error of a state that holds numbers that are not.
func (r *Run) checkFinite(state []nn.Entry) error {
	if name := notFinite(state); name != "" {
		return divergence{fmt.Errorf("%s: after step %d %s holds numbers that are not finite", r.model.System(), r.step, name)}
	}
	return nil
}

// notFinite is the name of the first tensor that holds NaN or an infinity, "" if none does.
func notFinite(state []nn.Entry) (name string) {
	torch.NoGrad(func() {
		for _, e := range state {
			if e.Tensor.DType().IsFloat() && e.Tensor.IsFinite().All().Int() == 0 {
				name = e.Name
				return
			}
		}
	})
	return name
}
