package metrics

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/data/captions"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
)

// TextHead maps the features of pictures to the space of the embeddings of a set's captions, so that a picture is near to
// what describes it: one hidden layer that has learnt from the training split.
type TextHead struct {
	Hash    string  // of its weights, the first 8 digits: equal only for the same head
	Epochs  int     // after which the concepts that it did not learn from were told best
	Seconds float64 // that it took to learn

	net         *nn.Sequential
	mean, scale *torch.Tensor // of the features that it learnt from, (D) each
}

// How a TextHead learns. The concepts that tell when to stop are a tenth of the training split.
const (
	headHidden      = 512
	headDropout     = 0.5
	headTemperature = 0.07 // of the softmax over cosines
	headBatch       = 256
	headEpochs      = 300 // at most
	headPatience    = 30  // epochs without progress that end it
	fewestConcepts  = 20
)

// LearnTextHead trains a head on the features (N, D) of all pictures of the training split of a set, those of
// [CachedFeatures]. The loss is symmetric InfoNCE (van den Oord et al. 2018; Radford et al. 2021): in a batch of concepts,
// each with one of its pictures and one of that picture's captions, the picture tells the caption and the caption the
// picture. A tenth of the concepts is held out and says which epoch was best.
//
// It works on the CPU and leaves the CPU's random stream as it found it: the same seed makes the same head. The error
// tells a set with fewer than 20 concepts, features that do not fit it, training that diverges, and the end of ctx.
func LearnTextHead(ctx context.Context, features *torch.Tensor, set *captions.Set, seed int64) (h *TextHead, err error) {
	if features.Dim() != 2 || features.Size(0) != set.Len() {
		return nil, fmt.Errorf("the features %v are not those of the %d pictures of %s", features.Shape(), set.Len(), set.Name())
	}
	groups, err := conceptsToLearn(set)
	if err != nil {
		return nil, err
	}
	err = try(func() (err error) {
		torch.ForkRNG(func() {
			torch.ManualSeed(seed)
			l := &headLearning{set: set, features: features, rng: rand.New(rand.NewPCG(uint64(seed), 0))}
			l.rng.Shuffle(len(groups), func(a, b int) { groups[a], groups[b] = groups[b], groups[a] })
			held := (len(groups) + 9) / 10
			l.held, l.learnt = groups[:held], groups[held:]
			l.head = newTextHead(features, slices.Concat(l.learnt...), set.TextSize())
			h, err = l.head, l.run(ctx)
		})
		return err
	})
	if err == nil {
		h.Hash, err = shortHash(checkpoint.FromState(nn.StateDict(h.net)))
	}
	if err != nil && h != nil {
		h.Free()
		h = nil
	}
	return h, err
}

// conceptsToLearn is the items of each concept of a training split. The error tells a split of too few concepts.
func conceptsToLearn(set *captions.Set) ([][]int, error) {
	groups := byConcept(set)
	if len(groups) < fewestConcepts {
		return nil, fmt.Errorf("data %s: a text match needs pictures of at least %d concepts to learn from, and there are %d", set.Name(), fewestConcepts, len(groups))
	}
	return groups, nil
}

// byConcept is the items of each concept of a set.
func byConcept(set *captions.Set) [][]int {
	at := map[int]int{}
	var groups [][]int
	for i := range set.Len() {
		k, ok := at[set.Concept(i)]
		if !ok {
			k = len(groups)
			at[set.Concept(i)], groups = k, append(groups, nil)
		}
		groups[k] = append(groups[k], i)
	}
	return groups
}

// newTextHead makes a head for features that are as those of some items.
func newTextHead(features *torch.Tensor, items []int, size int) *TextHead {
	width := features.Size(1)
	h := &TextHead{net: nn.NewSequential(
		nn.NewLinear(width, headHidden), nn.ReLU{}, nn.NewDropout(headDropout), nn.NewLinear(headHidden, size),
	)}
	torch.Scope(func() {
		x := itemRows(features, items)
		h.mean = x.MeanDim([]int{0}).Own()
		h.scale = x.Std(torch.StdOptions{Dim: []int{0}}).ClampMin(1e-6).Own()
	})
	return h
}

// Embed maps features (N, D) to vectors (N, T) of length 1.
func (h *TextHead) Embed(features *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return nn.Normalize(h.net.Forward(features.Sub(h.mean).Div(h.scale))) })
}

// String is the part of the protocol: "head=0f3a9c21; hidden=512; epochs=41".
func (h *TextHead) String() string {
	return fmt.Sprintf("head=%s; hidden=%d; epochs=%d", h.Hash, headHidden, h.Epochs)
}

// Free gives the weights back now.
func (h *TextHead) Free() {
	release(h.net)
	h.mean.Free()
	h.scale.Free()
}

// headLearning is the training of a head.
type headLearning struct {
	set          *captions.Set
	features     *torch.Tensor
	rng          *rand.Rand
	learnt, held [][]int // items of each concept
	head         *TextHead
}

func (l *headLearning) run(ctx context.Context) error {
	adam := optim.NewAdam(nn.Parameters(l.head.net), optim.AdamOptions{})
	start, best, state := time.Now(), math.Inf(1), []nn.Entry(nil)
	defer func() { freeAll(state) }()
	for epoch := 1; epoch <= headEpochs && epoch-l.head.Epochs <= headPatience; epoch++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		l.rng.Shuffle(len(l.learnt), func(a, b int) { l.learnt[a], l.learnt[b] = l.learnt[b], l.learnt[a] })
		for batch := range slices.Chunk(l.learnt, headBatch) {
			torch.Scope(func() {
				adam.ZeroGrad()
				l.loss(batch, l.rng).Backward()
				adam.Step()
			})
		}
		if now := l.heldLoss(); now < best {
			best, l.head.Epochs = now, epoch
			freeAll(state)
			state = copied(l.head.net)
		}
	}
	l.head.Seconds = time.Since(start).Seconds()
	if state == nil {
		return errors.New("the text head has diverged: see whether the features and the captions' embeddings are finite")
	}
	nn.Eval(l.head.net)
	return nn.LoadStateDict(l.head.net, state, true)
}

// loss is InfoNCE of some concepts, each with a picture and a caption drawn.
func (l *headLearning) loss(concepts [][]int, rng *rand.Rand) *torch.Tensor {
	var items []int
	var texts []float32
	for _, group := range concepts {
		i := group[rng.IntN(len(group))]
		items = append(items, i)
		texts = append(texts, l.set.Embeddings(i)[rng.IntN(l.set.Captions(i))]...)
	}
	n := len(concepts)
	cosines := l.head.Embed(itemRows(l.features, items)).MatMul(nn.Normalize(torch.FromSlice(texts, n, l.set.TextSize())).T())
	logits, own := cosines.DivScalar(headTemperature), torch.Arange(0, n)
	return logits.CrossEntropyLoss(own).Add(logits.T().CrossEntropyLoss(own)).DivScalar(2)
}

// heldLoss is the loss of the concepts held out, with the same pictures and captions each time: a few draws of each.
func (l *headLearning) heldLoss() (mean float64) {
	const draws = 4
	nn.Eval(l.head.net)
	defer nn.Train(l.head.net)
	rng := rand.New(rand.NewPCG(0, 0))
	torch.Scope(func() {
		torch.NoGrad(func() {
			for range draws {
				mean += l.loss(l.held, rng).Item() / draws
			}
		})
	})
	return mean
}

// itemRows are some rows of x (N, D).
func itemRows(x *torch.Tensor, items []int) *torch.Tensor {
	at := make([]int64, len(items))
	for k, i := range items {
		at[k] = int64(i)
	}
	return x.IndexSelect(0, torch.FromSlice(at))
}

func copied(net any) (state []nn.Entry) {
	for _, e := range nn.StateDict(net) {
		state = append(state, nn.Entry{Name: e.Name, Tensor: e.Tensor.Detach().Clone().Own()})
	}
	return state
}

func freeAll(state []nn.Entry) {
	for _, e := range state {
		e.Tensor.Free()
	}
}
