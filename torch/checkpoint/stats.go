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

// addBlock adds a block of values, which it may reorder.
func (s *stats) addBlock(values []float64) {
	b := summariseFinite(values)
	// Few blocks hold NaN or infinities, and those show in the sums, so only such blocks are searched.
	if math.IsNaN(b.mean) || math.IsInf(b.mean, 0) {
		finite := values[:0]
		for _, x := range values {
			switch {
			case x != x:
				s.nan++
			case math.IsInf(x, 0):
				s.inf++
			default:
				finite = append(finite, x)
			}
		}
		b = summariseFinite(finite)
	}
	s.merge(b)
}

// summariseFinite makes the statistics of finite values. There are few enough for distances from the first value to be
// as good as those from the mean, so one pass does.
func summariseFinite(values []float64) stats {
	if len(values) == 0 {
		return newStats()
	}
	first := values[0]
	low, high := first, first
	// Four sums, so that an addition need not wait for the one before.
	var d0, d1, q0, q1 float64
	for i := 0; i+1 < len(values); i += 2 {
		x, y := values[i], values[i+1]
		if x < low {
			low = x
		}
		if x > high {
			high = x
		}
		if y < low {
			low = y
		}
		if y > high {
			high = y
		}
		dx, dy := x-first, y-first
		d0 += dx
		d1 += dy
		q0 += dx * dx
		q1 += dy * dy
	}
	if len(values)%2 == 1 {
		x := values[len(values)-1]
		low, high = min(low, x), max(high, x)
		d0 += x - first
		q0 += (x - first) * (x - first)
	}
	n, d := float64(len(values)), d0+d1
	return stats{n: int64(len(values)), min: low, max: high, mean: first + d/n, spread: max(q0+q1-d*d/n, 0)}
}

// addCounts adds values that occur so many times each.
func (s *stats) addCounts(values *[256]float64, counts *[256]int64) {
	for i, n := range counts {
		switch x := values[i]; {
		case n == 0:
		case x != x:
			s.nan += n
		case math.IsInf(x, 0):
			s.inf += n
		default:
			s.merge(stats{n: n, min: x, max: x, mean: x})
		}
	}
}

// std is the population's standard deviation.
func (s *stats) std() float64 { return math.Sqrt(s.spread / float64(s.n)) }
