package train

import (
	"encoding/json"
	"fmt"
)

// Passes counts the passes over the data for a model that changes with them. It is a scheduler that changes no rate, so that a
// checkpoint holds the number: a Schedule with Epochs.
type Passes struct {
	Over int `json:"over"`
}

// Step counts a pass.
func (p *Passes) Step() { p.Over++ }

// LastLR is nil.
func (p *Passes) LastLR() []float64 { return nil }

// State is the number.
func (p *Passes) State() json.RawMessage { return json.RawMessage(fmt.Sprintf(`{"over":%d}`, p.Over)) }

// Restore takes it up.
func (p *Passes) Restore(state json.RawMessage) error {
	var saved Passes
	if err := json.Unmarshal(state, &saved); err != nil || saved.Over < 0 {
		return fmt.Errorf("the number of passes cannot be read from %s", state)
	}
	*p = saved
	return nil
}
