package metrics

import (
	"fmt"
	"math"
	"slices"

	"github.com/forgergan/forger/torch"
)

// MelCepstralOptions say which frames are compared, and by what. The zero value is the usual convention of voice
// conversion without alignment.
type MelCepstralOptions struct {
	Energy bool // coefficient 0, the loudness, counts too
	Align  bool // frames are paired by dynamic time warping, on the coefficients from 1 on; otherwise by their number
}

// String is the part of the protocol: "c1…; frames", "c0…; dtw".
func (o MelCepstralOptions) String() string {
	text := "c1…"
	if o.Energy {
		text = "c0…"
	}
	if o.Align {
		return text + "; dtw"
	}
	return text + "; frames"
}

// MelCepstralDistortion is the difference in dB between two sounds given by mel-cepstra (T, D) and (U, D), one frame a
// row (Kubichek 1993): the mean over pairs of frames of 10/ln10·√(2·Σ_d (a_d − b_d)²), at least 0, and 0 for equal
// sounds. Without Align the pairs are the first min(T, U) frames.
//
// The error tells mel-cepstra without frames or coefficients, of different lengths, or not finite.
func MelCepstralDistortion(a, b *torch.Tensor, o MelCepstralOptions) (float64, error) {
	var x, y [][]float64
	err := scoped(func() error {
		s, t, err := twoSets("mel-cepstral distortion", a, b)
		if err != nil {
			return err
		}
		if s.Size(0) == 0 || t.Size(0) == 0 || s.Size(1) < 2 {
			return fmt.Errorf("mel-cepstral distortion: shapes %v and %v hold nothing to compare", s.Shape(), t.Shape())
		}
		x, y = rows(s), rows(t)
		return nil
	})
	if err != nil {
		return 0, err
	}
	var pairs [][2]int
	if o.Align {
		pairs, _ = warp(len(x), len(y), func(i, j int) float64 { return euclidean(x[i][1:], y[j][1:]) })
	} else {
		for i := range min(len(x), len(y)) {
			pairs = append(pairs, [2]int{i, i})
		}
	}
	first := 1
	if o.Energy {
		first = 0
	}
	sum := 0.0
	for _, p := range pairs {
		sum += euclidean(x[p[0]][first:], y[p[1]][first:])
	}
	return 10 / math.Ln10 * math.Sqrt2 * sum / float64(len(pairs)), nil
}

func euclidean(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(sum)
}

func rows(x *torch.Tensor) [][]float64 {
	values, d := torch.Values[float64](x), x.Size(1)
	out := make([][]float64, x.Size(0))
	for i := range out {
		out[i] = values[i*d : (i+1)*d]
	}
	return out
}

// warp pairs 0 … n−1 with 0 … m−1, from (0, 0) to the last of both, so that the costs of the pairs have the smallest
// sum: each step advances one or both by 1 (Sakoe and Chiba 1978 without weights). Of equal sums the step of both wins,
// then that of the second, as in librosa.
func warp(n, m int, cost func(i, j int) float64) (pairs [][2]int, sum float64) {
	steps := [][2]int{{1, 1}, {0, 1}, {1, 0}}
	sums, from := make([]float64, n*m), make([]uint8, n*m)
	for i := range n {
		for j := range m {
			at := i*m + j
			best := math.Inf(1)
			for k, s := range steps {
				if i < s[0] || j < s[1] {
					continue
				}
				if before := sums[(i-s[0])*m+j-s[1]]; before < best {
					best, from[at] = before, uint8(k)
				}
			}
			if at == 0 {
				best = 0
			}
			sums[at] = best + cost(i, j)
		}
	}
	i, j := n-1, m-1
	pairs = [][2]int{{i, j}}
	for i > 0 || j > 0 {
		s := steps[from[i*m+j]]
		i, j = i-s[0], j-s[1]
		pairs = append(pairs, [2]int{i, j})
	}
	slices.Reverse(pairs)
	return pairs, sums[n*m-1]
}
