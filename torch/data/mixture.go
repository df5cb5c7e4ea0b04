package data

import (
	"math"
	"math/rand/v2"
)

// Mixture is an endless set of points in the plane, drawn from a mixture of Gaussians of equal weight and width: a toy
// whose density is known. Its items are new in every epoch.
type Mixture struct {
	name    string
	Centres [][2]float64
	Sigma   float64
}

// mixtureItems is what counts as an epoch.
const mixtureItems = 100_000

// Mixtures are those that Open knows: ring8, eight on a circle of radius 2, and grid25, five by five from −4 to 4.
func Mixtures() []*Mixture {
	ring := &Mixture{name: "ring8", Sigma: 0.02}
	for k := range 8 {
		sin, cos := math.Sincos(2 * math.Pi * float64(k) / 8)
		ring.Centres = append(ring.Centres, [2]float64{2 * cos, 2 * sin})
	}
	square := &Mixture{name: "grid25", Sigma: 0.05}
	for i := range 25 {
		square.Centres = append(square.Centres, [2]float64{float64(i%5)*2 - 4, float64(i/5)*2 - 4})
	}
	return []*Mixture{ring, square}
}

// FindMixture is the one of that name, nil if there is none.
func FindMixture(name string) *Mixture {
	for _, m := range Mixtures() {
		if m.name == name {
			return m
		}
	}
	return nil
}

// Name is ring8 or grid25.
func (m *Mixture) Name() string { return m.name }

// Len is 100,000.
func (m *Mixture) Len() int { return mixtureItems }

// Fields is "point", (2).
func (m *Mixture) Fields() []Field { return []Field{{Name: "point", Shape: []int{2}}} }

// Read draws a point; its component is the item's number modulo theirs, so that all are as frequent.
func (m *Mixture) Read(i int, rng *rand.Rand, row []Array) error {
	centre := m.Centres[i%len(m.Centres)]
	for k := range centre {
		row[0].Float32[k] = float32(centre[k] + m.Sigma*rng.NormFloat64())
	}
	return nil
}

// Density is the probability density at a point.
func (m *Mixture) Density(x, y float64) float64 {
	var sum float64
	for _, c := range m.Centres {
		sum += math.Exp(-(math.Pow(x-c[0], 2) + math.Pow(y-c[1], 2)) / (2 * m.Sigma * m.Sigma))
	}
	return sum / (float64(len(m.Centres)) * 2 * math.Pi * m.Sigma * m.Sigma)
}
