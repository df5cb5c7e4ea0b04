package vision

import "fmt"

// Scale says how the values of a grid are brought to [0, 1].
type Scale int

// The scales.
const (
	Signed     Scale = iota // values in [-1, 1], as generators give them: make_grid(normalize=True, value_range=(-1, 1))
	Raw                     // values are in [0, 1] already: make_grid without normalize
	MinMax                  // from the smallest and largest value of all pictures: normalize=True
	MinMaxEach              // from those of each picture: normalize=True, scale_each=True
)

// Grid lays out pictures as torchvision's make_grid does. The zero value is its default for pictures in [-1, 1].
type Grid struct {
	NRow     int     // pictures in a line; 0 is 8
	Padding  int     // pixels between pictures and around the grid; 0 is 2, negative is none
	PadValue float32 // value of the padding, on the scale [0, 1]
	Scale    Scale
}

// MakeGrid joins the pictures x of shape (N, C, H, W), C = 1 or 3, into one of shape (3, H', W') with values in [0, 1]
// (with Raw as they are). A single picture is returned without a border, as torchvision does. x is not changed.
// The error tells a shape that does not fit.
func MakeGrid(x []float32, shape []int, g Grid) (grid []float32, h, w int, err error) {
	if len(shape) != 4 || shape[0] < 1 || shape[2] < 1 || shape[3] < 1 || (shape[1] != 1 && shape[1] != 3) ||
		len(x) != shape[0]*shape[1]*shape[2]*shape[3] {
		return nil, 0, 0, fmt.Errorf("grid: %d values of shape %v are not pictures (N, C, H, W) with 1 or 3 channels", len(x), shape)
	}
	n, c, ph, pw := shape[0], shape[1], shape[2], shape[3]
	x = g.Scale.apply(x, n)
	columns, pad := g.NRow, g.Padding
	if columns <= 0 {
		columns = 8
	}
	columns = min(columns, n)
	switch {
	case n == 1 || pad < 0:
		pad = 0
	case pad == 0:
		pad = 2
	}
	rows := (n + columns - 1) / columns
	h, w = rows*(ph+pad)+pad, columns*(pw+pad)+pad
	grid = make([]float32, 3*h*w)
	for i := range grid {
		grid[i] = g.PadValue
	}
	for i := range n {
		top, left := i/columns*(ph+pad)+pad, i%columns*(pw+pad)+pad
		for ch := range 3 {
			src := x[(i*c+min(ch, c-1))*ph*pw:]
			for y := range ph {
				copy(grid[ch*h*w+(top+y)*w+left:][:pw], src[y*pw:])
			}
		}
	}
	return grid, h, w, nil
}

// SaveGrid writes the pictures x of shape (N, C, H, W) to path as one PNG, atomically. Its bytes are those of
// torchvision's save_image: floor(255 v + 0.5), clamped.
func SaveGrid(path string, x []float32, shape []int, g Grid) error {
	grid, h, w, err := MakeGrid(x, shape, g)
	if err != nil {
		return err
	}
	return SavePNG(path, FromFloats(grid, 3, h, w, 0, 1, HalfUp))
}

// apply returns the values of n pictures on the scale [0, 1], clamped.
func (s Scale) apply(x []float32, n int) []float32 {
	if s == Raw {
		return x
	}
	out := make([]float32, len(x))
	group := len(x)
	if s == MinMaxEach {
		group /= n
	}
	for from := 0; from < len(x); from += group {
		part := x[from : from+group]
		lo, hi := float32(-1), float32(1)
		if s != Signed {
			lo, hi = part[0], part[0]
			for _, v := range part {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
		for i, v := range part {
			out[from+i] = (max(lo, min(hi, v)) - lo) / max(hi-lo, 1e-5)
		}
	}
	return out
}
