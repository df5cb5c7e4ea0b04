package torch_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
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
			require.NotNil(t, build, "nothing makes %s", m[1])
			if each {
				torch.ManualSeed(c.meta.Constructor.Seed)
			}
			for _, e := range nn.StateDict(build()) {
				c.compare(t, m[0]+"."+e.Name, e.Tensor)
			}
		}
		if !each {
			c.compareState(t, "state_after", torch.DefaultGenerator(torch.Device{}))
		}
	})
}

// layers makes the kit's layers by nn's constructors.
var layers = map[string]func() any{
	"Linear(5, 3)":                       func() any { return nn.NewLinear(5, 3) },
	"Linear(4, 2, bias=False)":           func() any { return nn.NewLinear(4, 2, nn.LinearOptions{NoBias: true}) },
	"Conv1d(3, 4, 5)":                    func() any { return nn.NewConv1d(3, 4, 5) },
	"Conv2d(3, 4, 3)":                    func() any { return nn.NewConv2d(3, 4, 3) },
	"Conv2d(4, 6, 3, groups=2)":          func() any { return nn.NewConv2d(4, 6, 3, nn.Conv{Groups: 2}) },
	"Conv3d(2, 2, 2)":                    func() any { return nn.NewConv3d(2, 2, 2) },
	"ConvTranspose2d(3, 4, 4)":           func() any { return nn.NewConvTranspose2d(3, 4, 4) },
	"ConvTranspose2d(4, 6, 3, groups=2)": func() any { return nn.NewConvTranspose2d(4, 6, 3, nn.Conv{Groups: 2}) },
	"ConvTranspose1d(3, 2, 4)":           func() any { return nn.NewConvTranspose1d(3, 2, 4) },
	"Embedding(6, 4)":                    func() any { return nn.NewEmbedding(6, 4) },
	"Embedding(6, 3, padding_idx=1)":     func() any { return nn.NewEmbedding(6, 3, nn.EmbeddingOptions{PaddingIdx: new(1)}) },
	"BatchNorm2d(4)":                     func() any { return nn.NewBatchNorm2d(4) },
	"GroupNorm(2, 4)":                    func() any { return nn.NewGroupNorm(2, 4) },
	"PReLU(3)":                           func() any { return nn.NewPReLU(3) },
	"Bilinear(3, 4, 2)":                  func() any { return nn.NewBilinear(3, 4, 2) },
	"spectral_norm(Conv2d(3, 4, 3))":     func() any { return nn.SpectralNorm(nn.NewConv2d(3, 4, 3)) },

	"GRU(3, 4, 2, bidirectional=True)": func() any { return nn.NewGRU(3, 4, nn.Recurrent{Layers: 2, Bidirectional: true}) },
	"LSTM(3, 4)":                       func() any { return nn.NewLSTM(3, 4) },
	"RNN(3, 4)":                        func() any { return nn.NewRNN(3, 4) },
	"GRUCell(3, 4)":                    func() any { return nn.NewGRUCell(3, 4) },
	"MultiheadAttention(8, 2)":         func() any { return nn.NewMultiheadAttention(8, 2) },
	"TransformerEncoderLayer(8, 2, 16)": func() any {
		return nn.NewTransformerEncoderLayer(8, 2, nn.TransformerOptions{FeedForward: 16})
	},
}
