package torch_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// An operatorCase is one call in testdata/operators/*.json and what PyTorch gives for it; make.py there says how to
// add one.
type operatorCase struct {
	Call    string // as Python writes it
	Op      string
	Args    []operatorArg
	Compare string // abs, shape, amd or cuda: see make.py
	Results []any
	Changed []operatorArg // arguments that the call changes, afterwards
}

// An operatorArg is a name and a value.
type operatorArg [2]any

func readOperatorCases(t testing.TB) (cases []operatorCase) {
	files, err := filepath.Glob("testdata/operators/*.json")
	require.NoError(t, err)
	for _, file := range files {
		f, err := os.Open(file)
		require.NoError(t, err)
		defer f.Close()
		d := json.NewDecoder(f)
		d.UseNumber() // 2 and 2.0 are different scalars
		var some []operatorCase
		require.NoError(t, d.Decode(&some), file)
		cases = append(cases, some...)
	}
	return cases
}

func TestOperatorsGiveWhatPyTorchGives(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	for _, c := range readOperatorCases(t) {
		t.Run(c.Call, func(t *testing.T) {
			torch.Scope(func() { c.run(t) })
		})
	}
}

func (c operatorCase) run(t *testing.T) {
	call, err := newOperatorCall(torch.Operators[c.Op], c.Args)
	require.NoError(t, err)
	torch.ManualSeed(0)
	before := torch.Live()
	var results []any
	failed := torch.Try(func() { results = call.do() })
	if n, _ := torch.CUDADevices(); c.Compare == "cuda" && n == 0 {
		require.Error(t, failed)
		return
	}
	require.NoError(t, failed)
	if self, ok := call.given["self"].(*torch.Tensor); ok && c.inPlace() {
		require.Equal(t, before, torch.Live(), "a call in place makes no tensor")
		require.Equal(t, []any{self}, results, "a call in place returns its receiver")
	}
	require.Len(t, results, len(c.Results))
	for i, want := range c.Results {
		c.compare(t, want, results[i])
	}
	for _, changed := range c.Changed {
		c.compare(t, changed[1], call.given[changed[0].(string)])
	}
}

func (c operatorCase) inPlace() bool {
	name, _, _ := strings.Cut(c.Op, ".")
	return strings.HasSuffix(name, "_")
}

// compare requires that got is what PyTorch gave.
func (c operatorCase) compare(t *testing.T, want, got any) {
	switch want := want.(type) {
	case []any: // tensors
		list := got.([]*torch.Tensor)
		require.Len(t, list, len(want))
		for i, w := range want {
			c.compare(t, w, list[i])
		}
	case map[string]any:
		got := got.(*torch.Tensor)
		require.Equal(t, want["tensor"], got.DType().String())
		require.Equal(t, intsOf(want["shape"]), append([]int{}, got.Shape()...))
		if stride, ok := want["stride"]; ok {
			require.Equal(t, intsOf(stride), got.Stride())
		}
		if c.Compare == "shape" || c.Compare == "amd" && onIntel() {
			return
		}
		tolerance := 1e-11
		if got.DType() == torch.Float32 {
			tolerance = 1e-5
		}
		values := flat(got)
		for i, v := range want["values"].([]any) {
			w, g := realOf(v), values[i]
			if c.Compare == "abs" {
				w, g = math.Abs(w), math.Abs(g)
			}
			if w != g && !(math.IsNaN(w) && math.IsNaN(g)) {
				require.InDelta(t, w, g, tolerance*max(1, math.Abs(w)), "element %d", i)
			}
		}
	case nil:
		require.Nil(t, got)
	default:
		require.Equal(t, want, got)
	}
}

// flat is the elements of a tensor as float64, real and imaginary parts in turn.
func flat(t *torch.Tensor) []float64 {
	t = t.Detach()
	switch t.DType() {
	case torch.Complex64, torch.Complex128:
		t = torch.FromBytes(torch.Complex128, t.ToDType(torch.Complex128).Bytes(), t.Shape()...).ViewAsReal()
	case torch.Bool:
		t = t.ToDType(torch.Uint8)
	}
	return torch.Values[float64](t.ToDType(torch.Float64))
}

// Every operator of ops.allow is called, and every field of its options is set, by some case.
func TestOperatorCasesLeaveNothingOut(t *testing.T) {
	set := map[string]map[string]bool{}
	for _, c := range readOperatorCases(t) {
		require.Contains(t, torch.Operators, c.Op, c.Call)
		if set[c.Op] == nil {
			set[c.Op] = map[string]bool{}
		}
		for _, a := range c.Args {
			set[c.Op][camel(a[0].(string))] = true
		}
	}
	for name, function := range torch.Operators {
		require.Contains(t, set, name, "no line in testdata/operators calls it")
		options := optionsOf(reflect.TypeOf(function))
		if options == nil {
			continue
		}
		for _, field := range reflect.VisibleFields(options) {
			switch field.Name {
			case "TensorOptions", "Device", "Pinned", "PinMemory": // what they change shows with a GPU only
			default:
				forCUDA := field.Name == "Driver" && strings.HasPrefix(name, "linalg_svd")
				assert.True(t, set[name][field.Name] || forCUDA, "no line in testdata/operators sets %s of %s", field.Name, name)
			}
		}
	}
}
