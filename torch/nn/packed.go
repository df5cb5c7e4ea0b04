package nn

import (
	"cmp"
	"slices"

	"github.com/forgergan/forger/torch"
)

// PackedSequence is a batch of sequences of unequal lengths without padding, for RNN, GRU and LSTM: the first steps of
// all of them, then the second steps of those that have one, and so on, the longest sequence first in each.
type PackedSequence struct {
	Data            *torch.Tensor // (sum of the lengths, features)
	BatchSizes      *torch.Tensor // (longest length) int64 on the CPU: how many sequences have each step
	SortedIndices   *torch.Tensor // (N) int64: which sequence comes first, second, …; nil if all are in order
	UnsortedIndices *torch.Tensor // (N) int64: the inverse
}

// PackOptions are the optional arguments of PackPaddedSequence.
type PackOptions struct {
	BatchFirst bool // x is (N, L, features)
}

// PackPaddedSequence packs x (L, N, features), whose sequence i has lengths[i] steps, at least one, and then padding. The
// sequences may come in any order, as with PyTorch's enforce_sorted=False.
func PackPaddedSequence(x *torch.Tensor, lengths []int, o ...PackOptions) *PackedSequence {
	c := only(o)
	batch := 1
	if c.BatchFirst {
		batch = 0
	}
	if x.Dim() < 2 || x.Size(batch) != len(lengths) {
		panic(refusal("%d lengths do not fit sequences of shape %v", len(lengths), x.Shape()))
	}
	p := &PackedSequence{}
	order := make([]int64, len(lengths))
	for i := range order {
		order[i] = int64(i)
	}
	slices.SortStableFunc(order, func(i, j int64) int { return cmp.Compare(lengths[j], lengths[i]) })
	sorted, inverse := make([]int64, len(lengths)), make([]int64, len(lengths))
	for to, from := range order {
		sorted[to], inverse[from] = int64(lengths[from]), int64(to)
	}
	packed := torch.TidyAll(func() []*torch.Tensor {
		var indices, back *torch.Tensor
		if !slices.IsSorted(order) {
			indices = torch.FromSlice(order, len(order)).ToDevice(x.Device())
			back = torch.FromSlice(inverse, len(order)).ToDevice(x.Device())
			x = x.IndexSelect(batch, indices)
		}
		data, sizes := torch.PackPaddedSequence(x, torch.FromSlice(sorted, len(sorted)), c.BatchFirst)
		return []*torch.Tensor{data, sizes, indices, back}
	})
	p.Data, p.BatchSizes, p.SortedIndices, p.UnsortedIndices = packed[0], packed[1], packed[2], packed[3]
	return p
}

// PadOptions are the optional arguments of PadPackedSequence.
type PadOptions struct {
	BatchFirst   bool    // the result is (N, L, features)
	PaddingValue float64 // what fills the end of the shorter ones
	TotalLength  int     // L, the longest length if 0
}

// PadPackedSequence undoes PackPaddedSequence: it returns padded sequences (L, N, features) in their first order and their
// lengths.
func PadPackedSequence(p *PackedSequence, o ...PadOptions) (x *torch.Tensor, lengths []int) {
	c := only(o)
	longest := p.BatchSizes.Size(0)
	if c.TotalLength == 0 {
		c.TotalLength = longest
	}
	if c.TotalLength < longest {
		panic(refusal("a total length of %d is shorter than the longest sequence, %d", c.TotalLength, longest))
	}
	x = torch.Tidy(func() *torch.Tensor {
		x, steps := torch.PadPackedSequence(p.Data, p.BatchSizes, c.BatchFirst, c.PaddingValue, c.TotalLength)
		if p.UnsortedIndices != nil {
			batch := 1
			if c.BatchFirst {
				batch = 0
			}
			x = x.IndexSelect(batch, p.UnsortedIndices)
			steps = steps.IndexSelect(0, p.UnsortedIndices.ToDevice(torch.Device{}))
		}
		for _, n := range torch.Values[int64](steps) {
			lengths = append(lengths, int(n))
		}
		return x
	})
	return x, lengths
}
