package s3gan

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// golden are numbers in float64 that testdata/golden.py computes from the definitions, in TensorFlow's layouts.
type golden struct {
	t       *testing.T
	tensors map[string]*torch.Tensor
}

func load(t *testing.T) golden {
	t.Helper()
	state, err := checkpoint.Load(filepath.Join("testdata", "golden.safetensors"))
	require.NoError(t, err)
	g := golden{t, map[string]*torch.Tensor{}}
	for _, e := range state {
		g.tensors[e.Name] = e.Tensor
	}
	return g
}

// fill brings module to float64 and gives it the weights under prefix, all of them but the accumulators.
func (g golden) fill(module any, prefix string) {
	nn.To(module, nn.ToOptions{DType: torch.Float64})
	torch.NoGrad(func() {
		for _, e := range nn.StateDict(module) {
			if !strings.Contains(e.Name, ".accu.") {
				require.NotNil(g.t, g.tensors[prefix+e.Name], prefix+e.Name)
				e.Tensor.CopyInPlace(g.tensors[prefix+e.Name])
			}
		}
	})
}

func (g golden) near(name string, got *torch.Tensor) {
	g.t.Helper()
	want := g.tensors[name]
	require.NotNil(g.t, want, name)
	require.NotNil(g.t, got, "%s has no gradient", name)
	require.Equal(g.t, torch.Float64, got.DType(), name)
	diff, _ := torchtest.MaxDiff(g.t, got.Detach(), want)
	require.LessOrEqual(g.t, diff, 1e-10*(1+want.Abs().Max().Item()), name)
}

// learnt compares the gradients of module, and the vectors of its spectral norms.
func (g golden) learnt(module any, prefix string) {
	g.t.Helper()
	for _, e := range nn.StateDict(module) {
		switch {
		case strings.HasSuffix(e.Name, ".u_var"):
			g.near("after."+prefix+e.Name, e.Tensor)
		case !e.Buffer:
			g.near("grad."+prefix+e.Name, e.Tensor.Grad())
		}
	}
}

func TestBlocksComputeWhatTheirDefinitionSays(t *testing.T) {
	native(t)
	torch.Scope(func() {
		g := load(t)
		for name, block := range map[string]any{
			"gblock": newGBlock(3, 2, 5), "dblock": newDBlock(2, 3, true), "lastblock": newDBlock(2, 2, false),
		} {
			g.fill(block, name+".")
			x := g.tensors[name+"_x"].Clone().SetRequiresGrad(true)
			var y *torch.Tensor
			if b, ok := block.(*GBlock); ok {
				y = b.Forward(x, g.tensors["gblock_c"])
			} else {
				y = block.(*DBlock).Forward(x)
			}
			g.near(name+"_out", y)
			y.Mul(g.tensors[name+"_proj"]).Sum().Backward()
			g.near("grad."+name+"_x", x.Grad())
			g.learnt(block, name+".")
		}
	})
}

func TestAStepOfS3GANCOComputesWhatItsDefinitionSays(t *testing.T) {
	native(t)
	torch.Scope(func() {
		g := load(t)
		m, err := New(Config{Size: 32, Channels: 1, Classes: 3, Latent: 8, Width: 1, Predictor: true, RotatedFraction: 1, DSteps: 1})
		require.NoError(t, err)
		g.fill(m.G, "G.")
		g.fill(m.D, "D.")
		m.fixed = m.fixed.ToDType(torch.Float64)
		m.optG.SetLR(0) // the gradients of both are those of the first weights
		m.optD.SetLR(0)
		draw := func(int) (z, classes *torch.Tensor) { return g.tensors["z"], g.tensors["wanted"] }
		batch := train.NewBatch(map[string]*torch.Tensor{"image": g.tensors["image"], "label": g.tensors["label"]})

		for _, l := range m.discriminatorStep(batch, draw) {
			g.near(l.Name, l.Value)
		}
		for _, l := range m.generatorStep(batch, draw) {
			g.near(l.Name, l.Value)
		}
		g.learnt(m.G, "G.")
		g.learnt(m.D, "D.") // the generator's step has left its gradients alone, and moved its vectors on
		g.fill(m.G, "G.")
		g.near("fake", m.G.Forward(g.tensors["z"], m.oneHot(g.tensors["wanted"])))
	})
}
