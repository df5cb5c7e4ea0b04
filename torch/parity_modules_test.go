package torch_test

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// modules makes each of the kit's layers in its order, so that each must draw what PyTorch's layer draws.
func (c *randomCase) modules(t *testing.T) {
	list, each := c.meta.Constructor.Order, false
	if list == nil {
		list, each = c.meta.Constructor.Modules, true
	}
	var order [][2]string
	require.NoError(t, json.Unmarshal(list, &order))
	torch.ManualSeed(c.meta.Constructor.Seed)
	torch.Scope(func() {
		for _, m := range order {
			build := layers[m[1]]
			require.NotNil(t, build, "nothing draws %s", m[1])
			if each {
				torch.ManualSeed(c.meta.Constructor.Seed)
			}
			build(state{c, t, m[0] + "."})
		}
		if !each {
			c.compareState(t, "state_after", torch.DefaultGenerator(torch.Device{}))
		}
	})
}

// A state makes and compares the tensors of one module.
type state struct {
	c      *randomCase
	t      *testing.T
	prefix string
}

func (s state) in(name string) state { return state{s.c, s.t, s.prefix + name + "."} }

func (s state) check(name string, x *torch.Tensor) { s.c.compare(s.t, s.prefix+name, x) }

func (s state) constant(name string, v float64, size ...int) { s.check(name, torch.Full(size, v)) }

// linear draws weight and bias of Linear.
func (s state) linear(out, in int) {
	w, b := torch.Empty([]int{out, in}), torch.Empty([]int{out})
	initializer.LinearDefaults(w, b)
	s.check("weight", w)
	s.check("bias", b)
}

func (s state) norm(n int) {
	s.constant("weight", 1, n)
	s.constant("bias", 0, n)
}

func (s state) uniform(bound float64, name string, size ...int) {
	x := torch.Empty(size)
	initializer.Uniform(x, -bound, bound)
	s.check(name, x)
}

// recurrent draws the parameters of a recurrent layer: all uniform in ±1/√hidden, gates stacked.
func (s state) recurrent(gates, inputs, hidden, layers int, suffixes ...string) {
	bound := 1 / math.Sqrt(float64(hidden))
	for layer := range layers {
		in := inputs
		if layer > 0 {
			in = hidden * len(suffixes)
		}
		for _, suffix := range suffixes {
			suffix = strings.ReplaceAll(suffix, "N", strconv.Itoa(layer))
			s.uniform(bound, "weight_ih"+suffix, gates*hidden, in)
			s.uniform(bound, "weight_hh"+suffix, gates*hidden, hidden)
			s.uniform(bound, "bias_ih"+suffix, gates*hidden)
			s.uniform(bound, "bias_hh"+suffix, gates*hidden)
		}
	}
}

// attention draws the output layer first, whose bias is then set to 0, and the joint input matrix after it.
func (s state) attention(n int) {
	out := torch.Empty([]int{n, n})
	initializer.LinearDefaults(out, torch.Empty([]int{n}))
	s.check("out_proj.weight", out)
	s.constant("out_proj.bias", 0, n)
	in := torch.Empty([]int{3 * n, n})
	initializer.XavierUniform(in, 1)
	s.check("in_proj_weight", in)
	s.constant("in_proj_bias", 0, 3*n)
}

// made compares the state of a layer of package nn.
func made(layer func() any) func(s state) {
	return func(s state) {
		for _, e := range nn.StateDict(layer()) {
			s.check(e.Name, e.Tensor)
		}
	}
}

// layers makes the kit's layers by nn's constructors, the recurrent and attention layers by their draws.
var layers = map[string]func(s state){
	"Linear(5, 3)":                       made(func() any { return nn.NewLinear(5, 3) }),
	"Linear(4, 2, bias=False)":           made(func() any { return nn.NewLinear(4, 2, nn.LinearOptions{NoBias: true}) }),
	"Conv1d(3, 4, 5)":                    made(func() any { return nn.NewConv1d(3, 4, 5) }),
	"Conv2d(3, 4, 3)":                    made(func() any { return nn.NewConv2d(3, 4, 3) }),
	"Conv2d(4, 6, 3, groups=2)":          made(func() any { return nn.NewConv2d(4, 6, 3, nn.Conv{Groups: 2}) }),
	"Conv3d(2, 2, 2)":                    made(func() any { return nn.NewConv3d(2, 2, 2) }),
	"ConvTranspose2d(3, 4, 4)":           made(func() any { return nn.NewConvTranspose2d(3, 4, 4) }),
	"ConvTranspose2d(4, 6, 3, groups=2)": made(func() any { return nn.NewConvTranspose2d(4, 6, 3, nn.Conv{Groups: 2}) }),
	"ConvTranspose1d(3, 2, 4)":           made(func() any { return nn.NewConvTranspose1d(3, 2, 4) }),
	"Embedding(6, 4)":                    made(func() any { return nn.NewEmbedding(6, 4) }),
	"Embedding(6, 3, padding_idx=1)":     made(func() any { return nn.NewEmbedding(6, 3, nn.EmbeddingOptions{PaddingIdx: new(1)}) }),
	"BatchNorm2d(4)":                     made(func() any { return nn.NewBatchNorm2d(4) }),
	"GroupNorm(2, 4)":                    made(func() any { return nn.NewGroupNorm(2, 4) }),
	"PReLU(3)":                           made(func() any { return nn.NewPReLU(3) }),
	"Bilinear(3, 4, 2)":                  made(func() any { return nn.NewBilinear(3, 4, 2) }),
	"spectral_norm(Conv2d(3, 4, 3))":     made(func() any { return nn.SpectralNorm(nn.NewConv2d(3, 4, 3)) }),

	"GRU(3, 4, 2, bidirectional=True)": func(s state) { s.recurrent(3, 3, 4, 2, "_lN", "_lN_reverse") },
	"LSTM(3, 4)":                       func(s state) { s.recurrent(4, 3, 4, 1, "_lN") },
	"RNN(3, 4)":                        func(s state) { s.recurrent(1, 3, 4, 1, "_lN") },
	"GRUCell(3, 4)":                    func(s state) { s.recurrent(3, 3, 4, 1, "") },
	"MultiheadAttention(8, 2)":         func(s state) { s.attention(8) },
	"TransformerEncoderLayer(8, 2, 16)": func(s state) {
		s.in("self_attn").attention(8)
		s.in("linear1").linear(16, 8)
		s.in("linear2").linear(8, 16)
		s.in("norm1").norm(8)
		s.in("norm2").norm(8)
	},
}
