package train

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
)

// System is one entry of the zoo: what the command line needs to build a model by name.
type System struct {
	Name  string // dcgan
	Title string // what it is, in a line
	Paper string // authors, title, year
	Data  string // the default data set

	NewConfig   func() any                        // points to settings of which all are zero
	Presets     map[string]any                    // published settings, pointers of the same type
	DataPresets map[string]string                 // the preset for a data set where none is asked for
	New         func(settings any) (Model, error) // builds the model
	DataOptions func(settings any) data.Options   // the pictures that the model takes; nil where Open is given

	// Open opens the data of a system that takes something else than pictures of one size.
	Open func(ctx context.Context, settings any, r DataRequest) (data.Dataset, error)
	// Input makes the fields of one item, each (1, …), of a file to translate, in the file's own size. Nil for a system
	// that is no Translator.
	Input func(settings any, in Input) ([]data.Array, error)
	// Example makes n random items with the fields of the data, on the CPU, for benchmarks. Nil for pictures that
	// DataOptions describes.
	Example func(settings any, n int) map[string]*torch.Tensor
	// Defaults are those of a run under the settings; nil for batches of 64 and 3000 steps.
	Defaults func(settings any) Defaults
}

// DataRequest says which data of a system are opened.
type DataRequest struct {
	Name  string       // data set, folder or shard
	Split data.Split   // Train if empty
	Plain bool         // without augmentation, for scores and sample grids
	Log   func(string) // hears what is fetched; may be nil
}

// Input is what is to be translated, as it was read.
type Input struct {
	Name     string // of the file, for messages
	Picture  []byte // the file: a picture, or a label map
	Instance []byte // the file of its instance map; nil for none
	Style    []byte // the file of a picture whose style is taken, where Translation.Style; nil for none
	Back     bool   // it is translated back
}

// Defaults are those of a run of a system. Epochs, where not 0, go before Steps.
type Defaults struct {
	Batch, Steps, Epochs int
}

// OpenData opens data for the system. Without Open they are pictures as DataOptions describes them.
func (s System) OpenData(ctx context.Context, settings any, r DataRequest) (data.Dataset, error) {
	if s.Open != nil {
		return s.Open(ctx, settings, r)
	}
	o := s.DataOptions(settings)
	o.Split, o.Log = r.Split, r.Log
	if r.Plain {
		o.Flip, o.Middle = false, true
	}
	return data.Open(ctx, r.Name, o)
}

// Examples makes n random items with the fields of the system's data, on the CPU.
func (s System) Examples(settings any, n int) map[string]*torch.Tensor {
	if s.Example != nil {
		return s.Example(settings, n)
	}
	o := s.DataOptions(settings)
	images := torch.Rand([]int{n, o.Channels, o.Size, o.Size}).MulScalar(2).SubScalar(1)
	return map[string]*torch.Tensor{"image": images}
}

// RunDefaults are the batch and the steps or epochs of a run for which none are asked.
func (s System) RunDefaults(settings any) Defaults {
	d := Defaults{}
	if s.Defaults != nil {
		d = s.Defaults(settings)
	}
	if d.Batch == 0 {
		d.Batch = 64
	}
	if d.Steps == 0 && d.Epochs == 0 {
		d.Steps = 3000
	}
	return d
}

// PresetsOf makes the Presets of a System from those of its package.
func PresetsOf[C any](presets map[string]C) map[string]any {
	all := map[string]any{}
	for name, c := range presets {
		all[name] = &c
	}
	return all
}

// NewOf makes the New of a System from the constructor of its package. Where that fails the model is nil, not an interface
// that holds a nil pointer.
func NewOf[C any, M Model](construct func(C) (M, error)) func(settings any) (Model, error) {
	return func(settings any) (Model, error) {
		m, err := construct(*settings.(*C))
		if err != nil {
			return nil, err
		}
		return m, nil
	}
}

// Settings returns the settings of a preset, or for a data set, with all defaults filled in. Without
// a preset and for other data they are the defaults.
func (s System) Settings(preset, dataset string) (settings any, used string, err error) {
	if preset == "" {
		preset = s.DataPresets[dataset]
	}
	settings = s.NewConfig()
	if preset != "" {
		p, ok := s.Presets[preset]
		if !ok {
			return nil, "", fmt.Errorf("%s has no preset %q, only %s", s.Name, preset, strings.Join(s.PresetNames(), ", "))
		}
		if err := config.Unmarshal(config.Marshal(p), settings); err != nil {
			return nil, "", err
		}
	}
	config.SetDefaults(settings)
	return settings, preset, nil
}

// PresetNames lists the presets in alphabetical order.
func (s System) PresetNames() []string {
	var names []string
	for name := range s.Presets {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Build makes the model of saved settings.
func (s System) Build(saved json.RawMessage) (model Model, settings any, err error) {
	settings = s.NewConfig()
	if err := config.Unmarshal(saved, settings); err != nil {
		return nil, nil, fmt.Errorf("settings of %s: %w", s.Name, err)
	}
	model, err = s.New(settings)
	return model, settings, err
}
