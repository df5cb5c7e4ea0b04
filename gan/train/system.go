package train

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/forgergan/forger/gan/config"
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
	DataOptions func(settings any) data.Options   // the pictures that the model takes
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
