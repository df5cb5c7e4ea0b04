package nn_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// The cases are layers in their corner settings with random weights, and losses: output, sum(proj · output), its
// gradients and the changed buffers, each at the kit's tolerance.
func TestParity(t *testing.T) {
	parity.RunCore(t, "nn", func(t *testing.T, c *parity.Case) {
		if slices.Contains(later, c.Meta.Class) {
			c.Later()
		}
		for name, x := range c.Inputs {
			if c.Outputs["grad.input."+name] != nil {
				x.SetRequiresGrad(true)
			}
		}
		if loss, ok := losses[c.Meta.Class]; ok {
			c.CheckNetwork(nn.NewSequential(), loss(c.Inputs, constructorOf[lossArguments](t, c)))
			return
		}
		if network, ok := networks[c.Meta.Class]; ok {
			c.CheckNetwork(network(t, c, constructorOf[networkArguments](t, c)))
			return
		}
		args := constructorOf[arguments](t, c)
		build, ok := layers[c.Meta.Class]
		require.True(t, ok, "a case of an unknown class: %s", c.Meta.Class)
		layer := build(t, args)
		c.Load(layer, "")
		forward := layer.Forward
		if args.OutputSize != nil {
			forward = func(x *torch.Tensor) *torch.Tensor {
				return layer.(*nn.ConvTranspose2d).ForwardSize(x, args.OutputSize)
			}
		}
		if slices.Contains(c.Meta.Notes, "input and weight in channels_last") {
			nn.To(layer, nn.ToOptions{MemoryFormat: torch.ChannelsLast})
			plain := forward
			forward = func(x *torch.Tensor) *torch.Tensor {
				return plain(x.To(torch.ToOptions{MemoryFormat: torch.ChannelsLast}))
			}
		}
		if c.Inputs["x"] != nil {
			out := forward(c.Inputs["x"])
			require.Equal(t, strings.Contains(c.Name, "channels_last"), out.IsContiguous(torch.ChannelsLast) && !out.IsContiguous())
			c.CheckNetwork(layer, parity.State{"out": out})
			return
		}
		// Three batches one after another.
		c.CheckNetwork(layer, parity.State{
			"out.0": forward(c.Inputs["x1"]), "out.1": forward(c.Inputs["x2"]), "out.2": forward(c.Inputs["x3"]),
		})
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

var layers = map[string]func(t *testing.T, a arguments) nn.Layer{
	"torch.nn.Linear": func(t *testing.T, a arguments) nn.Layer {
		return nn.NewLinear(int(a.number(t, 0)), int(a.number(t, 1)), nn.LinearOptions{NoBias: no(a.Bias)})
	},
	"torch.nn.Conv2d": func(t *testing.T, a arguments) nn.Layer {
		in, out, kernel, c := a.conv(t)
		return nn.NewConv2d(in, out, kernel, c)
	},
	"torch.nn.ConvTranspose2d": func(t *testing.T, a arguments) nn.Layer {
		in, out, kernel, c := a.conv(t)
		return nn.NewConvTranspose2d(in, out, kernel, c)
	},
	"torch.nn.BatchNorm2d": func(t *testing.T, a arguments) nn.Layer {
		o := nn.BatchNorm{Cumulative: string(a.Momentum) == "null", NoAffine: no(a.Affine), NoTracking: no(a.TrackRunningStats)}
		if len(a.Args) > 1 {
			o.Eps = a.number(t, 1)
		}
		return nn.NewBatchNorm2d(int(a.number(t, 0)), o)
	},
	"torch.nn.MaxPool2d": func(t *testing.T, a arguments) nn.Layer {
		return nn.MaxPool2d{Size: dims(t, a.Args[0]), Stride: dims(t, a.Stride), Padding: dims(t, a.Padding), Dilation: dims(t, a.Dilation)}
	},
	"torch.nn.LeakyReLU": func(t *testing.T, a arguments) nn.Layer {
		if len(a.Args) == 0 {
			return nn.LeakyReLU{}
		}
		return nn.LeakyReLU{Slope: a.number(t, 0)}
	},
	"torch.nn.ReLU":    func(*testing.T, arguments) nn.Layer { return nn.ReLU{} },
	"torch.nn.Tanh":    func(*testing.T, arguments) nn.Layer { return nn.Tanh{} },
	"torch.nn.Sigmoid": func(*testing.T, arguments) nn.Layer { return nn.Sigmoid{} },
	"torch.nn.Flatten": func(*testing.T, arguments) nn.Layer { return nn.Flatten{} },
}
