package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/internal/filelock"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/labels"
	"github.com/forgergan/forger/torch/nn"
)

// Settings is config.json: all that resuming or sampling needs to build the run again.
type Settings struct {
	System   string          `json:"system"`
	Config   json.RawMessage `json:"config"`
	Options                  // how it trains
	Device   string          `json:"device"`
	LibTorch string          `json:"libtorch"`           // version
	Averaged bool            `json:"averaged,omitempty"` // the generators have a moving average
}

// Run is a training in a folder.
type Run struct {
	dir    string
	model  Model
	set    data.Dataset
	loader *data.Loader
	o      Options
	lock   *os.File

	updates *updates
	average *average // nil for none
	best    *Best    // nil before the first score
	watch   watch

	step    int
	images  int
	fell    int     // times that it went back to the last checkpoint
	seconds float64 // trained before this process
	started time.Time
	out     *outputs
}

// Open starts a run in dir, or takes up the one that is there where its last checkpoint was made. The
// folder must be new, empty or of a run with the same system, settings, data, batch and seed: another
// one is an error that lists what differs. The model is moved to the device.
//
// Whoever wants a run to depend on the seed alone calls torch.ManualSeed before building the model.
func Open(dir string, model Model, set data.Dataset, o Options) (*Run, error) {
	if err := o.setDefaults(); err != nil {
		return nil, err
	}
	if o.Data == "" {
		o.Data = set.Name()
	}
	o.Labels = ""
	if changed, ok := set.(*labels.Set); ok {
		o.Labels = changed.Options().String()
		if n := changed.Report().Unlabelled; n > 0 && !model.Parts().Unlabelled {
			return nil, fmt.Errorf("%s does not learn from items without a label, of which --labels %s makes %d: leave out keep, "+
				"or take only:SHARE", model.System(), o.Labels, n)
		}
	}
	if err := checkClasses(model, set); err != nil {
		return nil, err
	}
	loader, err := data.NewLoader(set, data.LoaderOptions{
		Batch: o.Batch, Shuffle: true, Seed: uint64(o.Seed), DropLast: true, Workers: o.Workers,
	})
	if err != nil {
		return nil, err
	}
	r := &Run{dir: dir, model: model, set: set, loader: loader, o: o, updates: newUpdates(o)}
	if err := r.open(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// checkClasses refuses a class that the networks have no place for. A model of one class looks at no label.
func checkClasses(model Model, set data.Dataset) error {
	m, conditional := model.(Conditional)
	labelled, ok := set.(data.Labelled)
	if !conditional || !ok || m.Classes() < 2 || len(labelled.Classes()) <= m.Classes() {
		return nil
	}
	return fmt.Errorf("%s has %d classes, and %s was built for %d: set --classes %d",
		set.Name(), len(labelled.Classes()), model.System(), m.Classes(), len(labelled.Classes()))
}

func (r *Run) open() error {
	if err := torch.Available(); err != nil {
		return err
	}
	if r.o.New {
		if err := r.moveAside(); err != nil {
			return err
		}
	}
	if err := r.compare(); err != nil { // first, so that a folder that is refused stays as it was
		return err
	}
	if err := r.claim(); err != nil {
		return err
	}
	// Another number of threads may change the last bits, so the choice that was made once stays.
	if r.o.Threads == 0 {
		r.o.Threads = torch.Threads()
	}
	torch.SetThreads(r.o.Threads)
	r.started = time.Now()
	return try(func() error {
		if r.o.Deterministic {
			if os.Getenv("CUBLAS_WORKSPACE_CONFIG") == "" {
				os.Setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8") // without which LibTorch refuses matrix products
			}
			torch.SetDeterministic(true)
		}
		Move(r.model, r.o.Device, r.o.format())
		if m, ok := r.model.(Informed); ok {
			if err := m.Inform(r.set); err != nil {
				return err
			}
		}
		if err := r.exhibit(); err != nil {
			return err
		}
		if err := r.begin(); err != nil {
			return err
		}
		if r.step > r.o.Steps {
			return fmt.Errorf("%s has made %d steps already, more than --steps %d", r.dir, r.step, r.o.Steps)
		}
		if err := r.writeSettings(); err != nil {
			return err
		}
		if err := r.makeFolders(); err != nil {
			return err
		}
		var err error
		r.out, err = openOutputs(r)
		return err
	})
}

// begin restores the last checkpoint, or begins at step 0.
func (r *Run) begin() error {
	if r.saved() {
		if err := r.startAverage(); err != nil {
			return err
		}
		return r.restore()
	}
	torch.ManualSeed(r.o.Seed)
	if r.o.Init != "" {
		if err := Init(r.o.Init, r.model); err != nil {
			return err
		}
	}
	if m, ok := r.model.(Beginner); ok {
		if err := m.Begin(r.set); err != nil {
			return err
		}
	}
	return r.startAverage()
}

// exhibits is the number of items that an Exhibitor shows.
const exhibits = 6

// exhibit gives an Exhibitor the items of its grid.
func (r *Run) exhibit() error {
	e, ok := r.model.(Exhibitor)
	if !ok {
		return nil
	}
	set := r.o.Exhibits
	if set == nil {
		set = r.set
	}
	return Exhibit(e, set, exhibits, r.o.Device)
}

// spread is n items of a set, as far apart as can be: neighbours by name are often alike.
type spread struct {
	data.Dataset
	n int
}

func (s spread) Read(i int, rng *rand.Rand, row []data.Array) error {
	return s.Dataset.Read(i*s.Len()/s.n, rng, row)
}

// Exhibit gives a model n items from all over a set, fewer where the set has fewer, for its grid.
func Exhibit(e Exhibitor, set data.Dataset, n int, device torch.Device) (err error) {
	torch.Scope(func() {
		var b *Batch
		n = min(n, set.Len())
		if b, err = Items(spread{set, n}, 0, n, device); err != nil {
			return
		}
		for _, t := range b.tensors {
			t.Own()
		}
		e.Exhibit(b)
	})
	return err
}

// try runs f and returns its error, or the one that a tensor operation in it panicked with.
func try(f func() error) (err error) {
	if e := torch.Try(func() { err = f() }); e != nil {
		return e
	}
	return err
}

// Move brings everything that the model holds to device, and its networks to a memory format, which
// DefaultFormat leaves as it is.
func Move(model Model, device torch.Device, format torch.MemoryFormat) {
	p := model.Parts()
	for _, n := range p.Networks {
		nn.To(n.Module, nn.ToOptions{Device: &device, MemoryFormat: format})
	}
	torch.Scope(func() {
		for _, e := range p.Tensors {
			e.Tensor.SetData(e.Tensor.Detach().ToDevice(device))
		}
	})
}

// claim makes the folder and locks it, so that two programs do not train in one.
func (r *Run) claim() error {
	if err := os.MkdirAll(r.dir, 0o777); err != nil {
		return err
	}
	lock, err := filelock.Try(filepath.Join(r.dir, ".lock"))
	if errors.Is(err, filelock.ErrLocked) {
		return fmt.Errorf("%s: another program is training there: wait for it, or choose another folder", r.dir)
	}
	r.lock = lock // nil where the file system has no locks, which keeps nobody from training
	return nil
}

// makeFolders makes the folders inside and removes what killed programs left half-written. It comes after config.json,
// so that a folder with checkpoints always says what they are of.
func (r *Run) makeFolders() error {
	for _, dir := range []string{r.dir, r.checkpoints(), r.samples()} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
		if _, err := checkpoint.CleanTemps(dir); err != nil {
			return err
		}
	}
	return nil
}

func (r *Run) checkpoints() string { return filepath.Join(r.dir, "checkpoints") }
func (r *Run) samples() string     { return filepath.Join(r.dir, "samples") }

// settings describes this run.
func (r *Run) settings() Settings {
	s := Settings{
		System: r.model.System(), Config: config.Marshal(r.model.Config()), Options: r.o, Device: r.o.Device.String(),
		Averaged: r.average != nil,
	}
	if info, err := torch.System(); err == nil {
		s.LibTorch = info.LibTorch
	}
	return s
}

func (r *Run) writeSettings() error {
	text, err := json.MarshalIndent(r.settings(), "", "  ")
	if err != nil {
		return err
	}
	return checkpoint.WriteFile(settingsFile(r.dir), func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}

func settingsFile(dir string) string { return filepath.Join(dir, "config.json") }

// ReadSettings reads the config.json of a run folder.
func ReadSettings(dir string) (s Settings, err error) {
	text, err := os.ReadFile(settingsFile(dir))
	if errors.Is(err, os.ErrNotExist) {
		return s, fmt.Errorf("%s is not a run folder: it has no config.json", dir)
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("%s is damaged: %w", settingsFile(dir), err)
	}
	return s, nil
}

// compare refuses a folder that holds another run, and takes over what was left to choice in this one.
func (r *Run) compare() error {
	if info, err := os.Stat(r.dir); err == nil && !info.IsDir() {
		return fmt.Errorf("%s is a file, not a folder: choose another one with --out", r.dir)
	}
	if _, err := os.Stat(settingsFile(r.dir)); errors.Is(err, os.ErrNotExist) {
		return r.refuseForeignFolder()
	}
	old, err := ReadSettings(r.dir)
	if err != nil {
		return err
	}
	var before, now []string
	note := func(name string, was, is any) {
		if was != is {
			before, now = append(before, fmt.Sprintf("--%s %v", name, was)), append(now, fmt.Sprintf("--%s %v", name, is))
		}
	}
	if old.System != r.model.System() {
		return fmt.Errorf("cannot resume %s: it holds a %s, not a %s; choose another folder with --out", r.dir, old.System, r.model.System())
	}
	was := reflect.New(reflect.TypeOf(r.model.Config()).Elem()).Interface()
	if err := config.Unmarshal(old.Config, was); err != nil {
		return fmt.Errorf("%s: %w", settingsFile(r.dir), err)
	}
	for _, d := range config.Diff(was, r.model.Config()) {
		note(d.Name, d.Was, d.Is)
	}
	note("data", old.Data, r.o.Data)
	note("labels", old.Labels, r.o.Labels)
	note("batch", old.Batch, r.o.Batch)
	note("seed", old.Seed, r.o.Seed)
	note("channels-last", old.ChannelsLast, r.o.ChannelsLast)
	note("init", old.Init, r.o.Init)
	note("ema", old.EMA, r.o.EMA)
	note("amp", old.AMP, r.o.AMP)
	note("accumulate", max(old.Accumulate, 1), max(r.o.Accumulate, 1))
	note("clip", old.Clip, r.o.Clip)
	if before == nil {
		if r.o.Threads == 0 {
			r.o.Threads = old.Threads
		}
		return nil
	}
	return fmt.Errorf("cannot resume %s: it was trained with %s, now with %s\n  go on as it was:  forger resume %s\n  start afresh:     --new, or another folder with --out",
		r.dir, strings.Join(before, ", "), strings.Join(now, ", "), r.dir)
}

// refuseForeignFolder protects a folder that holds something else. Hidden files do not count: a run that was killed as
// it began leaves some.
func (r *Run) refuseForeignFolder() error {
	entries, err := os.ReadDir(r.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			return fmt.Errorf("%s holds %s and no config.json, so it is no run folder: choose a new or empty one with --out", r.dir, e.Name())
		}
	}
	return nil
}

// Dir is the run's folder.
func (r *Run) Dir() string { return r.dir }

// Step is the number of steps made.
func (r *Run) Step() int { return r.step }

// Close ends the loader and lets go of the folder. It is safe to call it twice.
func (r *Run) Close() {
	r.loader.Close()
	if r.out != nil {
		r.out.close()
		r.out = nil
	}
	if r.lock != nil {
		r.lock.Close()
		r.lock = nil
	}
}
