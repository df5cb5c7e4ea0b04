package spade

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/checkpoint/pth"
	"github.com/forgergan/forger/torch/nn"
)

// The lists of names are those of the golden cases, which the official networks gave.
func TestFilesForPythonHaveTheOfficialNamesAndLoadBack(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "keys.json"))
	require.NoError(t, err)
	var official map[string][]string
	require.NoError(t, json.Unmarshal(text, &official))
	torch.Scope(func() {
		m, other := model(t, small["a style"]), model(t, small["a style"])
		b := batch(t, m, 2)
		m.Step(b)
		for i, n := range m.Parts().Networks {
			path := filepath.Join(t.TempDir(), "latest_net_"+n.Name+".pth")
			require.NoError(t, pth.Save(path, pth.FromState(nn.StateDict(n.Module))))
			state, err := checkpoint.Load(path)
			require.NoError(t, err)
			var names []string
			for _, e := range state {
				names = append(names, e.Name)
			}
			require.Equal(t, official[n.Name], names, n.Name)
			require.NoError(t, nn.LoadStateDict(other.Parts().Networks[i].Module, state, true))
		}
		torch.ManualSeed(2)
		want := m.Translate(b, false)
		torch.ManualSeed(2)
		require.True(t, want.Equal(other.Translate(b, false)))
		require.True(t, strings.HasPrefix(official["D"][0], "discriminator_0.model0.0."))
	})
}
