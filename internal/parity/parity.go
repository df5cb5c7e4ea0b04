// Package parity compares Forger with numbers that official implementations gave.
//
// A case is a folder <system>/<case> with meta.json, inputs, outputs and, for networks, weights. Cases
// are found in the folder FORGER_PARITY, by default testdata/parity of the repository. FORGER_PARITY_DEVICE
// runs them on another device.
package parity

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// Case is one case, its tensors on the device under test.
type Case struct {
	Name string
	Meta Meta

	Weights, Inputs, Outputs State

	t       *testing.T
	device  torch.Device
	checked map[string]bool
}

// Meta is what meta.json says of a case.
type Meta struct {
	Class            string                     `json:"class"`
	Constructor      map[string]json.RawMessage `json:"constructor"`
	Mode             string                     `json:"mode"`
	Tolerance        map[string]json.RawMessage `json:"tolerance"`
	SuggestedAtol    map[string]float64         `json:"suggested_atol"`
	UnstableKeys     []string                   `json:"unstable_keys"`
	ZeroGradientKeys []string                   `json:"zero_gradient_keys"`
}

// State is named tensors.
type State map[string]*torch.Tensor

// Run runs f for each case of a system, as a subtest <system>/<case> inside a scope. After f, every recorded output
// must have been checked.
func Run(t *testing.T, system string, f func(t *testing.T, c *Case)) {
	torchtest.Native(t)
	root := os.Getenv("FORGER_PARITY")
	if root == "" {
		_, self, _, _ := runtime.Caller(0)
		root = filepath.Join(filepath.Dir(self), "../../testdata/parity")
	}
	metas, err := filepath.Glob(filepath.Join(root, system, "*", "meta.json"))
	require.NoError(t, err)
	require.NotEmpty(t, metas, "no cases of %s in %s", system, root)
	for _, meta := range metas {
		name := filepath.Base(filepath.Dir(meta))
		t.Run(system+"/"+name, func(t *testing.T) {
			torch.Scope(func() {
				c := load(t, filepath.Dir(meta))
				f(t, c)
				for name := range c.Outputs {
					require.True(t, c.checked[name], "the recorded output %s was not compared", name)
				}
			})
		})
	}
}

func load(t *testing.T, dir string) *Case {
	c := &Case{Name: filepath.Base(dir), t: t, checked: map[string]bool{}}
	text, err := os.ReadFile(filepath.Join(dir, "meta.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &c.Meta))
	if name := os.Getenv("FORGER_PARITY_DEVICE"); name != "" {
		c.device, err = torch.ParseDevice(name)
		require.NoError(t, err)
	}
	read := func(name string) State {
		s := State{}
		path := filepath.Join(dir, name+".safetensors")
		if _, err := os.Stat(path); err != nil && name == "weights" {
			return s
		}
		entries, err := checkpoint.Load(path)
		require.NoError(t, err)
		for _, e := range entries {
			s[e.Name] = e.Tensor.ToDevice(c.device)
		}
		return s
	}
	c.Weights, c.Inputs, c.Outputs = read("weights"), read("inputs"), read("outputs")
	return c
}

// Int is an integer of the constructor, or other where it is not given.
func (c *Case) Int(name string, other int) int {
	raw, ok := c.Meta.Constructor[name]
	if !ok {
		return other
	}
	require.NoError(c.t, json.Unmarshal(raw, &other))
	return other
}

// Load brings module to the device and fills it with the weights under prefix, all of them.
func (c *Case) Load(module any, prefix string) {
	nn.To(module, nn.ToOptions{Device: &c.device})
	var state []nn.Entry
	for name, t := range c.Weights {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			state = append(state, nn.Entry{Name: rest, Tensor: t})
		}
	}
	require.NoError(c.t, nn.LoadStateDict(module, state, true))
	switch c.Meta.Mode {
	case "eval":
		nn.Eval(module)
	case "train":
		nn.Train(module)
	default:
		require.Fail(c.t, "unknown mode", c.Meta.Mode)
	}
}

// Check compares a result with the recorded one. The tolerance is the kit's: 20 times what float32 loses against
// float64 in this case, plus 1e-5 of the magnitude; on a GPU, which sums in another order and may use TF32, it is at
// least 1e-3 of the magnitude.
func (c *Case) Check(name string, got *torch.Tensor) {
	c.t.Helper()
	want := c.Outputs[name]
	require.NotNil(c.t, want, "the case has no output %s", name)
	c.checked[name] = true
	require.NotNil(c.t, got, "%s: no result", name)
	diff, magnitude := torchtest.MaxDiff(c.t, got, want)
	atol, ok := c.Meta.SuggestedAtol[name]
	require.True(c.t, ok, "%s has no tolerance", name)
	if slices.Contains(c.Meta.UnstableKeys, strings.TrimPrefix(name, "final.")) || slices.Contains(c.Meta.UnstableKeys, name) {
		return
	}
	if c.device.Type == torch.CUDA {
		atol = max(atol, 1e-3*magnitude, 1e-5)
	}
	require.LessOrEqual(c.t, diff, atol, "%s (largest %g)", name, magnitude)
}

// CheckNetwork runs out through the case's loss, sum(proj.<name> · out), and compares the loss, the gradients of the
// parameters of module and of the inputs, and the buffers.
func (c *Case) CheckNetwork(module any, out State) {
	c.t.Helper()
	var loss *torch.Tensor
	for name, o := range out {
		c.Check(name, o)
		proj := c.Inputs["proj."+name]
		require.NotNil(c.t, proj, "no proj.%s", name)
		part := o.Mul(proj).Sum()
		if loss == nil {
			loss = part
		} else {
			loss = loss.Add(part)
		}
	}
	c.Check("loss", loss)
	loss.Backward()
	for _, e := range nn.StateDict(module) {
		if !e.Buffer {
			c.Check("grad."+e.Name, e.Tensor.Grad())
		} else if _, changed := c.Outputs["state."+e.Name]; changed {
			c.Check("state."+e.Name, e.Tensor)
		}
	}
	for name, x := range c.Inputs {
		if _, ok := c.Outputs["grad.input."+name]; ok {
			c.Check("grad.input."+name, x.Grad())
		}
	}
}
