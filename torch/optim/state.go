package optim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/forgergan/forger/torch"
)

// State is an optimiser's memory in PyTorch's layout.
type State struct {
	// Tensors are named state.<parameter>.<name>, as PyTorch's state_dict()["state"]; parameters that
	// had no step yet have none. They are the optimiser's own, not copies.
	Tensors []Tensor
	// Groups is PyTorch's param_groups: the settings, and the numbers of the parameters.
	Groups json.RawMessage
}

// Tensor is one tensor of a State.
type Tensor struct {
	Name   string
	Tensor *torch.Tensor
}

// State returns what Restore needs to go on exactly here.
func (b *base[S, G]) State() State {
	var s State
	for _, g := range b.groups {
		for _, i := range g.shared().Params {
			for _, name := range b.kept(g, i) {
				if t := b.memory[i][name]; t != nil {
					s.Tensors = append(s.Tensors, Tensor{fmt.Sprintf("state.%d.%s", i, name), t})
				}
			}
		}
	}
	var err error
	if s.Groups, err = json.Marshal(b.groups); err != nil {
		panic(fmt.Sprintf("optim: a setting is not a finite number: %v", err))
	}
	return s
}

// Restore puts the optimiser where State was called: settings from s.Groups, memory copied from
// s.Tensors to the devices and types of the parameters. It fails, changing nothing, if the state is
// of other parameters.
func (b *base[S, G]) Restore(s State) error {
	var groups []S
	if err := json.Unmarshal(s.Groups, &groups); err != nil {
		return fmt.Errorf("the optimiser's groups cannot be read: %w", err)
	}
	if len(groups) != len(b.groups) {
		return fmt.Errorf("the optimiser state has %d parameter groups, not %d", len(groups), len(b.groups))
	}
	given, err := byParameter(s.Tensors, len(b.params))
	if err != nil {
		return err
	}
	for k := range groups {
		g, own := G(&groups[k]), b.groups[k].shared().Params
		if n := len(g.shared().Params); n != len(own) {
			return fmt.Errorf("group %d of the optimiser state has %d parameters, not %d", k, n, len(own))
		}
		if has, want := g.shared().MasterWeights, b.groups[k].shared().MasterWeights; has != want {
			return fmt.Errorf("group %d of the optimiser state has master weights: %t, the optimiser: %t", k, has, want)
		}
		g.shared().Params = own
		for _, i := range own {
			if err := check(i, given[i], b.params[i].Shape(), b.kept(g, i)); err != nil {
				return err
			}
		}
	}
	restored := make([]memory, len(b.params))
	torch.NoGrad(func() {
		for k := range groups {
			g := b.groups[k] // schedules hold it
			before := *g.shared()
			*g = groups[k]
			g.shared().inherit(before)
			g.point()
			for _, i := range g.shared().Params {
				if given[i] == nil {
					continue
				}
				restored[i] = b.newMemory(g, i)
				for name, t := range restored[i] {
					t.CopyInPlace(given[i][name])
				}
			}
		}
	})
	b.memory = restored
	return nil
}

// byParameter sorts the tensors of a state by the number of their parameter, one of n.
func byParameter(tensors []Tensor, n int) ([]memory, error) {
	out := make([]memory, n)
	for _, t := range tensors {
		number, name, _ := strings.Cut(strings.TrimPrefix(t.Name, "state."), ".")
		i, err := strconv.Atoi(number)
		if err != nil || i < 0 || i >= n {
			return nil, fmt.Errorf("the optimiser state has a tensor %s that fits none of the %d parameters", t.Name, n)
		}
		if out[i] == nil {
			out[i] = memory{}
		}
		out[i][name] = t.Tensor
	}
	return out, nil
}

// check compares what a state holds for parameter i with the names it must hold; a parameter that had no step has none.
func check(i int, m memory, shape []int, names []string) error {
	if m == nil {
		return nil
	}
	for name := range m {
		if !slices.Contains(names, name) {
			return fmt.Errorf("the optimiser state has state.%d.%s, which its settings do not use: they keep %s", i, name, strings.Join(names, ", "))
		}
	}
	for _, name := range names {
		t := m[name]
		if t == nil {
			return fmt.Errorf("the optimiser state lacks state.%d.%s", i, name)
		}
		want := shape
		if name == "step" {
			want = nil
		}
		if !slices.Equal(t.Shape(), want) {
			return fmt.Errorf("the optimiser state's state.%d.%s has shape %v, not %v", i, name, t.Shape(), want)
		}
	}
	return nil
}
