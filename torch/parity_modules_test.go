package torch_test

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// modules draws the initial state of each of the kit's layers by the functions of nn/initializer, in the order in which
// PyTorch's own layers draw theirs. The layers themselves are not used: package nn is above this one, and the kit has
// layers that Forger builds from others. That nn's layers draw in this order is nn's own parity test.
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

// linear draws weight and bias of Linear and of all convolutions; a transposed one has its inputs first.
func (s state) linear(bias int, weight ...int) { s.linearNamed("weight", bias, weight...) }

func (s state) linearNamed(name string, bias int, weight ...int) {
	w := torch.Empty(weight)
	if bias == 0 {
		initializer.LinearDefaults(w, nil)
		s.check(name, w)
		return
	}
	b := torch.Empty([]int{bias})
	initializer.LinearDefaults(w, b)
	s.check(name, w)
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

func unit(n int) *torch.Tensor {
	x := torch.Empty([]int{n})
	initializer.Normal(x, 0, 1)
	return x.Div(x.VectorNorm(torch.VectorNormOptions{Dim: []int{0}, Keepdim: true}))
}

var layers = map[string]func(s state){
	"Linear(5, 3)":                       func(s state) { s.linear(3, 3, 5) },
	"Linear(4, 2, bias=False)":           func(s state) { s.linear(0, 2, 4) },
	"Conv1d(3, 4, 5)":                    func(s state) { s.linear(4, 4, 3, 5) },
	"Conv2d(3, 4, 3)":                    func(s state) { s.linear(4, 4, 3, 3, 3) },
	"Conv2d(4, 6, 3, groups=2)":          func(s state) { s.linear(6, 6, 2, 3, 3) },
	"Conv3d(2, 2, 2)":                    func(s state) { s.linear(2, 2, 2, 2, 2, 2) },
	"ConvTranspose2d(3, 4, 4)":           func(s state) { s.linear(4, 3, 4, 4, 4) },
	"ConvTranspose2d(4, 6, 3, groups=2)": func(s state) { s.linear(6, 4, 3, 3, 3) },
	"ConvTranspose1d(3, 2, 4)":           func(s state) { s.linear(2, 3, 2, 4) },
	"Embedding(6, 4)": func(s state) {
		w := torch.Empty([]int{6, 4})
		initializer.Normal(w, 0, 1)
		s.check("weight", w)
	},
	"Embedding(6, 3, padding_idx=1)": func(s state) {
		w := torch.Empty([]int{6, 3})
		initializer.Normal(w, 0, 1)
		s.check("weight", w.SetAt(0, 1))
	},
	"BatchNorm2d(4)": func(s state) {
		s.norm(4)
		s.constant("running_mean", 0, 4)
		s.constant("running_var", 1, 4)
		s.check("num_batches_tracked", torch.Of(int64(0)))
	},
	"GroupNorm(2, 4)":                  func(s state) { s.norm(4) },
	"PReLU(3)":                         func(s state) { s.constant("weight", 0.25, 3) },
	"GRU(3, 4, 2, bidirectional=True)": func(s state) { s.recurrent(3, 3, 4, 2, "_lN", "_lN_reverse") },
	"LSTM(3, 4)":                       func(s state) { s.recurrent(4, 3, 4, 1, "_lN") },
	"RNN(3, 4)":                        func(s state) { s.recurrent(1, 3, 4, 1, "_lN") },
	"GRUCell(3, 4)":                    func(s state) { s.recurrent(3, 3, 4, 1, "") },
	"MultiheadAttention(8, 2)":         func(s state) { s.attention(8) },
	"Bilinear(3, 4, 2)": func(s state) {
		bound := 1 / math.Sqrt(3)
		s.uniform(bound, "weight", 2, 3, 4)
		s.uniform(bound, "bias", 2)
	},
	"TransformerEncoderLayer(8, 2, 16)": func(s state) {
		s.in("self_attn").attention(8)
		s.in("linear1").linear(16, 16, 8)
		s.in("linear2").linear(8, 8, 16)
		s.in("norm1").norm(8)
		s.in("norm2").norm(8)
	},
	"spectral_norm(Conv2d(3, 4, 3))": func(s state) {
		s.linearNamed("weight_orig", 4, 4, 3, 3, 3)
		s.check("weight_u", unit(4))
		s.check("weight_v", unit(27))
	},
}
