package pictures

import (
	"fmt"

	"github.com/forgergan/forger/torch"
)

// Lerp walks straight from each row of from (R, …) to that of to, in n ≥ 2 steps with both ends: (R·n, …), one walk
// after another.
func Lerp(from, to *torch.Tensor, n int) *torch.Tensor {
	checkWalk("Lerp", from, to, n)
	return torch.Tidy(func() *torch.Tensor {
		a, b := rows(from), rows(to)
		return walk(n, from, func(t float64) *torch.Tensor { return a.Lerp(b, t) })
	})
}

// Slerp walks as Lerp does, but along the arc between the two, (sin((1−t)ω)·from + sin(tω)·to) / sin ω with ω the angle
// between them (Shoemake 1985). Latents drawn from a normal distribution lie near a sphere, whose inside, where Lerp
// leads through, a generator has not been trained on (White 2016). Rows of one direction or of opposite ones are
// walked straight.
func Slerp(from, to *torch.Tensor, n int) *torch.Tensor {
	checkWalk("Slerp", from, to, n)
	return torch.Tidy(func() *torch.Tensor {
		a, b := rows(from), rows(to)
		dot := a.Mul(b).SumDim([]int{1}, torch.SumDimOptions{Keepdim: true})
		length := func(x *torch.Tensor) *torch.Tensor {
			return x.Square().SumDim([]int{1}, torch.SumDimOptions{Keepdim: true}).Sqrt()
		}
		cos := dot.Div(length(a).Mul(length(b)).Clamp(torch.ClampOptions{Min: 1e-300})).Clamp(torch.ClampOptions{Min: -1, Max: 1})
		omega := cos.Acos()
		sin := omega.Sin()
		straight := sin.Abs().LtScalar(1e-6)
		return walk(n, from, func(t float64) *torch.Tensor {
			arc := a.Mul(omega.MulScalar(1 - t).Sin()).Add(b.Mul(omega.MulScalar(t).Sin())).Div(sin)
			return torch.Where(straight, a.Lerp(b, t), arc)
		})
	})
}

func checkWalk(op string, from, to *torch.Tensor, n int) {
	a, b := from.Shape(), to.Shape()
	if len(a) < 2 || fmt.Sprint(a) != fmt.Sprint(b) || n < 2 {
		panic(misuse(op, fmt.Sprintf("no walk of %d steps leads from latents of shape %v to %v", n, a, b), a, b))
	}
}

// rows is x as (R, D), in float64.
func rows(x *torch.Tensor) *torch.Tensor {
	return x.Detach().ToDType(torch.Float64).Flatten(torch.FlattenOptions{StartDim: 1})
}

// walk is the n places at(t) (R, D), t from 0 to 1, as (R·n, …) of the type of like.
func walk(n int, like *torch.Tensor, at func(t float64) *torch.Tensor) *torch.Tensor {
	var steps []*torch.Tensor
	for i := range n {
		steps = append(steps, at(float64(i)/float64(n-1)))
	}
	shape := append([]int{-1}, like.Shape()[1:]...)
	return torch.Stack(steps, torch.StackOptions{Dim: 1}).Reshape(shape...).ToDType(like.DType())
}

// Truncated draws latents, and draws numbers above threshold in magnitude anew until there is none: the truncation trick of
// BigGAN (Brock et al. 2019, §3.1). Less variety for better pictures. threshold is at least 0.01, below which it would
// take long.
func Truncated(draw func() *torch.Tensor, threshold float64) *torch.Tensor {
	if !(threshold >= 0.01) {
		panic(misuse("Truncated", fmt.Sprintf("a threshold of %v is below 0.01", threshold)))
	}
	return torch.Tidy(func() *torch.Tensor {
		z := draw()
		for {
			beyond := z.Abs().GtScalar(threshold)
			if beyond.Any().Int() == 0 {
				return z
			}
			z = torch.Where(beyond, draw(), z)
		}
	})
}

// Psi brings w (N, …) closer to mean, of a shape that broadcasts to w: mean + psi·(w − mean), the truncation trick of StyleGAN
// (Karras et al. 2019, appendix B), in w, or in z around 0. psi 1 is w, 0 the mean.
func Psi(w, mean *torch.Tensor, psi float64) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return mean.Add(w.Sub(mean).MulScalar(psi)) })
}
