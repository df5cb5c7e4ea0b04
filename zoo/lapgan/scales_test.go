package lapgan

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// The map of pixels from 0 to 1 to coordinates is linear, so its matrix has the logarithm of a determinant that Scales says.
func TestCoordinatesOfScalesAreThePictureAndKnowItsVolume(t *testing.T) {
	torchtest.Native(t)
	for _, sides := range []string{"4,8", "3,5,8", "4,7", "2,6"} {
		t.Run(sides, func(t *testing.T) {
			torch.Scope(func() {
				c := shrunk(Config{})
				c.Sides = sides
				m, err := New(c)
				require.NoError(t, err)
				side := m.config.size()
				torch.NoGrad(func() {
					m.norm.Mean.UniformInPlace()
					m.norm.Std.UniformInPlace(torch.UniformInPlaceOptions{From: 0.5, To: new(1.5)})
				})
				pixels := side * side
				units := torch.Eye(pixels).View(pixels, 1, side, side) // in 0 … 1
				at := func(x *torch.Tensor) (*torch.Tensor, float64) {
					scales, volume := m.Scales(x.MulScalar(2).SubScalar(1))
					return torch.Cat(scales, torch.CatOptions{Dim: 1}), volume
				}
				columns, volume := at(units)
				zero, _ := at(units.Narrow(0, 0, 1).MulScalar(0))
				require.Equal(t, []int{pixels, pixels}, columns.Shape())
				_, r := torch.QR(columns.Sub(zero))
				require.InDelta(t, r.Diagonal().Abs().Log().Sum().Item(), volume, 1e-4*math.Abs(volume)+1e-3)
			})
		})
	}
}

// Samples whose generator is a constant have the coordinates of that picture.
func TestSamplesOfAScaleAreOfTheTrueCoarserPicture(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		for _, classes := range []int{0, 2} {
			m, err := New(shrunk(Config{Classes: classes}))
			require.NoError(t, err)
			x := torch.Rand([]int{1, 1, 16, 16})
			scales, _ := m.Scales(x)
			for k := range m.Levels {
				require.Equal(t, []int{5, scales[k].Size(1)}, m.SampleScale(k, 5, x).Shape(), fmt.Sprint(k))
			}
			m.Levels[2].G = constant{}
			sides := m.config.sides()
			_, up := Split(m.norm.normal(x), sides, 2)
			want := newBasis(16, 8, torch.Device{}).free(up.AddScalar(0.25))
			require.LessOrEqual(t, m.SampleScale(2, 5, x).Sub(want).Abs().Max().Item(), 1e-5)
		}
	})
}

// constant makes the same detail everywhere.
type constant struct{}

func (constant) Forward(_, up, _ *torch.Tensor) *torch.Tensor { return up.FullLike(0.25) }
