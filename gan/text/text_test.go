package text

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/features"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// sentence is what testdata/make.py computed of a sentence with the tokenizers package and with PyTorch in float64.
type sentence struct {
	Text             string
	IDs              []int64
	Published, Waves []float64 // of both kinds of weights: 8 values of the vector, and its products with 4 waves
}

func golden(t *testing.T) []sentence {
	text, err := os.ReadFile(filepath.Join("testdata", "golden.json"))
	require.NoError(t, err)
	var all []sentence
	require.NoError(t, json.Unmarshal(text, &all))
	require.Len(t, all, 34)
	return all
}

func TestTokensAreThoseOfTheTokenizersPackage(t *testing.T) {
	for _, s := range golden(t) {
		require.Equal(t, s.IDs, Tokens(s.Text), "%.60q", s.Text)
		require.LessOrEqual(t, len(s.IDs), MaxTokens)
	}
}

// requireVectors compares vectors (N, 384) with what is kept of the golden ones. float32 loses 1e-6 on the way.
func requireVectors(t *testing.T, want func(sentence) []float64, all []sentence, got []float32) {
	t.Helper()
	require.Len(t, got, width*len(all))
	for i, s := range all {
		v, length := got[i*width:(i+1)*width], 0.0
		for k, x := range want(s) {
			y := 0.0
			if k < 8 {
				y = float64(v[k])
			} else {
				for j, value := range v {
					y += math.Sin(float64(j)*[]float64{0.1, 0.7, 1.3, 2.9}[k-8]) * float64(value)
				}
			}
			require.InDelta(t, x, y, 5e-6, "%.60q, value %d", s.Text, k)
		}
		for _, x := range v {
			length += float64(x) * float64(x)
		}
		require.InDelta(t, 1, length, 1e-5)
	}
}

// fill sets the weights to waves as make.py does.
func fill(net *MiniLM) {
	torch.Scope(func() {
		torch.NoGrad(func() {
			for phase, e := range nn.StateDict(net) {
				p, centre, scale := e.Tensor, 0.0, 0.1
				switch {
				case p.Dim() > 1:
					scale = math.Sqrt(2 / float64(p.Numel()/p.Size(0)))
				case strings.HasSuffix(e.Name, "weight"):
					centre = 1
				}
				x := torch.Arange(0, p.Numel()).ToDType(torch.Float64).MulScalar(0.37).AddScalar(float64(phase)).Sin()
				p.CopyInPlace(x.MulScalar(scale).AddScalar(centre).View(p.Shape()...))
			}
		})
	})
}

func TestTheNetworkIsBERT(t *testing.T) {
	torchtest.Native(t)
	all, e := golden(t), New(Options{})
	net := NewMiniLM()
	fill(net)
	require.Equal(t, 22_565_376, nn.NumParameters(net))
	e.load = func() (*MiniLM, error) { return net, nil }
	var texts []string
	for _, s := range all {
		texts = append(texts, s.Text)
	}
	got, err := e.Encode(t.Context(), texts)
	require.NoError(t, err)
	requireVectors(t, func(s sentence) []float64 { return s.Waves }, all, got)

	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err = e.Encode(ctx, texts)
	require.ErrorIs(t, err, context.Canceled)
}

func TestThePublishedWeightsGiveThePublishedVectors(t *testing.T) {
	torchtest.Native(t)
	all, e := golden(t), New(Options{})
	var texts []string
	for _, s := range all {
		texts = append(texts, s.Text)
	}
	got, err := e.Encode(t.Context(), texts)
	if missing := (*features.Missing)(nil); errors.As(err, &missing) {
		t.Skip(err) // the network itself is compared in TestTheNetworkIsBERT
	}
	require.NoError(t, err)
	require.Equal(t, "all-MiniLM-L6-v2", e.Name())
	requireVectors(t, func(s sentence) []float64 { return s.Published }, all, got)

	live := torch.Live()
	_, err = e.Encode(t.Context(), texts[:3])
	require.NoError(t, err)
	require.Equal(t, live, torch.Live())
}

func TestWithoutWeightsTheErrorSaysHowToGetThem(t *testing.T) {
	torchtest.Native(t)
	t.Setenv("FORGER_CACHE", t.TempDir())
	t.Setenv("FORGER_WEIGHTS", "")
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	_, err := New(Options{}).Encode(t.Context(), []string{"a red bus"})
	require.ErrorContains(t, err, "run: forger weights get minilm")
}

func TestASentenceThatSaysNothingIsRefused(t *testing.T) {
	require.NoError(t, Check("a red bus"))
	require.NoError(t, Check("zzyzxq 🚌"), "pieces of words count")
	for text, want := range map[string]string{
		"":           "the sentence is empty",
		" \n\t":      "the sentence is empty",
		"🚌 🚎":        `the encoder knows no word of "🚌 🚎"`,
		"[SEP]":      "knows no word",
		"\u200b\x00": "knows no word",
	} {
		require.ErrorContains(t, Check(text), want, "%q", text)
	}
}

func FuzzTokens(f *testing.F) {
	for _, s := range []string{"a red bus", "", "Café [SEP] 你好", "\xff\xfe", "ﬁ #️⃣ \u0130"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Tokens(s)
		require.GreaterOrEqual(t, len(got), 2)
		require.LessOrEqual(t, len(got), MaxTokens)
		require.EqualValues(t, first, got[0])
		require.EqualValues(t, last, got[len(got)-1])
		for _, id := range got {
			require.Less(t, id, int64(vocabularySize))
		}
		require.Equal(t, got, Tokens("\u00ad "+s+"\n"), "what cannot be seen does not count")
	})
}
