package gan

import "github.com/forgergan/forger/torch"

// bands is the number of octaves that ADA's filter divides frequencies into, the lowest first.
const bands = 4

// power is what part of a natural picture's power is expected in each of them.
var power = [bands]float64{10. / 13, 1. / 13, 1. / 13, 1. / 13}

// sym2 are the low-pass coefficients of the least asymmetric wavelet with 2 vanishing moments.
var sym2 = [4]float64{-0.12940952255092145, 0.22414386804185735, 0.836516303737469, 0.48296291314469025}

// filterBank are the filters (4, 43) of the bands, which add up to one that changes nothing.
func filterBank() *torch.Tensor {
	var high [4]float64
	for i, v := range sym2 {
		high[i] = v * float64(1-2*(i%2))
	}
	lowPass, highPass := correlated(sym2), correlated(high)
	var rows [bands][]float64
	rows[0] = []float64{1}
	for i := 1; i < bands; i++ {
		for k := range i {
			rows[k] = convolved(spread(rows[k]), lowPass)
		}
		rows[i] = make([]float64, len(rows[0]))
		copy(rows[i][(len(rows[i])-len(highPass))/2:], highPass)
	}
	var all []float64
	for _, r := range rows {
		all = append(all, r...)
	}
	return torch.Tidy(func() *torch.Tensor {
		return torch.FromSlice(all, bands, len(rows[0])).ToDType(torch.Float32)
	}).Own()
}

// correlated is half the correlation of f with itself.
func correlated(f [4]float64) []float64 {
	mirrored := []float64{f[3] / 2, f[2] / 2, f[1] / 2, f[0] / 2}
	return convolved(f[:], mirrored)
}

func convolved(a, b []float64) []float64 {
	out := make([]float64, len(a)+len(b)-1)
	for i, x := range a {
		for k, y := range b {
			out[i+k] += x * y
		}
	}
	return out
}

// spread puts a zero between any two elements.
func spread(f []float64) []float64 {
	out := make([]float64, 2*len(f)-1)
	for i, v := range f {
		out[2*i] = v
	}
	return out
}

// strengths draws what each band of each picture is multiplied by, (N, 4). The expected power stays.
func (d adaDraws) strengths() *torch.Tensor {
	var all [bands]*torch.Tensor
	for i := range bands {
		t := d.often(d.normal().Exp2(), d.p, 1)
		norm := t.Square().MulScalar(power[i]).AddScalar(1 - power[i]).Sqrt()
		for k := range bands {
			factor := norm.Reciprocal()
			if k == i {
				factor = t.Div(norm)
			}
			if all[k] != nil {
				factor = factor.Mul(all[k])
			}
			all[k] = factor
		}
	}
	return torch.Stack(all[:], torch.StackOptions{Dim: 1})
}

// filtered multiplies the bands of x (N, C, H, W) by strengths (N, 4).
func (a *ADA) filtered(x, strengths *torch.Tensor) *torch.Tensor {
	n, c, h, w := x.Size(0), x.Size(1), x.Size(2), x.Size(3)
	f := strengths.MatMul(a.Bank.ToDType(x.DType()))
	f = f.Unsqueeze(1).Expand([]int{n, c, -1}).Reshape(n*c, 1, 1, -1)
	p, each := f.Size(3)/2, torch.Conv2dOptions{Groups: new(n * c)}
	x = x.Reshape(1, n*c, h, w).Pad([]int{p, p, p, p}, torch.PadOptions{Mode: "reflect"})
	x = torch.Conv2d(torch.Conv2d(x, f, each), f.Transpose(2, 3), each)
	return x.View(n, c, h, w)
}

// corrupt filters x, adds noise to it, and sets a rectangle of it to 0.
func (a *ADA) corrupt(x *torch.Tensor, d adaDraws) *torch.Tensor {
	x = a.filtered(x, d.strengths())
	sigma := d.often(d.normal(1, 1, 1).Abs().MulScalar(0.1), d.p, 0)
	x = x.Add(d.normal(x.Shape()[1:]...).Mul(sigma))

	size := d.often(torch.Full([]int{x.Size(0), 2, 1, 1, 1}, 0.5, like(x)), d.p, 0)
	centre := d.uniform(2, 1, 1, 1)
	beyond := func(axis, side int) *torch.Tensor { // (N, 1, 1, side)
		at := positions(x, side).ToDType(x.DType()).AddScalar(0.5).DivScalar(float64(side)).View(1, 1, 1, side)
		return at.Sub(centre.Select(1, axis)).Abs().Ge(size.Select(1, axis).DivScalar(2))
	}
	outside := beyond(0, x.Size(3)).LogicalOr(beyond(1, x.Size(2)).Transpose(2, 3))
	return x.Mul(outside.ToDType(x.DType()))
}
