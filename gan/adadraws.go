package gan

import (
	"math"

	"github.com/forgergan/forger/torch"
)

// adaDraws draws the changes that ADA makes to the pictures x.
type adaDraws struct{ x, p *torch.Tensor }

// often keeps value (N, …) with probability p, and sets it to none elsewhere.
func (d adaDraws) often(value, p *torch.Tensor, none float64) *torch.Tensor {
	shape := value.Shape()
	for i := range shape[1:] {
		shape[i+1] = 1
	}
	chosen := torch.Rand(shape, torch.RandOptions{TensorOptions: like(d.x)}).Lt(p)
	return torch.WhereScalar(chosen, value, none)
}

func (d adaDraws) uniform(shape ...int) *torch.Tensor { return uniform(d.x, shape...) }

func (d adaDraws) normal(shape ...int) *torch.Tensor {
	return torch.Randn(append([]int{d.x.Size(0)}, shape...), torch.RandnOptions{TensorOptions: like(d.x)})
}

// one of the whole numbers from 0 to n − 1.
func (d adaDraws) one(n int, shape ...int) *torch.Tensor {
	return d.uniform(shape...).MulScalar(n).Floor()
}

// angle is uniform in [−π, π).
func (d adaDraws) angle() *torch.Tensor {
	return d.uniform().MulScalar(2).SubScalar(1).MulScalar(math.Pi)
}

// placement draws where each pixel of a picture comes from, (N, 3, 3), in pixels from the centre.
func (d adaDraws) placement() *torch.Tensor {
	w, h := float64(d.x.Size(3)), float64(d.x.Size(2))

	mirror := d.often(d.one(2), d.p, 0)
	g := scaled(mirror, mirror.MulScalar(-2).AddScalar(1), 1) // its own inverse

	turns := d.often(d.one(4), d.p, 0)
	g = g.MatMul(turned(turns.MulScalar(math.Pi / 2)))

	shift := d.often(d.uniform(2).MulScalar(2).SubScalar(1).MulScalar(0.125), d.p, 0)
	g = g.MatMul(moved(shift, shift.Select(1, 0).MulScalar(w).Round().Neg(), shift.Select(1, 1).MulScalar(h).Round().Neg()))

	size := d.often(d.normal().MulScalar(0.2).Exp2(), d.p, 1).Reciprocal()
	g = g.MatMul(scaled(size, size, size))

	// Two rotations around the stretching: together they happen with probability p.
	each := d.p.Neg().AddScalar(1).Clamp(torch.ClampOptions{Min: 0, Max: 1}).Sqrt().Neg().AddScalar(1)
	g = g.MatMul(turned(d.often(d.angle(), each, 0)))
	stretch := d.often(d.normal().MulScalar(0.2).Exp2(), d.p, 1)
	g = g.MatMul(scaled(stretch, stretch.Reciprocal(), stretch))
	g = g.MatMul(turned(d.often(d.angle(), each, 0)))

	part := d.often(d.normal(2).MulScalar(0.125), d.p, 0)
	return g.MatMul(moved(part, part.Select(1, 0).MulScalar(-w), part.Select(1, 1).MulScalar(-h)))
}

// colour draws the map of each picture's colours, (N, 4, 4).
func (d adaDraws) colour() *torch.Tensor {
	bright := d.often(d.normal().MulScalar(0.2), d.p, 0)
	c := matrices(bright, 1, 0, 0, bright, 0, 1, 0, bright, 0, 0, 1, bright, 0, 0, 0, 1)

	contrast := d.often(d.normal().MulScalar(0.5).Exp2(), d.p, 1)
	c = matrices(contrast, contrast, 0, 0, 0, 0, contrast, 0, 0, 0, 0, contrast, 0, 0, 0, 0, 1).MatMul(c)

	// The luma is the part of a colour along (1, 1, 1).
	const third = 1.0 / 3
	along := matrices(bright, third, third, third, 0, third, third, third, 0, third, third, third, 0, 0, 0, 0, 0)
	unit := matrices(bright, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1)

	flip := d.often(d.one(2, 1, 1), d.p, 0)
	c = unit.Sub(along.Mul(flip).MulScalar(2)).MatMul(c)
	if d.x.Size(1) == 1 {
		return c
	}
	c = hue(d.often(d.angle(), d.p, 0)).MatMul(c)

	vivid := d.often(d.normal(1, 1).Exp2(), d.p, 1)
	return along.Add(unit.Sub(along).Mul(vivid)).MatMul(c)
}

// hue are rotations of colours around (1, 1, 1).
func hue(angle *torch.Tensor) *torch.Tensor {
	s, c := angle.Sin().DivScalar(math.Sqrt(3)), angle.Cos()
	rest := c.Neg().AddScalar(1).DivScalar(3)
	same, next, last := rest.Add(c), rest.Sub(s), rest.Add(s)
	return matrices(angle, same, next, last, 0, last, same, next, 0, next, last, same, 0, 0, 0, 0, 1)
}

// moved are (N, 3, 3) matrices of shifts; x and y are numbers or tensors (N), and of has N elements along dimension 0.
func moved(of *torch.Tensor, x, y any) *torch.Tensor {
	return matrices(of, 1, 0, x, 0, 1, y, 0, 0, 1)
}

// scaled are (N, 3, 3) matrices of scales.
func scaled(of *torch.Tensor, x, y any) *torch.Tensor {
	return matrices(of, x, 0, 0, 0, y, 0, 0, 0, 1)
}

// turned are (N, 3, 3) matrices of rotations by angle (N).
func turned(angle *torch.Tensor) *torch.Tensor {
	s, c := angle.Sin(), angle.Cos()
	return matrices(angle, c, s.Neg(), 0, s, c, 0, 0, 0, 1)
}

// matrices are square ones (N, k, k) of k² entries, numbers or tensors (N), with the N, device and type of of.
func matrices(of *torch.Tensor, entries ...any) *torch.Tensor {
	n, k := of.Size(0), int(math.Sqrt(float64(len(entries))))
	columns := make([]*torch.Tensor, len(entries))
	for i, e := range entries {
		if t, ok := e.(*torch.Tensor); ok {
			columns[i] = t
		} else {
			columns[i] = torch.Full([]int{n}, e, like(of))
		}
	}
	return torch.Stack(columns, torch.StackOptions{Dim: 1}).View(n, k, k)
}
