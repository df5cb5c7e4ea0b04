package train

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/checkpoint/pth"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
)

// Init copies networks and optimisers from a file into model: a checkpoint of a run, or what Python saved with
//
//	torch.save({"G": netG.state_dict(), "D": netD.state_dict(), "optimizer.G": optG.state_dict()}, path)
//
// under the names of the model's Parts. All networks but optional ones must be there, unless the model is an Adopter and takes what is. An
// optimiser that is not there begins afresh, as all do after an adoption, and so do the place in the data and the random
// streams.
func Init(path string, model Model) error {
	return try(func() (err error) {
		torch.Scope(func() {
			if err = initFrom(path, model); err != nil {
				err = fmt.Errorf("%s: %w", path, err)
			}
		})
		return err
	})
}

func initFrom(path string, model Model) error {
	state, err := checkpoint.Load(path)
	if err != nil {
		return err
	}
	if a, ok := model.(Adopter); ok {
		if adopted, err := a.Adopt(state); adopted || err != nil {
			return err
		}
	}
	p := model.Parts()
	for _, n := range p.Networks {
		part := checkpoint.Under(state, n.Name+".")
		if part == nil && n.Optional {
			continue
		}
		if part == nil {
			return fmt.Errorf("it lacks the network %s: its tensors are to be named %s.…, as in {%q: state_dict}", n.Name, n.Name, n.Name)
		}
		if err := nn.LoadStateDict(n.Module, part, true); err != nil {
			return fmt.Errorf("network %s: %w", n.Name, err)
		}
	}
	for _, o := range p.Optimizers {
		s, found, err := savedOptimizer(path, state, o.Name)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		if err := o.Optimizer.Restore(s); err != nil {
			return fmt.Errorf("optimiser %s: %w", o.Name, err)
		}
	}
	return nil
}

// savedOptimizer is the state of a named optimiser in a file whose tensors are state.
func savedOptimizer(path string, state []nn.Entry, name string) (s optim.State, found bool, err error) {
	if !pth.Is(path) {
		p, err := readPosition(path)
		if err != nil {
			return s, false, nil // a file of tensors alone
		}
		_, found = p.Optimizers[name]
		return p.optimizer(state, name), found, nil
	}
	f, err := pth.Open(path)
	if err != nil {
		return s, false, err
	}
	defer f.Close()
	if _, err := pth.At(f.Value(), optimPrefix+name); err != nil {
		return s, false, nil
	}
	s, err = f.Optimizer(optimPrefix + name)
	return s, true, err
}

// Export writes a checkpoint of a run as one file for Python's torch.load, in the form that Init reads: a state
// dictionary for each network and each average ("ema.G"), one for each optimiser, the other tensors, and under "step" the number of steps. A random
// stream, "rng.cpu", is for torch.set_rng_state.
func Export(from, to string) error {
	return try(func() (err error) {
		torch.Scope(func() {
			p, state, e := readCheckpoint(from)
			if err = e; err != nil {
				return
			}
			var tree *pth.Dict
			if tree, err = exported(p, state); err == nil {
				err = pth.Save(to, tree)
			}
		})
		return err
	})
}

func exported(p position, state []nn.Entry) (*pth.Dict, error) {
	tree := &pth.Dict{Items: []pth.Item{{Key: "system", Value: p.System}, {Key: "step", Value: p.Step}}}
	var networks []string
	for _, e := range state {
		network, _, inside := strings.Cut(e.Name, ".")
		if under, ok := strings.CutPrefix(e.Name, averagePrefix); ok { // of G it is ema.G
			network, _, inside = strings.Cut(under, ".")
			network = averagePrefix + network
		}
		switch {
		case strings.HasPrefix(e.Name, optimPrefix):
		case strings.HasPrefix(e.Name, rngPrefix), !inside:
			tree.Items = append(tree.Items, pth.Item{Key: e.Name, Value: e.Tensor})
		case !slices.Contains(networks, network):
			networks = append(networks, network)
			tree.Items = append(tree.Items, pth.Item{Key: network, Value: pth.FromState(checkpoint.Under(state, network+"."))})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Optimizers)) {
		d, err := pth.FromOptimizer(p.optimizer(state, name))
		if err != nil {
			return nil, err
		}
		tree.Items = append(tree.Items, pth.Item{Key: optimPrefix + name, Value: d})
	}
	return tree, nil
}
