package pix2pixhd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
)

// Adopt lets --net local begin from a run of --net global at half the resolution, as the paper trains: the global generator
// is taken over, the discriminators of the scales that both see, and the encoder, where both have one. The enhancers and the
// discriminator of the full resolution begin afresh.
func (m *Model) Adopt(state []nn.Entry) (adopted bool, err error) {
	g, local := m.G.(*LocalEnhancer)
	enhanced := func(e nn.Entry) bool { return strings.HasPrefix(e.Name, "G.model1_") }
	if !local || slices.ContainsFunc(state, enhanced) || checkpoint.Under(state, "G.") == nil {
		return false, nil
	}
	if err := nn.LoadStateDict(g.Model, known(g.Model, checkpoint.Under(state, "G.model.")), true); err != nil {
		return false, fmt.Errorf("its G is no generator for half the resolution: %w", err)
	}
	if err := nn.LoadStateDict(m.D, known(m.D, checkpoint.Under(state, "D.")), false); err != nil {
		return false, fmt.Errorf("network D: %w", err)
	}
	if e := checkpoint.Under(state, "E."); m.E != nil && e != nil {
		if err := nn.LoadStateDict(m.E, e, true); err != nil {
			return false, fmt.Errorf("network E: %w", err)
		}
	}
	return true, nil
}

// known are those of a state that module has.
func known(module any, state []nn.Entry) (out []nn.Entry) {
	own := nn.StateDict(module)
	for _, e := range state {
		if slices.ContainsFunc(own, func(o nn.Entry) bool { return o.Name == e.Name }) {
			out = append(out, e)
		}
	}
	return out
}
