package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
)

// saved reports whether there is a checkpoint to restore.
func (r *Run) saved() bool {
	_, err := os.Stat(filepath.Join(r.checkpoints(), latestName))
	return !errors.Is(err, os.ErrNotExist)
}

// restore loads the latest checkpoint.
func (r *Run) restore() (err error) {
	torch.Scope(func() { err = r.restoreFrom(filepath.Join(r.checkpoints(), latestName)) })
	return err
}

func (r *Run) restoreFrom(path string) error {
	p, state, err := readCheckpoint(path)
	if err != nil {
		if older := r.intact(); older != "" {
			return fmt.Errorf("%w; to go on from the checkpoint before: ln -f %s %s", err, older, path)
		}
		return fmt.Errorf("%w; the run has no other checkpoint that is whole: start afresh in another folder", err)
	}
	if err := r.apply(p, state); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// intact is the newest numbered checkpoint that is whole, "" if there is none. The newest of all is most often the
// damaged latest under another name.
func (r *Run) intact() string {
	all, _ := stepFiles(r.checkpoints(), checkpointEnding)
	for _, file := range slices.Backward(all) {
		f, err := checkpoint.Open(file.path)
		if err != nil {
			continue
		}
		err = f.Verify()
		f.Close()
		if err == nil {
			return file.path
		}
	}
	return ""
}

// readCheckpoint reads and checks a checkpoint file; the tensors belong to the scope around the call.
func readCheckpoint(path string) (p position, state []nn.Entry, err error) {
	if p, err = readPosition(path); err == nil {
		state, err = checkpoint.Load(path)
	}
	return p, state, err
}

// readPosition reads what a checkpoint file says beside its tensors.
func readPosition(path string) (p position, err error) {
	f, err := checkpoint.Open(path)
	if err != nil {
		return p, err
	}
	text, ok := f.Metadata()[metadataKey]
	f.Close()
	if !ok {
		return p, fmt.Errorf("%s is not a checkpoint of a run: it holds tensors only", path)
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, fmt.Errorf("%s is not a checkpoint of a run: its %s cannot be read: %w", path, metadataKey, err)
	}
	return p, nil
}

// optimizer is the state of a named optimiser in a checkpoint whose tensors are state.
func (p position) optimizer(state []nn.Entry, name string) optim.State {
	s := optim.State{Groups: p.Optimizers[name]}
	for _, e := range checkpoint.Under(state, optimPrefix+name+".") {
		s.Tensors = append(s.Tensors, optim.Tensor{Name: e.Name, Tensor: e.Tensor})
	}
	return s
}

// apply puts the run where a checkpoint was made.
func (r *Run) apply(p position, state []nn.Entry) error {
	if err := loadNetworks(r.model, state); err != nil {
		return err
	}
	for _, o := range r.model.Parts().Optimizers {
		if err := o.Optimizer.Restore(p.optimizer(state, o.Name)); err != nil {
			return fmt.Errorf("optimiser %s: %w", o.Name, err)
		}
	}
	for _, s := range r.model.Parts().Schedules {
		if err := s.Scheduler.Restore(p.Schedules[s.Name]); err != nil {
			return fmt.Errorf("schedule %s: %w", s.Name, err)
		}
	}
	if r.updates.scaler != nil {
		if err := r.updates.scaler.Restore(p.Scaler); err != nil {
			return err
		}
	}
	if r.average != nil {
		if err := r.average.restore(p.Updates, state); err != nil {
			return err
		}
	}
	streams := map[string]*torch.Tensor{}
	for _, e := range checkpoint.Under(state, rngPrefix) {
		streams[e.Name] = e.Tensor
	}
	torch.ManualSeed(r.o.Seed) // for a device whose stream the checkpoint lacks
	for _, d := range r.devices() {
		if t := streams[d.String()]; t != nil {
			torch.DefaultGenerator(d).SetState(torch.Values[uint8](t))
		}
	}
	if err := r.loader.Restore(p.DataState); err != nil {
		return err
	}
	r.step, r.images, r.best = p.Step, p.Images, p.Best
	r.seconds, r.started = p.Seconds, time.Now()
	return nil
}

// loadNetworks copies the networks and other tensors of a checkpoint into model.
func loadNetworks(model Model, state []nn.Entry) error {
	parts := model.Parts()
	for _, n := range parts.Networks {
		if err := nn.LoadStateDict(n.Module, checkpoint.Under(state, n.Name+"."), true); err != nil {
			return fmt.Errorf("network %s: %w", n.Name, err)
		}
	}
	byName := map[string]*torch.Tensor{}
	for _, e := range state {
		byName[e.Name] = e.Tensor
	}
	for _, e := range parts.Tensors {
		t := byName[e.Name]
		if t == nil {
			return fmt.Errorf("it lacks the tensor %s", e.Name)
		}
		torch.NoGrad(func() { e.Tensor.CopyInPlace(t) })
	}
	return nil
}

// FindCheckpoint returns the newest checkpoint of a run folder, or path itself if it is a file.
func FindCheckpoint(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("there is no %s", path)
	}
	if !info.IsDir() {
		return path, nil
	}
	latest := filepath.Join(path, "checkpoints", latestName)
	if _, err := os.Stat(latest); err != nil {
		return "", fmt.Errorf("%s has no checkpoint yet: it needs %s", path, latest)
	}
	return latest, nil
}

// ReadCheckpointSettings reads how the run of a checkpoint file was set up.
func ReadCheckpointSettings(path string) (Settings, error) {
	p, err := readPosition(path)
	return p.Settings, err
}

// LoadOptions say what LoadCheckpoint takes.
type LoadOptions struct {
	Raw bool // the last weights of the generators also where the run has averages
}

// LoadCheckpoint copies the networks of a checkpoint file into model, for sampling: for the generators their averages,
// where the run has some.
func LoadCheckpoint(path string, model Model, o ...LoadOptions) error {
	return try(func() (err error) {
		torch.Scope(func() {
			var state []nn.Entry
			if _, state, err = readCheckpoint(path); err != nil {
				return
			}
			if err = loadNetworks(model, state); err != nil {
				err = fmt.Errorf("%s: %w", path, err)
				return
			}
			if len(o) == 0 || !o[0].Raw {
				loadAverages(model, state)
			}
		})
		return err
	})
}
