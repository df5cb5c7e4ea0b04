package pix2pixhd

import (
	"math"
	"math/rand/v2"
	"slices"
)

// The settings of scikit-learn's KMeans that the official program uses.
const (
	starts = 10
	rounds = 300
)

// kMeans divides points into at most k clusters and returns their centres: Lloyd's rule from k-means++, the best of ten
// starts by the sum of squared distances. The same points give the same centres.
func kMeans(points [][]float64, k int) [][]float32 {
	rng := rand.New(rand.NewPCG(0, 0))
	var best [][]float64
	least := math.Inf(1)
	for range starts {
		centres := spread(points, min(k, len(points)), rng)
		sum := math.Inf(1)
		for range rounds {
			before := sum
			if sum = refine(points, centres); sum >= before {
				break
			}
		}
		if sum < least {
			best, least = centres, sum
		}
	}
	out := make([][]float32, len(best))
	for i, c := range best {
		for _, v := range c {
			out[i] = append(out[i], float32(v))
		}
	}
	return out
}

// spread chooses k of the points as centres, each with a chance in proportion to its squared distance from those before.
// Arthur and Vassilvitskii 2007.
func spread(points [][]float64, k int, rng *rand.Rand) (centres [][]float64) {
	distance := make([]float64, len(points))
	for i := range distance {
		distance[i] = 1
	}
	for len(centres) < k {
		total := 0.0
		for _, d := range distance {
			total += d
		}
		at, left := len(points)-1, rng.Float64()*total
		for i, d := range distance {
			if left -= d; left < 0 {
				at = i
				break
			}
		}
		centres = append(centres, slices.Clone(points[at]))
		for i, p := range points {
			_, distance[i] = nearest(p, centres)
		}
	}
	return centres
}

// refine moves each centre to the mean of the points that are nearest to it, and returns the sum of their squared distances
// from where it was. A centre without points stays.
func refine(points, centres [][]float64) (sum float64) {
	sums, counts := make([][]float64, len(centres)), make([]int, len(centres))
	for i := range sums {
		sums[i] = make([]float64, len(centres[i]))
	}
	for _, p := range points {
		at, d := nearest(p, centres)
		sum += d
		counts[at]++
		for j, v := range p {
			sums[at][j] += v
		}
	}
	for i, n := range counts {
		for j := range centres[i] {
			if n > 0 {
				centres[i][j] = sums[i][j] / float64(n)
			}
		}
	}
	return sum
}

// nearest is the number of the centre nearest to p, and the squared distance.
func nearest(p []float64, centres [][]float64) (at int, distance float64) {
	distance = math.Inf(1)
	for i, c := range centres {
		d := 0.0
		for j := range p {
			d += (p[j] - c[j]) * (p[j] - c[j])
		}
		if d < distance {
			at, distance = i, d
		}
	}
	return at, distance
}
