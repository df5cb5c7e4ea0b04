package amp_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/amp"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

func weights() []*torch.Tensor {
	return []*torch.Tensor{torch.FromSlice([]float32{1, -2}).SetRequiresGrad(true)}
}

func floats(t *torch.Tensor) []float64 {
	return torch.Values[float64](t.Detach().ToDType(torch.Float64))
}

// Two optimisers share a scaler, and a loss overflows in two iterations: once the one's, once the other's. The numbers
// are those of torch.amp.GradScaler, from testdata/scaler.py.
func TestTheScaleFollowsPythons(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	text, err := os.ReadFile("testdata/scaler.json")
	require.NoError(t, err)
	var rows []struct {
		Weight float64
		G, D   []float64
		State  json.RawMessage
	}
	require.NoError(t, json.Unmarshal(text, &rows))
	torch.Scope(func() {
		g, d := weights(), weights()
		optG, optD := optim.NewSGD(g, optim.SGDOptions{LR: 0.25}), optim.NewAdam(d, optim.AdamOptions{LR: 0.1})
		s := amp.NewGradScaler(amp.GradScalerOptions{InitScale: 1024, GrowthFactor: 4, BackoffFactor: 0.25, GrowthInterval: 3})
		for i, row := range rows {
			if i == 7 { // a second scaler goes on from the first one's state
				s = amp.NewGradScaler(amp.GradScalerOptions{})
				require.NoError(t, s.Restore(rows[i-1].State))
			}
			torch.Scope(func() {
				for k, p := range []*torch.Tensor{g[0], d[0]} {
					opt := []optim.Optimizer{optG, optD}[k]
					opt.ZeroGrad()
					weight := 1.0
					if (k == 0) == (i < 6) {
						weight = row.Weight
					}
					s.Scale(p.Mul(p).MulScalar(weight).Sum()).Backward()
				}
				s.Unscale(optG)
				overflow := row.Weight > 1
				require.Equal(t, !(overflow && i < 6), s.Step(optG), "iteration %d", i)
				require.Equal(t, !(overflow && i >= 6), s.Step(optD), "iteration %d", i)
				s.Update()
			})
			require.JSONEq(t, string(row.State), string(s.State()), "iteration %d", i)
			require.InDeltaSlice(t, row.G, floats(g[0]), 1e-6, "iteration %d", i)
			require.InDeltaSlice(t, row.D, floats(d[0]), 1e-6, "iteration %d", i)
		}
	})
}

// The gradient 2⁻³⁰ is 0 in float16, that times 65536 is not.
func TestAScaledLossBringsSmallGradientsThroughFloat16(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x, w := torch.Full([]int{1, 1}, math.Pow(2, -14)), torch.Ones([]int{1, 1}).SetRequiresGrad(true)
		opt := optim.NewSGD([]*torch.Tensor{w}, optim.SGDOptions{LR: 1})
		gradient := func(scale func(*torch.Tensor) *torch.Tensor) float64 {
			opt.ZeroGrad()
			var y *torch.Tensor
			torch.Autocast(torch.AutocastOptions{DType: torch.Float16}, func() { y = x.MM(w) })
			scale(y.ToDType(torch.Float32).MulScalar(math.Pow(2, -16)).Sum()).Backward()
			return w.Grad().Item()
		}
		require.Zero(t, gradient(func(loss *torch.Tensor) *torch.Tensor { return loss }))
		s := amp.NewGradScaler(amp.GradScalerOptions{})
		gradient(s.Scale)
		s.Unscale(opt)
		require.Equal(t, math.Pow(2, -30), w.Grad().Item())
		require.True(t, s.Step(opt))
	})
}

func TestMisuseOfAScalerPanicsWithAnError(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		p := weights()
		opt := optim.NewSGD(p, optim.SGDOptions{})
		s := amp.NewGradScaler(amp.GradScalerOptions{})
		refuses := func(message string, f func()) {
			t.Helper()
			require.EqualError(t, torch.Try(f), "torch.GradScaler: "+message)
		}
		refuses("Unscale before the first Scale", func() { s.Step(opt) })
		refuses("Update before a Step", s.Update)
		s.Scale(p[0].Sum()).Backward()
		s.Unscale(opt)
		refuses("Unscale twice without Update", func() { s.Unscale(opt) })
		s.Step(opt)
		refuses("Step twice without Update", func() { s.Step(opt) })
		refuses("Unscale after Step, without Update", func() { s.Unscale(opt) })
		s.Update()

		half := torch.Ones([]int{1}).ToDType(torch.Float16).SetRequiresGrad(true)
		half.SetGrad(half.OnesLike())
		refuses("gradients in float16: keep the parameters in float32", func() {
			s.Unscale(optim.NewSGD([]*torch.Tensor{half}, optim.SGDOptions{}))
		})
		refuses("the scale -1 is not above 0", func() { amp.NewGradScaler(amp.GradScalerOptions{InitScale: -1}) })
		refuses("the growth factor 1 is not above 1", func() { amp.NewGradScaler(amp.GradScalerOptions{GrowthFactor: 1}) })
		refuses("the backoff factor 1 is not between 0 and 1", func() { amp.NewGradScaler(amp.GradScalerOptions{BackoffFactor: 1}) })
		refuses("the growth interval -1 is not at least 1", func() { amp.NewGradScaler(amp.GradScalerOptions{GrowthInterval: -1}) })
	})
}

func TestAScalersStateThatMakesNoSenseIsRefusedAndChangesNothing(t *testing.T) {
	s := amp.NewGradScaler(amp.GradScalerOptions{})
	before := s.State()
	for state, message := range map[string]string{
		`{}`:             "the scale 0 is not above 0",
		`{"scale": "x"}`: "cannot unmarshal string",
		`{"scale": 1, "growth_factor": 0.5, "backoff_factor": 0.5, "growth_interval": 1}`: "the growth factor 0.5 is not above 1",
	} {
		require.ErrorContains(t, s.Restore(json.RawMessage(state)), message)
		require.JSONEq(t, string(before), string(s.State()))
	}
	require.Equal(t, 65536.0, s.GetScale())
}
