// Package numpyrandom draws what NumPy's legacy generator draws, so that protocols that were written with it (noisy
// labels, subsets of a score) can be followed number for number.
package numpyrandom

import (
	"math/bits"
	"sort"
)

// State is a numpy.random.RandomState: the Mersenne Twister MT19937 of Matsumoto and Nishimura 1998.
type State struct {
	words [624]uint32
	at    int
}

// New is RandomState(seed), the same as numpy.random.seed(seed).
func New(seed uint32) *State {
	s := &State{at: 624}
	for i := range s.words {
		s.words[i] = seed
		seed = 1812433253*(seed^seed>>30) + uint32(i) + 1
	}
	return s
}

func (s *State) next() uint32 {
	const n, m = 624, 397
	if s.at == n {
		for i := range s.words {
			y := s.words[i]&(1<<31) | s.words[(i+1)%n]&(1<<31-1)
			s.words[i] = s.words[(i+m)%n] ^ y>>1 ^ (y&1)*0x9908b0df
		}
		s.at = 0
	}
	y := s.words[s.at]
	s.at++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// Float64 is random_sample(): a number in [0, 1) of 53 bits.
func (s *State) Float64() float64 {
	high, low := s.next()>>5, s.next()>>6
	return (float64(high)*(1<<26) + float64(low)) / (1 << 53)
}

// IntN is randint(n) and choice(n): a number in [0, n), 0 < n ≤ 2³². It takes words of the bits of n−1 until one is
// below n; for n = 1 none.
func (s *State) IntN(n int) int {
	if n == 1 {
		return 0
	}
	most := uint32(n - 1)
	mask := uint32(1)<<bits.Len32(most) - 1
	for {
		if v := s.next() & mask; v <= most {
			return int(v)
		}
	}
}

// Permutation is permutation(n): 0 … n−1 in random order. NumPy's choice of k without repetition is its first k.
func (s *State) Permutation(n int) []int64 {
	p := make([]int64, n)
	for i := range p {
		p[i] = int64(i)
	}
	for i := n - 1; i > 0; i-- {
		j := s.IntN(i + 1)
		p[i], p[j] = p[j], p[i]
	}
	return p
}

// Choice is choice(len(p), p=p): a number drawn with the probabilities p.
func (s *State) Choice(p []float64) int {
	sums, sum := make([]float64, len(p)), 0.0
	for i, v := range p {
		sum += v
		sums[i] = sum
	}
	u := s.Float64()
	return sort.Search(len(p)-1, func(i int) bool { return sums[i]/sum > u })
}
