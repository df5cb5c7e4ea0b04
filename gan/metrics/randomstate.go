package metrics

import (
	"math/bits"

	"github.com/forgergan/forger/torch"
)

// referenceSeed is torch-fidelity's default for all that it draws.
const referenceSeed = 2020

// A randomState draws what NumPy's RandomState of the same seed draws, so that scores of random subsets equal those of
// torch-fidelity: the Mersenne Twister MT19937 of Matsumoto and Nishimura 1998.
type randomState struct {
	words [624]uint32
	at    int
}

func newRandomState(seed uint32) *randomState {
	r := &randomState{at: 624}
	for i := range r.words {
		r.words[i] = seed
		seed = 1812433253*(seed^seed>>30) + uint32(i) + 1
	}
	return r
}

func (r *randomState) next() uint32 {
	const n, m = 624, 397
	if r.at == n {
		for i := range r.words {
			y := r.words[i]&(1<<31) | r.words[(i+1)%n]&(1<<31-1)
			r.words[i] = r.words[(i+m)%n] ^ y>>1 ^ (y&1)*0x9908b0df
		}
		r.at = 0
	}
	y := r.words[r.at]
	r.at++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// upTo is a number in [0, most]: draws with the bits of most, those above it rejected.
func (r *randomState) upTo(most uint32) uint32 {
	mask := uint32(1)<<bits.Len32(most) - 1
	for {
		if v := r.next() & mask; v <= most {
			return v
		}
	}
}

// permutation is 0 … n−1 in random order. NumPy's choice of k without repetition is its first k.
func (r *randomState) permutation(n int) []int64 {
	p := make([]int64, n)
	for i := range p {
		p[i] = int64(i)
	}
	for i := n - 1; i > 0; i-- {
		j := r.upTo(uint32(i))
		p[i], p[j] = p[j], p[i]
	}
	return p
}

// pick is k rows of x, without repetition.
func (r *randomState) pick(x *torch.Tensor, k int) *torch.Tensor {
	rows := torch.FromSlice(r.permutation(x.Size(0))[:k])
	return x.IndexSelect(0, rows.ToDevice(x.Device()))
}
