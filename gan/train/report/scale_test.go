package report

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestThinningKeepsEverySpikeAndBothEnds(t *testing.T) {
	for _, n := range []int{0, 1, maxPoints, maxPoints + 1, 1999, 54_321} {
		values := noisy("", "", n).Value
		if n > 40 {
			values[n/3], values[n/2], values[n/2+1] = 99, -99, 98
		}
		keep := thin(values)
		require.LessOrEqual(t, len(keep), maxPoints)
		require.True(t, slices.IsSorted(keep))
		require.Len(t, slices.Compact(slices.Clone(keep)), len(keep), "no point twice")
		if n <= maxPoints {
			require.Len(t, keep, n)
			continue
		}
		require.Subset(t, keep, []int{0, n / 3, n / 2, n - 1})
	}
}

func TestThinningKeepsAGap(t *testing.T) {
	values := noisy("", "", 10_000).Value
	for i := 4000; i < 6000; i++ {
		values[i] = math.NaN()
	}
	gap := 0
	for _, k := range thin(values) {
		if math.IsNaN(values[k]) {
			gap++
		}
	}
	require.InDelta(t, 100, gap, 3)
}

func TestSmoothingFollowsTheMiddleAndIgnoresWildValues(t *testing.T) {
	values := make([]float64, 500)
	for i := range values {
		values[i] = 1 + float64(i%2)
	}
	values[250] = 1e9
	values[300] = math.NaN()
	for i, v := range smooth(values, 0, 3) {
		if i == 300 {
			require.True(t, math.IsNaN(v))
			continue
		}
		require.InDelta(t, 1.5, v, 0.15, i)
	}
}

func TestOnlyNoisyCurvesAreSmoothed(t *testing.T) {
	steady, cycles := make([]float64, 200), make([]float64, 200)
	for i := range steady {
		steady[i] = 2e-4 * math.Exp(-float64(i)/50)
		cycles[i] = math.Sin(float64(i) / 100 * math.Pi)
	}
	steady[7] = math.NaN()
	spiked := noisy("", "", 200).Value
	spiked[3] = 1e9
	require.False(t, rough(steady, 0, 1))
	require.False(t, rough(cycles, -1, 1))
	require.True(t, rough(spiked, -3, 3))
	require.False(t, rough([]float64{math.NaN(), math.NaN()}, 0, 1))
}

func TestAllChartsShareTheAxisOfSteps(t *testing.T) {
	drawn, err := charts([]Series{
		{"G", "Losses", []int{10, 1000}, []float64{1, 2}}, {"FID", "FID", []int{500}, []float64{9}}, {"none", "None", nil, nil},
	})
	require.NoError(t, err)
	require.Len(t, drawn, 2)
	for _, c := range drawn {
		require.Equal(t, "0", c.X[0].Label)
		require.Equal(t, "1,000", c.X[len(c.X)-1].Label)
	}
}

func TestAxesCoverTheValues(t *testing.T) {
	spiked := slices.Repeat([]float64{1, 2}, 500)
	spiked[3] = 1e6
	for _, c := range []struct {
		name    string
		values  []float64
		want    scale
		outside int
	}{
		{"nothing", nil, scale{lo: 0, hi: 1}, 0},
		{"a constant", []float64{5, 5}, scale{lo: 4.5, hi: 5.5}, 0},
		{"zero", []float64{0}, scale{lo: 0, hi: 1e-9}, 0},
		{"near zero", []float64{1, 11}, scale{lo: 0, hi: 11.5}, 0},
		{"far from zero", []float64{100, 110}, scale{lo: 99.5, hi: 110.5}, 0},
		{"both signs", []float64{-10, 10}, scale{lo: -11, hi: 11}, 0},
		{"one spike", spiked, scale{lo: 0.94, hi: 2.26}, 1},
		{"decades", []float64{1e-6, 1e-3, 1}, scale{lo: 0.9e-6, hi: 1.1, log: true}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, outside := fit(c.values)
			require.InDelta(t, c.want.lo, got.lo, 1e-9)
			require.InDelta(t, c.want.hi, got.hi, 1e-9)
			require.Equal(t, c.want.log, got.log)
			require.Equal(t, c.outside, outside)
		})
	}
}

func TestExtremeValuesStillGiveFinitePixels(t *testing.T) {
	for _, values := range [][]float64{
		{-math.MaxFloat64, math.MaxFloat64}, {math.SmallestNonzeroFloat64, 1}, {math.MaxFloat64, math.MaxFloat64}, {1e-300, 1e300, 1},
	} {
		s, _ := fit(values)
		s.from, s.to = 300, 0
		for _, v := range append(values, 0) {
			if s.log && v == 0 {
				continue
			}
			require.True(t, finite(s.pixel(v)), "%g on %+v", v, s)
		}
		require.Less(t, len(s.ticks(6, valueLabel)), 13)
	}
}

func TestTicksAreRoundNumbers(t *testing.T) {
	labels := func(s scale, want int, label func(v, step float64) string) (all []string) {
		for _, tick := range s.ticks(want, label) {
			all = append(all, tick.Label)
		}
		return all
	}
	require.Equal(t, []string{"−0.5", "0.0", "0.5", "1.0"}, labels(scale{lo: -0.6, hi: 1.1}, 4, valueLabel))
	require.Equal(t, []string{"0.02", "0.04", "0.06"}, labels(scale{lo: 0.01, hi: 0.07}, 5, valueLabel))
	require.Equal(t, []string{"0", "5e+05", "1e+06"}, labels(scale{lo: 0, hi: 1e6}, 2, valueLabel))
	require.Equal(t, []string{"10⁻⁵", "0.001", "0.1", "10"}, labels(scale{lo: 5e-6, hi: 20, log: true}, 4, valueLabel))
	require.Equal(t, []string{"1", "10", "100", "1,000", "10,000", "10⁵"}, labels(scale{lo: 1, hi: 1e5, log: true}, 6, valueLabel))
	require.Equal(t, []string{"0", "500", "1,000"}, labels(scale{lo: 0, hi: 1200}, 3, stepLabel))
	require.Equal(t, []string{"0", "5k", "10k"}, labels(scale{lo: 0, hi: 12_000}, 3, stepLabel))
	require.Equal(t, []string{"0", "0.5M", "1M"}, labels(scale{lo: 0, hi: 1_200_000}, 3, stepLabel))
}

func TestThousandsAreSeparated(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", -1000: "-1,000", -100: "-100", 1234567: "1,234,567"} {
		require.Equal(t, want, thousands(n))
	}
}
