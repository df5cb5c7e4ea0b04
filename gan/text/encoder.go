package text

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/forgergan/forger/gan/features"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// weights is the name of the encoder's file in package features.
const weights = "minilm"

// Options say which weights an encoder takes and where it works.
type Options struct {
	Weights string // file or folder to look for the weights in first
	Device  torch.Device
}

// Encoder is all-MiniLM-L6-v2. Its weights are read when the first sentence is encoded. It may be used by several
// goroutines.
type Encoder struct {
	o    Options
	name string
	load func() (*MiniLM, error)
}

// New makes an encoder. It reads no weights yet.
func New(o Options) *Encoder {
	e := &Encoder{o: o, name: "all-MiniLM-L6-v2"}
	if f, err := features.FindFile(weights); err == nil {
		if path, err := f.Find(o.Weights); err == nil {
			if w, err := f.Identify(path); err == nil && w.String() != "" {
				e.name += "[" + w.String() + "]"
			}
		}
	}
	e.load = sync.OnceValues(e.read)
	return e
}

// Name is all-MiniLM-L6-v2, with a checksum where the weights are not the published ones.
func (e *Encoder) Name() string { return e.name }

// Size is 384.
func (e *Encoder) Size() int { return width }

func (e *Encoder) read() (net *MiniLM, err error) {
	torch.SkipInit(func() { net = NewMiniLM() })
	nn.Freeze(net)
	if _, err := features.Load(weights, net, e.o.Weights); err != nil {
		return nil, err
	}
	nn.To(net, nn.ToOptions{Device: &e.o.Device})
	return net, nil
}

// Encode returns the vectors of sentences, one after the other, of length 1. Any string is a sentence; of one longer than
// [MaxTokens] the beginning counts. Sentences of equally many tokens are encoded together, so that nothing is padded.
//
// The error is a *features.Missing where the weights are nowhere, or tells a damaged file, or the end of ctx.
func (e *Encoder) Encode(ctx context.Context, sentences []string) ([]float32, error) {
	net, err := e.load()
	if err != nil {
		return nil, err
	}
	tokens, byLength := make([][]int64, len(sentences)), map[int][]int{}
	for i, s := range sentences {
		tokens[i] = Tokens(s)
		byLength[len(tokens[i])] = append(byLength[len(tokens[i])], i)
	}
	out := make([]float32, len(sentences)*width)
	for length, items := range byLength {
		for batch := range slices.Chunk(items, 64) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			var flat []int64
			for _, i := range batch {
				flat = append(flat, tokens[i]...)
			}
			vectors := net.encode(flat, length, e.o.Device)
			for k, i := range batch {
				copy(out[i*width:], vectors[k*width:(k+1)*width])
			}
		}
	}
	return out, nil
}

// encode returns the vectors of texts of a length.
func (m *MiniLM) encode(tokens []int64, length int, device torch.Device) (vectors []float32) {
	torch.Scope(func() {
		torch.NoGrad(func() {
			vectors = torch.Values[float32](m.Forward(torch.FromSlice(tokens, len(tokens)/length, length).ToDevice(device)))
		})
	})
	return vectors
}

// Check tells a sentence that says nothing to the encoder: an empty one, or one of which it knows no word.
func Check(sentence string) error {
	if strings.TrimSpace(sentence) == "" {
		return fmt.Errorf("the sentence is empty: say what the picture shows")
	}
	for _, id := range words(sentence) {
		if id >= firstWord {
			return nil
		}
	}
	return fmt.Errorf("the encoder knows no word of %q: it was trained on English", sentence)
}
