package translation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
)

// Load reads a state dictionary of one network, as latest_net_G.pth of the official programs, into module.
func Load(path string, module any) error {
	state, err := checkpoint.Load(path)
	if err != nil {
		return err
	}
	if err := LoadStateDict(module, state); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// LoadStateDict is nn.LoadStateDict for states of any age: instance norms had running statistics before PyTorch 0.4,
// which no norm of module reads and which are left out. All else must fit.
func LoadStateDict(module any, state []nn.Entry) error {
	own := nn.StateDict(module)
	kept := make([]nn.Entry, 0, len(state))
	for _, e := range state {
		statistic := strings.HasSuffix(e.Name, ".running_mean") || strings.HasSuffix(e.Name, ".running_var") ||
			strings.HasSuffix(e.Name, ".num_batches_tracked")
		known := slices.ContainsFunc(own, func(o nn.Entry) bool { return o.Name == e.Name })
		if known || !statistic {
			kept = append(kept, e)
		}
	}
	return nn.LoadStateDict(module, kept, true)
}
