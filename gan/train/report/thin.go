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

// smooth is the moving average of values, over a fiftieth of them to either side. Values that are not finite stay so and do not
// count for their neighbours.
func smooth(values []float64) []float64 {
	half := max(len(values)/50, 2)
	sums, counts := make([]float64, len(values)+1), make([]int, len(values)+1)
	for i, v := range values {
		sums[i+1], counts[i+1] = sums[i], counts[i]
		if finite(v) {
			sums[i+1] += v
			counts[i+1]++
		}
	}
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = v
		if finite(v) {
			// The window shrinks on both sides towards the ends, or a falling curve would start too low.
			h := min(half, i, len(values)-1-i)
			out[i] = (sums[i+h+1] - sums[i-h]) / float64(counts[i+h+1]-counts[i-h])
		}
	}
	return out
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
