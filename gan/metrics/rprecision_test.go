package metrics

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/captions"
	"github.com/forgergan/forger/torch/torchtest"
	"github.com/forgergan/forger/torch/vision"
)

const meaning = 12 // values of an embedding

// meanings embeds sentences as random directions.
type meanings struct{}

func (meanings) Name() string { return "meanings" }
func (meanings) Size() int    { return meaning }
func (meanings) Encode(_ context.Context, sentences []string) (out []float32, err error) {
	for _, s := range sentences {
		sum := fnv.New64a()
		sum.Write([]byte(s))
		rng := rand.New(rand.NewPCG(sum.Sum64(), 0))
		for range meaning {
			out = append(out, float32(rng.NormFloat64()))
		}
	}
	return out, nil
}

// described is a split of pictures, each of another concept and with two captions.
func described(t *testing.T, split data.Split, n int) *captions.Set {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		path := filepath.Join(dir, string(split), fmt.Sprintf("%03d", i))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, vision.SavePNG(path+".png", vision.NewImage(4, 4, 3)))
		require.NoError(t, os.WriteFile(path+".txt", fmt.Appendf(nil, "%s %d\nanother %s %d\n", split, i, split, i), 0o644))
	}
	set, err := captions.Open(t.Context(), dir, captions.Options{Split: split, Size: 4, Encoder: meanings{}})
	require.NoError(t, err)
	return set
}

// seen are features (N, 20) that show what both captions of a picture mean, under noise.
func seen(set *captions.Set, noise float64) *torch.Tensor {
	rng := rand.New(rand.NewPCG(3, 3))
	mix := make([]float64, 20*2*meaning)
	for i := range mix {
		mix[i] = rng.NormFloat64()
	}
	var out []float32
	for i := range set.Len() {
		both := append(append([]float32(nil), set.Embeddings(i)[0]...), set.Embeddings(i)[1]...)
		for k := range 20 {
			v := noise * rng.NormFloat64()
			for j, m := range both {
				v += float64(m) * mix[k*2*meaning+j]
			}
			out = append(out, float32(v))
		}
	}
	return torch.FromSlice(out, set.Len(), 20)
}

func TestAHeadTellsTheCaptionsOfConceptsThatItHasNotSeen(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	t.Setenv("FORGER_CACHE", t.TempDir())
	train, test := described(t, data.Train, 400), described(t, data.Test, 130)
	torch.Scope(func() {
		stream := torch.DefaultGenerator(torch.Device{}).State()
		head, err := LearnTextHead(t.Context(), seen(train, 0.1), train, 1)
		require.NoError(t, err)
		defer head.Free()
		require.Equal(t, stream, torch.DefaultGenerator(torch.Device{}).State(), "the caller's random numbers are left alone")
		again, err := LearnTextHead(t.Context(), seen(train, 0.1), train, 1)
		require.NoError(t, err)
		defer again.Free()
		require.Equal(t, head.Hash, again.Hash, "a seed makes one head")

		r, err := NewRPrecision(head, test, 300, 7)
		require.NoError(t, err)
		require.Equal(t, 100, r.Candidates)
		features := seen(test, 0.1)
		real, err := r.Real(features)
		require.NoError(t, err)
		require.Greater(t, real, 0.3)
		require.Regexp(t, `^head=[0-9a-f]{8}; hidden=512; epochs=\d+; text=12; candidates=100; chance=1.0%; real=\d+\.\d%$`, r.With(real).String())

		items := make([]int, r.N)
		others := make([]int, r.N)
		each := map[int]int{}
		for k, q := range r.questions {
			items[k], others[k] = q.item, (q.item+1)%test.Len()
			each[q.item]++
			require.Contains(t, test.Embeddings(q.item), q.vectors[0])
		}
		for i := range test.Len() {
			require.Contains(t, []int{2, 3}, each[i], "items are drawn as often")
		}
		require.Equal(t, r.questions[5].vectors[0], torch.Values[float32](r.Captions(5, 2).Select(0, 0)))
		made, err := r.Score(itemRows(features, items))
		require.NoError(t, err)
		require.Equal(t, real, made, "pictures as good as the test pictures score as those do")
		wrong, err := r.Score(itemRows(features, others))
		require.NoError(t, err)
		require.Less(t, wrong, 0.05, "pictures of something else are at chance")
		same, err := r.Score(torch.Zeros([]int{r.N, 20}))
		require.NoError(t, err)
		require.Less(t, same, 0.05, "one picture for all captions is at chance")

		_, err = r.Score(features)
		require.ErrorContains(t, err, "are not those of a picture for each of the 300 captions")
		_, err = r.Real(features.Narrow(0, 0, 10))
		require.ErrorContains(t, err, "the features [10 20] are not those of the 130 pictures of ")
	})
}

func TestATextMatchSaysWhatItIsWorth(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	t.Setenv("FORGER_CACHE", t.TempDir())
	train, few := described(t, data.Train, 60), described(t, data.Test, 8)
	torch.Scope(func() {
		torch.ManualSeed(1)
		head, err := LearnTextHead(t.Context(), torch.Randn([]int{60, 20}), train, 1) // that show nothing
		require.NoError(t, err)
		defer head.Free()
		r, err := NewRPrecision(head, few, 400, 1)
		require.NoError(t, err)
		require.Equal(t, 8, r.Candidates, "a set with fewer concepts has fewer captions to compare with")
		require.Contains(t, r.With(0.15).String(), "candidates=8; chance=12.5%; real=15.0%; unsound: real pictures are near chance")
		require.NotContains(t, r.With(0.25).String(), "unsound")
		require.InDelta(t, 0.025, r.StdError(0.5), 1e-9)

		require.NoError(t, CheckRPrecision(train, few))
		require.ErrorContains(t, CheckRPrecision(few, few), "at least 20 concepts")
		one := described(t, data.Test, 1)
		require.ErrorContains(t, CheckRPrecision(train, one), "the test pictures show one")
		_, err = NewRPrecision(head, one, 10, 1)
		require.ErrorContains(t, err, "r-precision compares captions of several concepts, and the test pictures show one")
		_, err = LearnTextHead(t.Context(), torch.Randn([]int{8, 20}), few, 1)
		require.ErrorContains(t, err, "a text match needs pictures of at least 20 concepts to learn from, and there are 8")
		_, err = LearnTextHead(t.Context(), torch.Randn([]int{59, 20}), train, 1)
		require.ErrorContains(t, err, "the features [59 20] are not those of the 60 pictures of ")
		_, err = LearnTextHead(t.Context(), torch.Full([]int{60, 20}, 0).Log(), train, 1)
		require.ErrorContains(t, err, "the text head has diverged")
		ctx, stop := context.WithCancel(t.Context())
		stop()
		_, err = LearnTextHead(ctx, torch.Randn([]int{60, 20}), train, 1)
		require.ErrorIs(t, err, context.Canceled)
	})
}
