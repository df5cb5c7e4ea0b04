package train

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
)

// LoadOptions say what Load and LoadCheckpoint take.
type LoadOptions struct {
	Raw bool // the last weights of the generators also where the run has averages
}

// Load builds the model of a run folder or checkpoint file and loads its networks, for sampling: for the generators their
// averages, where the run has some.
//
//	model, err := train.Load("runs/digits", zoo.Find)
func Load(path string, find func(system string) (System, error), o ...LoadOptions) (model Model, err error) {
	if path, err = FindCheckpoint(path); err != nil {
		return nil, err
	}
	saved, err := ReadCheckpointSettings(path)
	if err != nil {
		return nil, err
	}
	s, err := find(saved.System)
	if err != nil {
		return nil, err
	}
	err = verifiedLoad(path, o, func() (Model, error) {
		model, _, err = s.Build(saved.Config)
		return model, err
	})
	if c, ok := model.(Clusterer); ok && err == nil {
		err = c.ReadClusters(RunOf(path))
	}
	return model, err
}

// RunOf is the folder of the run that a checkpoint file belongs to: RUN/checkpoints/latest.safetensors.
func RunOf(checkpoint string) string { return filepath.Dir(filepath.Dir(checkpoint)) }

// LoadCheckpoint is Load into a model that is there.
func LoadCheckpoint(path string, model Model, o ...LoadOptions) error {
	if _, err := readPosition(path); err != nil {
		return err
	}
	return verifiedLoad(path, o, func() (Model, error) { return model, nil })
}

// verifiedLoad loads the networks of a checkpoint into the model that build gives. The checksum is computed meanwhile, while
// LibTorch opens and the model is built.
func verifiedLoad(path string, o []LoadOptions, build func() (Model, error)) error {
	verified := make(chan error, 1)
	go func() { verified <- checkpoint.Verify(path) }()
	err := try(func() (err error) {
		var model Model
		torch.SkipInit(func() { model, err = build() })
		if err != nil {
			return err
		}
		torch.Scope(func() {
			state, e := checkpoint.LoadOnly(path, func(name string) bool {
				return !strings.HasPrefix(name, optimPrefix) && !strings.HasPrefix(name, rngPrefix)
			})
			if err = e; err != nil {
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
	if damage := <-verified; damage != nil { // it explains whatever else went wrong
		return damage
	}
	return err
}
