package data_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/data"
)

func TestAMixtureDrawsFromItsDensity(t *testing.T) {
	for name, modes := range map[string]int{"ring8": 8, "grid25": 25} {
		set, err := data.Open(t.Context(), name, data.Options{})
		require.NoError(t, err)
		m := set.(*data.Mixture)
		require.Len(t, m.Centres, modes)
		rng := rand.New(rand.NewPCG(1, 2))
		row := []data.Array{{Float32: make([]float32, 2)}}
		count, squares := map[[2]float64]int{}, 0.0
		const n = 20_000
		for i := range n {
			require.NoError(t, m.Read(i, rng, row))
			x, y := float64(row[0].Float32[0]), float64(row[0].Float32[1])
			var nearest [2]float64
			best := math.Inf(1)
			for _, c := range m.Centres {
				if d := math.Hypot(x-c[0], y-c[1]); d < best {
					best, nearest = d, c
				}
			}
			count[nearest]++
			squares += best * best / (2 * m.Sigma * m.Sigma)
		}
		require.Len(t, count, modes)
		for _, k := range count {
			require.Equal(t, n/modes, k)
		}
		require.InDelta(t, 1, squares/n, 0.03, "the squared distance has mean 2σ²")

		// The density sums to 1 over a fine raster around one mode, times the number of modes.
		sum, h := 0.0, m.Sigma/4
		for i := -24; i <= 24; i++ {
			for j := -24; j <= 24; j++ {
				sum += m.Density(m.Centres[0][0]+float64(i)*h, m.Centres[0][1]+float64(j)*h) * h * h
			}
		}
		require.InDelta(t, 1/float64(modes), sum, 1e-6)
	}
}
