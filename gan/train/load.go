package train

import (
	"fmt"
	"strings"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
)

// Load builds the model of a run folder or checkpoint file and loads its networks, for sampling:
//
//	model, err := train.Load("runs/digits", zoo.Find)
func Load(path string, find func(system string) (System, error)) (model Model, err error) {
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
	err = verifiedLoad(path, func() (Model, error) {
		model, _, err = s.Build(saved.Config)
		return model, err
	})
	return model, err
}

// LoadCheckpoint copies the networks of a checkpoint file into model, for sampling.
func LoadCheckpoint(path string, model Model) error {
	if _, err := readPosition(path); err != nil {
		return err
	}
	return verifiedLoad(path, func() (Model, error) { return model, nil })
}

// verifiedLoad loads the networks of a checkpoint into the model that build gives. The checksum is computed meanwhile, while
// LibTorch opens and the model is built.
func verifiedLoad(path string, build func() (Model, error)) error {
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
			}
		})
		return err
	})
	if damage := <-verified; damage != nil { // it explains whatever else went wrong
		return damage
	}
	return err
}
