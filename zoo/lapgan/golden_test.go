package lapgan

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// The numbers, in float64, are of testdata/golden.py. Momentum rises after the second step, so the base level begins to have one.
func TestThreeStepsComputeWhatTheirDefinitionSays(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		state, err := checkpoint.Load(filepath.Join("testdata", "golden.safetensors"))
		require.NoError(t, err)
		golden := map[string]*torch.Tensor{}
		for _, e := range state {
			golden[e.Name] = e.Tensor
		}
		m, err := New(Config{Sides: "8,16", Channels: 1, Latent: 5, BaseWidth: 6, BaseDWidth: 6, Width: 2, DWidth: 2, Epoch: 2, Decay: new(1.0)})
		require.NoError(t, err)
		for _, n := range m.Parts().Networks {
			nn.To(n.Module, nn.ToOptions{DType: torch.Float64})
			nn.Eval(n.Module) // without dropout
			if n.Name != "norm" {
				require.NoError(t, nn.LoadStateDict(n.Module, checkpoint.Under(state, n.Name+"."), true))
			}
		}
		near := func(name string, got *torch.Tensor) {
			t.Helper()
			require.NotNil(t, golden[name], name)
			diff, _ := torchtest.MaxDiff(t, got.Detach().ToDType(torch.Float64), golden[name])
			require.LessOrEqual(t, diff, 1e-7*(1+golden[name].Abs().Max().Item()), name)
		}
		for step := range 3 {
			whose := "D"
			draw := func(k, n int, _ torch.Device) *torch.Tensor {
				noise := golden[fmt.Sprintf("%d.noise.%s%d", step, whose, k)]
				require.Equal(t, n, noise.Size(0))
				whose = map[string]string{"D": "G", "G": "D"}[whose]
				return noise
			}
			b := train.NewBatch(map[string]*torch.Tensor{"image": golden[fmt.Sprint(step, ".images")]})
			b.More = []*train.Batch{train.NewBatch(map[string]*torch.Tensor{"image": golden[fmt.Sprint(step, ".more")]})}
			out := m.step(b, draw)
			require.Len(t, out.Losses, 6)
			for _, l := range out.Losses {
				near(fmt.Sprintf("%d.%s", step, l.Name), l.Value)
			}
			for _, s := range m.Parts().Schedules {
				s.Scheduler.Step()
			}
		}
		for _, n := range m.Parts().Networks[1:] {
			for _, e := range nn.StateDict(n.Module) {
				near("after."+n.Name+"."+e.Name, e.Tensor)
			}
		}
	})
}
