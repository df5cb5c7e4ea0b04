// Package parity compares Forger with numbers that official implementations gave.
//
// A case is a folder <group>/<case> with meta.json, inputs, outputs and, for networks, weights. Cases of
// the zoo's systems are found in the folder FORGER_PARITY, by default testdata/parity of the repository,
// those of the layers below in FORGER_PARITY_CORE, by default testdata/parity-core. FORGER_PARITY_DEVICE
// runs them on another device.
package parity

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/goldentest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// Case is one case, its tensors on the device under test.
type Case struct {
	Name string
	Dir  string // where its files are
	Meta Meta

	Weights, Inputs, Outputs State

	t       *testing.T
	device  torch.Device
	checked map[string]bool
}

// Meta is what meta.json says of a case.
type Meta struct {
	Class       string                     `json:"class"`
	Constructor map[string]json.RawMessage `json:"constructor"`
	Mode        string                     `json:"mode"`
	KeyOrder    []string                   `json:"key_order"`
	Notes       []string                   `json:"notes"`
	StateDict   struct {
		ParamGroups []json.RawMessage `json:"param_groups"`
	} `json:"state_dict_after_step3"` // of an optimiser
	Tolerance        map[string]json.RawMessage `json:"tolerance"`
	SuggestedAtol    map[string]float64         `json:"suggested_atol"`
	UnstableKeys     []string                   `json:"unstable_keys"`
	Facts            map[string]json.RawMessage `json:"facts"` // of the engine
	ZeroGradientKeys []string                   `json:"zero_gradient_keys"`
}

// State is named tensors.
type State map[string]*torch.Tensor

// Run runs f for each case of a system, as a subtest <system>/<case> inside a scope. After f, every recorded output
// must have been checked.
func Run(t *testing.T, system string, f func(t *testing.T, c *Case)) {
	run(t, "FORGER_PARITY", "parity", system, f)
}

// RunCore does the same for a group of the kit of what lies below networks (optim, nn), or for some of its cases
// (optim/clip_*).
func RunCore(t *testing.T, group string, f func(t *testing.T, c *Case)) {
	run(t, "FORGER_PARITY_CORE", "parity-core", group, f)
}

func run(t *testing.T, variable, folder, group string, f func(t *testing.T, c *Case)) {
	torchtest.Native(t)
	root := goldentest.Kit(variable, folder)
	group, pattern, some := strings.Cut(group, "/")
	if !some {
		pattern = "*"
	}
	metas, err := filepath.Glob(filepath.Join(root, group, pattern, "meta.json"))
	require.NoError(t, err)
	require.NotEmpty(t, metas, "no cases of %s/%s in %s", group, pattern, root)
	for _, meta := range metas {
		name := filepath.Base(filepath.Dir(meta))
		t.Run(group+"/"+name, func(t *testing.T) {
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

// Device is the device under test.
func (c *Case) Device() torch.Device { return c.device }

func load(t *testing.T, dir string) *Case {
	c := &Case{Name: filepath.Base(dir), Dir: dir, t: t, checked: map[string]bool{}}
	text, err := os.ReadFile(filepath.Join(dir, "meta.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &c.Meta))
	if name := os.Getenv("FORGER_PARITY_DEVICE"); name != "" {
		c.device, err = torch.ParseDevice(name)
		require.NoError(t, err)
		torch.SetTF32(false) // cuDNN's default would cost 2e-3 of the magnitude
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
	c.Setting(name, &other)
	return other
}

// Setting reads an argument of the constructor into the variable that to points to, and leaves that alone where the
// argument is not given.
func (c *Case) Setting(name string, to any) {
	c.t.Helper()
	if raw, ok := c.Meta.Constructor[name]; ok {
		require.NoError(c.t, json.Unmarshal(raw, to), name)
	}
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

// Check compares a result with the recorded one.
func (c *Case) Check(name string, got *torch.Tensor) {
	c.t.Helper()
	c.checked[name] = true
	c.CheckWith(name, got, c.Outputs[name])
}

// CheckWith compares a result with want at the tolerance of the output name. That is the kit's: 20 times what float32
// loses against float64 in this case, plus 1e-5 of the magnitude; where a case has no such figure (float64, bfloat16)
// the relative and absolute tolerance that it states for each element, and infinities and NaNs must be the same. On a
// GPU, which sums in another order, it is at least 1e-3 of the magnitude. Integers must be equal.
func (c *Case) CheckWith(name string, got, want *torch.Tensor) {
	c.t.Helper()
	require.NotNil(c.t, want, "the case has no output %s", name)
	require.NotNil(c.t, got, "%s: no result", name)
	require.Equal(c.t, want.DType(), got.DType(), "%s: element type", name)
	diff, magnitude := torchtest.MaxDiff(c.t, got, want)
	if diff == 0 { // needs no tolerance: a case of NaN has none
		return
	}
	if slices.Contains(c.Meta.UnstableKeys, strings.TrimPrefix(name, "final.")) || slices.Contains(c.Meta.UnstableKeys, name) {
		return
	}
	atol, ok := c.Meta.SuggestedAtol[name]
	switch {
	case !want.DType().IsFloat():
		atol = 0
	case !ok:
		var rtol float64
		rtol, atol = c.tolerance(name)
		torch.Scope(func() {
			x, y := got.Detach().ToDType(torch.Float64), want.ToDType(torch.Float64)
			same := x.Eq(y).LogicalOr(x.IsNaN().LogicalAnd(y.IsNaN()))
			diff = x.Sub(y).Abs().Sub(y.Abs().MulScalar(rtol)).MaskedFill(same, 0).Max().Item()
		})
	}
	if c.device.Type == torch.CUDA && atol > 0 {
		atol = max(atol, 1e-3*magnitude, 1e-5)
	}
	require.LessOrEqual(c.t, diff, atol, "%s (largest %g)", name, magnitude)
}

// tolerance is what the case states for all of its outputs, or one for its gradients and one for the others.
func (c *Case) tolerance(name string) (rtol, atol float64) {
	stated, kind := c.Meta.Tolerance, "forward"
	if strings.HasPrefix(name, "grad") {
		kind = "grad"
	}
	if raw, ok := stated[kind]; ok {
		stated = nil
		require.NoError(c.t, json.Unmarshal(raw, &stated), "%s", name)
	}
	require.NoError(c.t, json.Unmarshal(stated["rtol"], &rtol), "%s has no tolerance", name)
	require.NoError(c.t, json.Unmarshal(stated["atol"], &atol), "%s has no tolerance", name)
	return rtol, atol
}

// CheckNetwork runs out through the case's loss, sum(proj.<name> · out), or sum(proj · out) where there is one output, and
// compares the loss and what is recorded of the gradients of the parameters of module and of the inputs, and of the buffers.
func (c *Case) CheckNetwork(module any, out State) {
	c.t.Helper()
	var loss *torch.Tensor
	for name, o := range out {
		c.Check(name, o)
		proj := c.Inputs["proj."+name]
		if len(out) == 1 && proj == nil {
			proj = c.Inputs["proj"]
		}
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
		name, got := "grad."+e.Name, e.Tensor.Grad()
		if e.Buffer {
			name, got = "state."+e.Name, e.Tensor
		}
		if _, recorded := c.Outputs[name]; recorded {
			c.Check(name, got)
		}
	}
	for name, x := range c.Inputs {
		if _, ok := c.Outputs["grad.input."+name]; ok {
			c.Check("grad.input."+name, x.Grad())
		}
	}
}
