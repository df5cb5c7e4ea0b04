package data

import (
	"math/bits"
	"math/rand/v2"
)

// stream returns the two seed words of an independent random stream for those numbers.
func stream(words ...uint64) (uint64, uint64) {
	var h uint64
	for _, w := range words {
		h = mix(h ^ mix(w))
	}
	return h, mix(h)
}

// mix is the finaliser of SplitMix64 (Steele et al. 2014): every bit of x changes about half of the result.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

const (
	streamOrder = iota
	streamItem
)

// shuffle fills order with the permutation of one epoch. It is written out, on the stable source PCG, because the
// library's own shuffle may change with a release of Go, and a resumed run must not.
func shuffle(order []int32, seed uint64, epoch int) {
	for i := range order {
		order[i] = int32(i)
	}
	var pcg rand.PCG
	pcg.Seed(stream(streamOrder, seed, uint64(epoch)))
	for i := len(order) - 1; i > 0; i-- {
		j, _ := bits.Mul64(pcg.Uint64(), uint64(i+1)) // 0..i
		order[i], order[j] = order[j], order[i]
	}
}
