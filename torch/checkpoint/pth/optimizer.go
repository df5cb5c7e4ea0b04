package pth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/optim"
)

// FromOptimizer is an optimiser's state as Python's optimizer.state_dict() gives it, for Save:
//
//	{"state": {0: {"step": …, "exp_avg": …}, …}, "param_groups": [{"lr": …, "params": [0, …]}]}
//
// Python's load_state_dict takes it for an optimiser of the same kind over the same parameters. The tensors are the
// optimiser's own: save them before its next step.
func FromOptimizer(s optim.State) (*Dict, error) {
	state := &Dict{}
	for _, e := range s.Tensors {
		number, name, _ := strings.Cut(strings.TrimPrefix(e.Name, "state."), ".")
		i, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the optimiser state has a tensor %s, not state.<number>.<name>", e.Name)
		}
		of, ok := state.Get(i)
		if !ok {
			of = &Dict{}
			state.Items = append(state.Items, Item{i, of})
		}
		of.(*Dict).Items = append(of.(*Dict).Items, Item{name, e.Tensor})
	}
	d := json.NewDecoder(bytes.NewReader(s.Groups))
	d.UseNumber()
	groups, err := fromJSON(d)
	if err != nil {
		return nil, fmt.Errorf("the optimiser's groups cannot be read: %w", err)
	}
	return &Dict{Items: []Item{{"state", state}, {"param_groups", groups}}}, nil
}

// fromJSON reads a value, keeping the order of keys. The one array of settings, betas, is a tuple in Python.
func fromJSON(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case json.Delim:
		var items []any
		for d.More() {
			x, err := fromJSON(d)
			if err != nil {
				return nil, err
			}
			items = append(items, x)
		}
		if _, err := d.Token(); err != nil || v == '[' {
			return &List{items}, err
		}
		object := &Dict{}
		for i := 0; i < len(items); i += 2 {
			item := Item{items[i], items[i+1]}
			if list, ok := item.Value.(*List); ok && item.Key == "betas" {
				item.Value = Tuple(list.Items)
			}
			object.Items = append(object.Items, item)
		}
		return object, nil
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		return v.Float64()
	}
	return token, nil // nil, a bool or a string
}

// Optimizer is the state of an optimiser that stands at a place of the tree, as Python's optimizer.state_dict() gave it,
// for Restore:
//
//	state, err := f.Optimizer("optimizer")
//	err = opt.Restore(state)
//
// The tensors are copied to the CPU. Settings that Forger's optimisers lack, such as foreach, are kept and ignored by
// them; a step count that is a number, as before PyTorch 1.12, becomes a tensor.
func (f *File) Optimizer(path ...any) (optim.State, error) {
	s, err := f.optimizer(path)
	if err != nil {
		return optim.State{}, fmt.Errorf("%s: %w", f.path, err)
	}
	return s, nil
}

func (f *File) optimizer(path []any) (s optim.State, err error) {
	v, err := At(f.value, path...)
	if err != nil {
		return s, err
	}
	state, err := At(v, "state")
	if err != nil {
		return s, err
	}
	groups, err := At(v, "param_groups")
	if err != nil {
		return s, err
	}
	if s.Groups, err = appendJSON(nil, groups); err != nil {
		return s, fmt.Errorf("param_groups: %w", err)
	}
	copies := copies{}
	err = Walk(state, func(name string, v any) error {
		var x *torch.Tensor
		switch v := v.(type) {
		case *Tensor:
			if x, err = copies.of(v); err != nil {
				return err
			}
		case int64:
			x = torch.Of(float32(v))
		case nil: // SGD has momentum_buffer: None
			return nil
		default:
			return fmt.Errorf("state.%s is %s, not a tensor", name, kind(v))
		}
		s.Tensors = append(s.Tensors, optim.Tensor{Name: "state." + name, Tensor: x})
		return nil
	})
	return s, err
}

// appendJSON writes a value in the order of its keys.
func appendJSON(out []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case *Dict:
		out = append(out, '{')
		for i, item := range v.Items {
			if i > 0 {
				out = append(out, ',')
			}
			key, err := json.Marshal(fmt.Sprint(item.Key))
			if err != nil {
				return out, err
			}
			if out, err = appendJSON(append(append(out, key...), ':'), item.Value); err != nil {
				return out, fmt.Errorf("%v: %w", item.Key, err)
			}
		}
		return append(out, '}'), nil
	case *List:
		return appendJSON(out, Tuple(v.Items))
	case Tuple:
		out = append(out, '[')
		for i, x := range v {
			if i > 0 {
				out = append(out, ',')
			}
			var err error
			if out, err = appendJSON(out, x); err != nil {
				return out, err
			}
		}
		return append(out, ']'), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return out, fmt.Errorf("%v is not a finite number", v)
		}
	case nil, bool, int64, string:
	default:
		return out, fmt.Errorf("it is %s, not a setting", kind(v))
	}
	text, err := json.Marshal(v)
	return append(out, text...), err
}
