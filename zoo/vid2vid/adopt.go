package vid2vid

import (
	"fmt"
	"strings"

	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
)

// Adopt lets a run of more generators begin from one of fewer, at a lower resolution, as the paper trains: what both have is
// taken over. The finer generators and the discriminators of the highest resolutions begin afresh.
func (m *Model) Adopt(state []nn.Entry) (adopted bool, err error) {
	finest := fmt.Sprintf("G%d.", len(m.G)-1)
	if checkpoint.Under(state, "G0.") == nil || checkpoint.Under(state, finest) != nil {
		return false, nil
	}
	for _, n := range m.Parts().Networks {
		part := checkpoint.Under(state, n.Name+".")
		if part == nil {
			continue
		}
		generator := strings.HasPrefix(n.Name, "G")
		if err := nn.LoadStateDict(n.Module, part, generator); err != nil {
			return false, fmt.Errorf("network %s: %w", n.Name, err)
		}
	}
	return true, nil
}
