package stackgan

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// testdata/golden.py computes two steps of each stage from the tables of the TensorFlow program, in float64.
func TestStepsOfTheTensorFlowProgramComputeWhatItsDefinitionSays(t *testing.T) {
	torchtest.Native(t)
	for stage, size := range map[int]int{1: 64, 2: 128} {
		t.Run(fmt.Sprint("Stage ", stage), func(t *testing.T) {
			torch.Scope(func() {
				golden, err := checkpoint.Load(filepath.Join("testdata", "golden.safetensors"))
				require.NoError(t, err)
				state := checkpoint.Under(golden, fmt.Sprintf("stage%d.", stage))
				left := map[string]*torch.Tensor{}
				for _, e := range state {
					left[e.Name] = e.Tensor
				}
				near := func(name string, got *torch.Tensor) {
					t.Helper()
					require.NotNil(t, left[name], name)
					diff, magnitude := torchtest.MaxDiff(t, got.Detach(), left[name])
					require.LessOrEqual(t, diff, 1e-9*(1+magnitude), name)
					delete(left, name)
				}

				const n = 4
				m := build(t, Config{Stage: stage, Size: size, Text: 6, Condition: 4, Latent: 3, Width: 4, DWidth: 2, Blocks: 1, LR: 1e-3})
				zootest.Fill(m.G)
				zootest.Fill(m.D)
				b := train.NewBatch(map[string]*torch.Tensor{
					"image": zootest.Wave(0.9, 0.011, 0.3, n, 3, size, size), "wrong": zootest.Wave(0.8, 0.017, 0.9, n, 3, size, size),
					"text": zootest.Wave(1.5, 0.7, 0.2, n, 6),
				})
				phase := 0.0
				draw := func(int) Noise {
					noise := Noise{Z: zootest.Wave(1, 0.9, phase, n, 3), First: zootest.Wave(1.2, 0.5, phase+1, n, 4), Second: zootest.Wave(1.2, 0.5, phase+2, n, 4)}
					phase++
					return noise
				}
				gradients := func(name string, net any) {
					t.Helper()
					for _, e := range nn.StateDict(net) {
						if g := e.Tensor.Grad(); g != nil {
							near("grad."+name+"."+e.Name, g.Mul(zootest.Wave(1, 0.3, 0.1, g.Shape()...)).Sum())
						}
					}
				}
				for step := range 2 {
					at := fmt.Sprintf("step%d.", step)
					judged, made := m.discriminatorStep(b, draw)
					near(at+"pixels", every(every(made[0].Image, 2, 8), 3, 8))
					if step == 0 {
						gradients("D", m.D)
					}
					generated := m.generatorStep(b, made, draw)
					if step == 0 {
						gradients("G", m.G)
					}
					for _, l := range append(judged.Losses, generated.Losses...) {
						near(at+l.Name, l.Value)
					}
				}
				require.Empty(t, left, "everything recorded is compared")
			})
		})
	}
}
