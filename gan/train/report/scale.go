package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// scale maps values to pixels, from the pixel `from` at lo to the pixel `to` at hi.
type scale struct {
	lo, hi, from, to float64
	log              bool
}

func (s scale) pixel(v float64) float64 {
	lo, hi := s.lo, s.hi
	if s.log {
		lo, hi, v = math.Log10(lo), math.Log10(hi), math.Log10(v)
	}
	// Far outside is far enough: pixels of 1e300 make some browsers drop the whole curve.
	return math.Max(-1e4, math.Min(1e4, s.from+(v-lo)/(hi-lo)*(s.to-s.from)))
}

// fit is the range of an axis over finite values. It is logarithmic for positive values over several decades. Where single values
// would flatten all others, it covers 98 % of them; outside says how many it leaves out.
func fit(values []float64) (s scale, outside int) {
	if len(values) == 0 {
		return scale{lo: 0, hi: 1}, 0
	}
	sorted := slices.Sorted(slices.Values(values))
	at := func(q float64) float64 { return sorted[int(q*float64(len(sorted)-1))] }
	// Far from overflow, so that differences and paddings are finite.
	sane := func(v float64) float64 { return math.Max(-1e300, math.Min(1e300, v)) }
	lo, hi := sane(at(0)), sane(at(1))
	if lo > 0 && at(0.95) > 100*at(0.05) {
		return scale{lo: math.Max(lo*0.9, 1e-300), hi: hi * 1.1, log: true}, 0
	}
	if inner := at(0.99) - at(0.01); inner > 0 && hi-lo > 6*inner {
		lo, hi = math.Max(lo, at(0.01)-inner/5), math.Min(hi, at(0.99)+inner/5)
	}
	for _, v := range sorted {
		if v < lo || v > hi {
			outside++
		}
	}
	pad := (hi - lo) * 0.05
	if pad == 0 {
		pad = math.Max(math.Abs(lo)*0.1, 1e-9)
	}
	zero := lo >= 0 && lo < 0.4*hi // an axis that starts near zero may as well start there
	lo, hi = lo-pad, hi+pad
	if zero {
		lo = 0
	}
	return scale{lo: lo, hi: hi}, outside
}

// tick is a labelled place on an axis.
type tick struct {
	At    float64
	Label string
}

// ticks are at most about want round numbers within the scale.
func (s scale) ticks(want int, label func(v, step float64) string) (all []tick) {
	if s.log {
		first, last := math.Ceil(math.Log10(s.lo)), math.Floor(math.Log10(s.hi))
		by := math.Max(1, math.Ceil((last-first+1)/float64(want)))
		for e := first; e <= last; e += by {
			all = append(all, tick{s.pixel(math.Pow10(int(e))), powerLabel(int(e))})
		}
		return all
	}
	step := roundStep((s.hi - s.lo) / float64(want))
	for k := math.Ceil(s.lo / step); k*step <= s.hi*(1+1e-12) && len(all) <= 2*want; k++ {
		all = append(all, tick{s.pixel(k * step), label(k*step, step)})
	}
	return all
}

// roundStep is the least of 1, 2, 5 times a power of ten that is not below v.
func roundStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= v {
			return m * power
		}
	}
	return 10 * power
}

// valueLabel writes v with the decimals that tell it from its neighbours step away.
func valueLabel(v, step float64) string {
	if a := math.Abs(v); a >= 1e5 || step < 1e-4 {
		return short(v)
	}
	decimals := int(math.Max(0, -math.Floor(math.Log10(step)+1e-9)))
	return strings.Replace(strconv.FormatFloat(v+0, 'f', decimals, 64), "-", "−", 1)
}

// stepLabel writes a step of training, all of an axis in the same unit: 500, 1,000; 5k, 10k; 0.5M, 1M.
func stepLabel(v, step float64) string {
	switch {
	case step >= 1e5 && v > 0:
		return strconv.FormatFloat(v/1e6, 'f', -1, 64) + "M"
	case step >= 1e3 && v > 0:
		return strconv.FormatFloat(v/1e3, 'f', -1, 64) + "k"
	}
	return thousands(int(v))
}

// powerLabel writes 10 to the e: 0.01, 1, 1,000, and 10⁻⁵ where that is shorter.
func powerLabel(e int) string {
	if e >= -3 && e <= 4 {
		if e >= 0 {
			return thousands(int(math.Pow10(e)))
		}
		return strconv.FormatFloat(math.Pow10(e), 'f', -e, 64)
	}
	raised := strings.NewReplacer("-", "⁻", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹")
	return "10" + raised.Replace(strconv.Itoa(e))
}

// thousands writes n with commas: 12,345.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// short writes v with four digits that count.
func short(v float64) string {
	return strings.Replace(fmt.Sprintf("%.4g", v), "-", "−", 1)
}
