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
	"strconv"
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
	checkpointEnding = ".safetensors"

	metadataKey = "forger.run"
	latestName  = "latest" + checkpointEnding
	optimPrefix = "optimizer."
	rngPrefix   = "rng."
)

// Save writes a checkpoint: checkpoints/<step>.safetensors and, as another name of the same file,
// checkpoints/latest.safetensors. It refuses to save a number that is not finite.
func (r *Run) Save() (err error) {
	var tensors []checkpoint.Tensor
	p := position{
		Settings: r.settings(), Step: r.step, Images: r.images, Seconds: r.elapsed(),
		DataState: r.loader.State(), Optimizers: map[string]json.RawMessage{},
	}
	torch.Scope(func() {
		state := r.state()
		if name := notFinite(state); name != "" {
			err = fmt.Errorf("%s: after step %d %s holds numbers that are not finite%s", r.model.System(), r.step, name, diverged)
			return
		}
		tensors = checkpoint.FromState(state)
		for _, o := range r.model.Parts().Optimizers {
			p.Optimizers[o.Name] = o.Optimizer.State().Groups
		}
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
	if err := alias(path, filepath.Join(r.checkpoints(), latestName)); err != nil {
		return err
	}
	return r.prune()
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

// alias makes name another name of path in one atomic step, or a copy where the file system has no such names.
func alias(path, name string) error {
	temp := filepath.Join(filepath.Dir(name), ".alias") // one name for all: a killed run leaves at most one
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

// A stepFile is a file that is named after a step: 000100.png.
type stepFile struct {
	step int
	path string
}

// stepFiles lists those with that ending in dir by their steps.
func stepFiles(dir, ending string) (all []stepFile, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ending)
		if step, notNumber := strconv.Atoi(name); ok && notNumber == nil {
			all = append(all, stepFile{step, filepath.Join(dir, e.Name())})
		}
	}
	slices.SortFunc(all, func(a, b stepFile) int { return cmp.Compare(a.step, b.step) })
	return all, err
}

// prune removes the oldest numbered checkpoints beyond those to keep. Later ones than the present step lie there
// where somebody went back to an older checkpoint; they do not count, and are written anew in time.
func (r *Run) prune() error {
	all, err := stepFiles(r.checkpoints(), checkpointEnding)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(f stepFile) bool { return f.step > r.step })
	for len(all) > r.o.Keep {
		if err := os.Remove(all[0].path); err != nil {
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
	torch.Scope(func() { err = r.restoreFrom(path) })
	return err == nil, err
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
	r.step, r.images, r.seconds = p.Step, p.Images, p.Seconds
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
