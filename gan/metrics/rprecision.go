package metrics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data/captions"
	"github.com/forgergan/forger/torch/nn"
)

// candidates is how many captions a picture is compared with: AttnGAN's 100.
const candidates = 100

// RPrecision is a share of pictures that tell the caption that they were made of from 99 captions of other concepts (Xu et
// al. 2018, §4): the cosine of the picture and its own caption is above all the others. AttnGAN compares by the networks
// that it was trained with, this score by a [TextHead] that no generator has seen; its numbers compare with those of one
// protocol only.
//
//	r, err := metrics.NewRPrecision(head, test, 10000, 1)
//	...
//	share, err := r.Score(features) // of the pictures made of r.Captions, one after the other
type RPrecision struct {
	Head       *TextHead
	N          int // captions to make pictures of
	Candidates int // captions that each picture is compared with, its own among them; fewer than 100 where the set has fewer concepts

	set       *captions.Set
	questions []question
}

// question is an item whose caption is the first of the vectors.
type question struct {
	item    int
	vectors [][]float32
}

// CheckRPrecision tells splits of too few concepts for the score, as [LearnTextHead] and [NewRPrecision] do, before any
// features are computed.
func CheckRPrecision(training, test *captions.Set) error {
	if _, err := conceptsToLearn(training); err != nil {
		return err
	}
	_, err := conceptsToCompare(test)
	return err
}

// conceptsToCompare is the items of each concept of a test split. The error tells a split with one concept.
func conceptsToCompare(test *captions.Set) ([][]int, error) {
	groups := byConcept(test)
	if len(groups) < 2 {
		return nil, fmt.Errorf("data %s: r-precision compares captions of several concepts, and the test pictures show one", test.Name())
	}
	return groups, nil
}

// NewRPrecision draws n captions of the test split by seed, those of each item as often, and the others that each is
// compared with, one a concept. The error tells a set with one concept.
func NewRPrecision(head *TextHead, test *captions.Set, n int, seed int64) (*RPrecision, error) {
	groups, err := conceptsToCompare(test)
	if err != nil {
		return nil, err
	}
	r := &RPrecision{Head: head, N: n, Candidates: min(candidates, len(groups)), set: test}
	rng := rand.New(rand.NewPCG(uint64(seed), 1))
	draw := func(item int) []float32 { return test.Embeddings(item)[rng.IntN(test.Captions(item))] }
	var order []int
	for len(r.questions) < n {
		if len(order) == 0 {
			order = rng.Perm(test.Len())
		}
		q := question{item: order[0], vectors: [][]float32{draw(order[0])}}
		order = order[1:]
		for _, g := range rng.Perm(len(groups)) {
			if len(q.vectors) < r.Candidates && test.Concept(groups[g][0]) != test.Concept(q.item) {
				q.vectors = append(q.vectors, draw(groups[g][rng.IntN(len(groups[g]))]))
			}
		}
		r.questions = append(r.questions, q)
	}
	return r, nil
}

// Captions are the embeddings (n, T) of n captions from the one of number from on.
func (r *RPrecision) Captions(from, n int) *torch.Tensor {
	var all []float32
	for _, q := range r.questions[from : from+n] {
		all = append(all, q.vectors[0]...)
	}
	return torch.FromSlice(all, n, r.set.TextSize())
}

// Score is the share, in [0, 1], of pictures that tell their caption, where features (N, D) are those of a picture made of
// each of the captions. Where two captions are as near, the picture has told neither.
func (r *RPrecision) Score(features *torch.Tensor) (share float64, err error) {
	right := 0
	if features.Dim() != 2 || features.Size(0) != r.N {
		return 0, fmt.Errorf("the features %v are not those of a picture for each of the %d captions", features.Shape(), r.N)
	}
	err = scoped(func() error {
		pictures := r.Head.Embed(features.ToDevice(torch.Device{}))
		for k, q := range r.questions {
			cosines := torch.Values[float32](torch.Tidy(func() *torch.Tensor { return q.cosines(pictures.Select(0, k)) }))
			if cosines[0] > slices.Max(cosines[1:]) {
				right++
			}
		}
		return nil
	})
	return float64(right) / float64(r.N), err
}

// cosines are those of a picture (T) and the captions.
func (q question) cosines(picture *torch.Tensor) *torch.Tensor {
	var all []float32
	for _, v := range q.vectors {
		all = append(all, v...)
	}
	return nn.Normalize(torch.FromSlice(all, len(q.vectors), len(q.vectors[0]))).MatMul(picture)
}

// Real is the Score of the test pictures whose captions these are: the ceiling. features (Len of the set, D) are those of
// all test pictures.
func (r *RPrecision) Real(features *torch.Tensor) (float64, error) {
	if features.Dim() != 2 || features.Size(0) != r.set.Len() {
		return 0, fmt.Errorf("the features %v are not those of the %d pictures of %s", features.Shape(), r.set.Len(), r.set.Name())
	}
	items := make([]int, r.N)
	for k, q := range r.questions {
		items[k] = q.item
	}
	own := itemRows(features, items)
	defer own.Free()
	return r.Score(own)
}

// StdError is the standard error of a share of N pictures.
func (r *RPrecision) StdError(share float64) float64 {
	return math.Sqrt(share * (1 - share) / float64(r.N))
}

// With is the part of the protocol that tells what the score is worth, where real is that of the test pictures:
// "head=0f3a9c21; …; candidates=100; chance=1.0%; real=45.2%". Where real pictures do not get a tenth of the way from
// chance to certainty, the head tells too little of this set for the score to mean anything, and "unsound" says so.
func (r *RPrecision) With(real float64) fmt.Stringer { return ceiling{r, real} }

type ceiling struct {
	*RPrecision
	real float64
}

func (c ceiling) String() string {
	chance := 1 / float64(c.Candidates)
	text := fmt.Sprintf("%s; text=%d; candidates=%d; chance=%.1f%%; real=%.1f%%", c.Head, c.set.TextSize(), c.Candidates, 100*chance, 100*c.real)
	if c.real < chance+0.1*(1-chance) {
		text += "; unsound: real pictures are near chance"
	}
	return text
}
