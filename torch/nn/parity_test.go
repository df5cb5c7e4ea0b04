package nn_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// The cases are layers in their corner settings with random weights, and losses: output, sum(proj · output), its
// gradients and the changed buffers, each at the kit's tolerance.
func TestParity(t *testing.T) {
	parity.RunCore(t, "nn", func(t *testing.T, c *parity.Case) {
		for name, x := range c.Inputs {
			if c.Outputs["grad.input."+name] != nil {
				x.SetRequiresGrad(true)
			}
		}
		if checkLayer(t, c) {
			return
		}
		if network, ok := networks[c.Meta.Class]; ok {
			module, out := network(t, c, constructorOf[networkArguments](t, c))
			require.Equal(t, c.Meta.KeyOrder, names(nn.StateDict(module)))
			c.CheckNetwork(module, out)
			return
		}
		loss, ok := losses[c.Meta.Class]
		require.True(t, ok, "a case of an unknown class: %s", c.Meta.Class)
		c.CheckNetwork(nn.NewSequential(), loss(c.Inputs, constructorOf[lossArguments](t, c)))
	})
}

// arguments are those of PyTorch's constructors, args the ones without a name.
type arguments struct {
	Args              []json.RawMessage
	Bias              *bool
	Stride            json.RawMessage
	Padding           json.RawMessage
	OutputPadding     json.RawMessage `json:"output_padding"`
	Dilation          json.RawMessage
	Groups            int
	PaddingMode       string          `json:"padding_mode"`
	OutputSize        []int           `json:"output_size"` // an argument of forward
	Momentum          json.RawMessage // null is PyTorch's None
	Affine            *bool
	TrackRunningStats *bool `json:"track_running_stats"`
}

// constructorOf reads the constructor of a case; an argument that this test does not know fails it.
func constructorOf[T any](t *testing.T, c *parity.Case) (a T) {
	all, err := json.Marshal(c.Meta.Constructor)
	require.NoError(t, err)
	d := json.NewDecoder(bytes.NewReader(all))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&a))
	return a
}

// number is the i-th argument without a name.
func (a arguments) number(t *testing.T, i int) (x float64) {
	require.NoError(t, json.Unmarshal(a.Args[i], &x))
	return x
}

// dims reads a number, a list of numbers or a word; nothing is nil.
func dims(t *testing.T, raw json.RawMessage) nn.Dims {
	var one int
	var many []int
	var word string
	switch {
	case raw == nil:
		return nil
	case json.Unmarshal(raw, &one) == nil:
		return one
	case json.Unmarshal(raw, &many) == nil:
		return many
	}
	require.NoError(t, json.Unmarshal(raw, &word))
	return word
}

func no(flag *bool) bool { return flag != nil && !*flag }

// conv reads channels, kernel and settings. PyTorch's fourth and fifth argument are stride and padding.
func (a arguments) conv(t *testing.T) (in, out int, kernel nn.Dims, c nn.Conv) {
	if len(a.Args) > 3 {
		a.Stride = a.Args[3]
	}
	if len(a.Args) > 4 {
		a.Padding = a.Args[4]
	}
	return int(a.number(t, 0)), int(a.number(t, 1)), dims(t, a.Args[2]), nn.Conv{
		Stride: dims(t, a.Stride), Padding: dims(t, a.Padding), OutputPadding: dims(t, a.OutputPadding),
		Dilation: dims(t, a.Dilation), Groups: a.Groups, PaddingMode: a.PaddingMode, NoBias: no(a.Bias),
	}
}
