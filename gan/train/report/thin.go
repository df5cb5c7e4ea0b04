package report

import "math"

// maxPoints is how many points of a curve are drawn: about what a screen can show.
const maxPoints = 1000

// thin picks the points to draw, by index: all of them, or the first, the last, and the least and the greatest of each of
// equal stretches between. A stretch with no finite value keeps one point, so that the gap stays.
func thin(values []float64) []int {
	n := len(values)
	var keep []int
	if n <= maxPoints {
		for i := range values {
			keep = append(keep, i)
		}
		return keep
	}
	keep = append(keep, 0)
	const stretches = (maxPoints - 2) / 2
	for s := range stretches {
		from, to := 1+s*(n-2)/stretches, 1+(s+1)*(n-2)/stretches
		least, most := -1, -1
		for i := from; i < to; i++ {
			if !finite(values[i]) {
				continue
			}
			if least < 0 || values[i] < values[least] {
				least = i
			}
			if most < 0 || values[i] > values[most] {
				most = i
			}
		}
		switch {
		case least < 0:
			keep = append(keep, from)
		case least == most:
			keep = append(keep, least)
		default:
			keep = append(keep, min(least, most), max(least, most))
		}
	}
	return append(keep, n-1)
}

// smooth is the moving average of values, over a fiftieth of them to either side. Single values outside lo to hi, the range
// that is shown, would bend it for the whole width of the window, so they count as lo or hi. Values that are not finite stay
// so and do not count for their neighbours.
func smooth(values []float64, lo, hi float64) []float64 {
	n := len(values)
	sums, counts := make([]float64, n+1), make([]int, n+1)
	for i, v := range values {
		sums[i+1], counts[i+1] = sums[i], counts[i]
		if finite(v) {
			sums[i+1] += math.Max(lo, math.Min(hi, v))
			counts[i+1]++
		}
	}
	half := max(n/50, 3)
	out := make([]float64, n)
	for i, v := range values {
		out[i] = v
		if finite(v) {
			// Towards the ends both sides of the window shrink, or a falling curve would start too low, but not so
			// far that the noise of the first and the last points comes through.
			h := max(min(half, i, n-1-i), half/2)
			from, to := max(i-h, 0), min(i+h+1, n)
			out[i] = (sums[to] - sums[from]) / float64(counts[to]-counts[from])
		}
	}
	return out
}

// rough reports whether the values, within the range lo to hi that is shown, go up and down far more than they lead anywhere,
// unlike a schedule of learning rates.
func rough(values []float64, lo, hi float64) bool {
	least, most, way, last := math.Inf(1), math.Inf(-1), 0.0, math.NaN()
	for _, v := range values {
		if !finite(v) {
			continue
		}
		v = math.Max(lo, math.Min(hi, v))
		if !math.IsNaN(last) {
			way += math.Abs(v - last)
		}
		least, most, last = math.Min(least, v), math.Max(most, v), v
	}
	return way > 0 && way > 4*(most-least)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
