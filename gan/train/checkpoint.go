package train

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
)

// position is what a checkpoint says beside its tensors, under the metadata key forger.run.
type position struct {
	Settings
	Step       int                        `json:"step"`
	Images     int                        `json:"images"`
	Seconds    float64                    `json:"seconds"`
	DataState  data.State                 `json:"data_state"`
	Optimizers map[string]json.RawMessage `json:"optimizers"` // PyTorch's param_groups
}

const (
	metadataKey = "forger.run"
	latestName  = "latest.safetensors"
	optimPrefix = "optimizer."
	rngPrefix   = "rng."
)

// Save writes a checkpoint: checkpoints/<step>.safetensors and, as another name of the same file,
// checkpoints/latest.safetensors. It refuses to save networks that hold a number that is not finite.
func (r *Run) Save() error {
	if err := r.checkFinite(); err != nil {
		return err
	}
	var tensors []checkpoint.Tensor
	p := position{
		Settings: r.settings(), Step: r.step, Images: r.images, Seconds: r.elapsed(),
		DataState: r.loader.State(), Optimizers: map[string]json.RawMessage{},
	}
	torch.Scope(func() {
		tensors = checkpoint.FromState(r.state())
		for _, o := range r.model.Parts().Optimizers {
			p.Optimizers[o.Name] = o.Optimizer.State().Groups
		}
	})
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := r.out.sync(); err != nil {
		return err
	}
	path := filepath.Join(r.checkpoints(), fmt.Sprintf("%06d.safetensors", r.step))
	if err := checkpoint.Save(path, tensors, map[string]string{metadataKey: string(text)}); err != nil {
		return err
	}
	if err := alias(path, filepath.Join(r.checkpoints(), latestName)); err != nil {
		return err
	}
	return r.prune()
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

// checkFinite looks for NaN and infinities in what the networks learn and keep.
func (r *Run) checkFinite() (err error) {
	torch.Scope(func() {
		torch.NoGrad(func() {
			for _, n := range r.model.Parts().Networks {
				for _, e := range nn.StateDict(n.Module) {
					if e.Tensor.DType().IsFloat() && e.Tensor.IsFinite().All().Int() == 0 {
						err = fmt.Errorf("%s: after step %d %s.%s holds numbers that are not finite; the last good checkpoint is kept: go on from it with a lower learning rate",
							r.model.System(), r.step, n.Name, e.Name)
						return
					}
				}
			}
		})
	})
	return err
}

// alias makes name another name of path in one atomic step, or a copy where the file system has no such names.
func alias(path, name string) error {
	temp := fmt.Sprintf("%s.%d", name, os.Getpid())
	os.Remove(temp)
	if err := os.Link(path, temp); err != nil {
		return copyFile(path, name)
	}
	if err := os.Rename(temp, name); err != nil {
		os.Remove(temp)
		return err
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return checkpoint.WriteFile(to, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}

// numbered lists the numbered checkpoints of a run, oldest first.
func numbered(dir string) ([]string, error) {
	all, err := filepath.Glob(filepath.Join(dir, "[0-9]*.safetensors"))
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) // six digits or more
	})
	return all, nil
}

// prune removes the oldest numbered checkpoints beyond those to keep.
func (r *Run) prune() error {
	all, err := numbered(r.checkpoints())
	if err != nil {
		return err
	}
	for len(all) > r.o.Keep {
		if err := os.Remove(all[0]); err != nil {
			return err
		}
		all = all[1:]
	}
	return nil
}

// restore loads the latest checkpoint, if there is one.
func (r *Run) restore() (resumed bool, err error) {
	path := filepath.Join(r.checkpoints(), latestName)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	p, state, err := readCheckpoint(path)
	if err != nil {
		if older, _ := numbered(r.checkpoints()); len(older) > 0 {
			return false, fmt.Errorf("%w; to go on from an older checkpoint: cp %s %s", err, older[len(older)-1], path)
		}
		return false, err
	}
	if err := r.apply(p, state); err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	return true, nil
}

// readCheckpoint reads and checks a checkpoint file; the tensors belong to the scope around the call.
func readCheckpoint(path string) (p position, state []nn.Entry, err error) {
	f, err := checkpoint.Open(path)
	if err != nil {
		return p, nil, err
	}
	text, ok := f.Metadata()[metadataKey]
	f.Close()
	if !ok {
		return p, nil, fmt.Errorf("%s is not a checkpoint of a run: it holds tensors only", path)
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, nil, fmt.Errorf("%s: %w", path, err)
	}
	state, err = checkpoint.Load(path)
	return p, state, err
}

// apply puts the run where a checkpoint was made.
func (r *Run) apply(p position, state []nn.Entry) error {
	if err := loadNetworks(r.model, state); err != nil {
		return err
	}
	for _, o := range r.model.Parts().Optimizers {
		s := optim.State{Groups: p.Optimizers[o.Name]}
		for _, e := range withPrefix(state, optimPrefix+o.Name+".") {
			s.Tensors = append(s.Tensors, optim.Tensor{Name: e.Name, Tensor: e.Tensor})
		}
		if err := o.Optimizer.Restore(s); err != nil {
			return fmt.Errorf("optimiser %s: %w", o.Name, err)
		}
	}
	streams := map[string]*torch.Tensor{}
	for _, e := range withPrefix(state, rngPrefix) {
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
	r.step, r.images, r.seconds = p.Step, p.Images, p.Seconds
	return nil
}

// loadNetworks copies the networks and other tensors of a checkpoint into model.
func loadNetworks(model Model, state []nn.Entry) error {
	parts := model.Parts()
	for _, n := range parts.Networks {
		if err := nn.LoadStateDict(n.Module, withPrefix(state, n.Name+"."), true); err != nil {
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

func withPrefix(state []nn.Entry, prefix string) []nn.Entry {
	var out []nn.Entry
	for _, e := range state {
		if name, ok := strings.CutPrefix(e.Name, prefix); ok {
			e.Name = name
			out = append(out, e)
		}
	}
	return out
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
	var p position
	err := try(func() (err error) {
		torch.Scope(func() { p, _, err = readCheckpoint(path) })
		return err
	})
	return p.Settings, err
}

// LoadCheckpoint copies the networks of a checkpoint file into model, for sampling.
func LoadCheckpoint(path string, model Model) error {
	return try(func() (err error) {
		torch.Scope(func() {
			var state []nn.Entry
			if _, state, err = readCheckpoint(path); err == nil {
				err = loadNetworks(model, state)
			}
		})
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	})
}
