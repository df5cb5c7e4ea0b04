package checkpoint

import "math"

// stats are the running statistics of a tensor's values. Finite values count for min, max, mean and spread.
type stats struct {
	n        int64 // finite values
	min, max float64
	mean     float64
	spread   float64 // sum of squared distances from the mean
	nan, inf int64
}

// newStats is the neutral element of merge.
func newStats() stats { return stats{min: math.Inf(1), max: math.Inf(-1)} }

// merge adds the statistics of further values, by the pairwise update of Chan, Golub and LeVeque 1979, which loses no
// precision to a large mean.
func (s *stats) merge(o stats) {
	s.nan += o.nan
	s.inf += o.inf
	if o.n == 0 {
		return
	}
	s.min, s.max = min(s.min, o.min), max(s.max, o.max)
	n := s.n + o.n
	d, share := o.mean-s.mean, float64(o.n)/float64(n)
	s.mean += d * share
	s.spread += o.spread + d*d*share*float64(s.n)
	s.n = n
}

// addBlock adds finite values. The block is small, so distances from its first value are as good as those from its
// mean, and one pass does.
func (s *stats) addBlock(values []float64) {
	if len(values) == 0 {
		return
	}
	b := stats{n: int64(len(values))}
	first := values[0]
	b.min, b.max = first, first
	// Two sums each, so that an addition need not wait for the one before.
	var d0, d1, q0, q1 float64
	i := 0
	for ; i+1 < len(values); i += 2 {
		x, y := values[i], values[i+1]
		if x < b.min {
			b.min = x
		}
		if x > b.max {
			b.max = x
		}
		if y < b.min {
			b.min = y
		}
		if y > b.max {
			b.max = y
		}
		dx, dy := x-first, y-first
		d0 += dx
		d1 += dy
		q0 += dx * dx
		q1 += dy * dy
	}
	if i < len(values) {
		x := values[i]
		b.min, b.max = min(b.min, x), max(b.max, x)
		d0 += x - first
		q0 += (x - first) * (x - first)
	}
	n, d := float64(b.n), d0+d1
	b.mean = first + d/n
	b.spread = max(q0+q1-d*d/n, 0)
	s.merge(b)
}

// addCounts adds values that occur so many times each.
func (s *stats) addCounts(values *[256]float64, counts *[256]int64) {
	for i, n := range counts {
		if n > 0 {
			s.merge(stats{n: n, min: values[i], max: values[i], mean: values[i]})
		}
	}
}

// std is the population's standard deviation.
func (s *stats) std() float64 { return math.Sqrt(s.spread / float64(s.n)) }
