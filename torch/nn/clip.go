package nn

import (
	"math"

	"github.com/forgergan/forger/torch"
)

// ClipOptions are the optional arguments of ClipGradNorm.
type ClipOptions struct {
	NormType         float64 // 2 if 0; math.Inf(1) is the largest absolute value
	ErrorIfNonfinite bool    // panic with a *torch.Error if the norm is not finite; this waits for the GPU
}

// ClipGradNorm scales the gradients of params, all on one device, in place so that their norm, that of all numbers
// together, is at most maxNorm, and returns the norm before. Parameters without gradient count for nothing. It does not
// wait for the GPU: the factor maxNorm/(norm + 1e-6), at most 1, stays there. With a norm that is not finite the gradients
// come out NaN or 0. Pascanu et al. 2013.
func ClipGradNorm(params []*torch.Tensor, maxNorm float64, o ...ClipOptions) *torch.Tensor {
	c := only(o)
	if c.NormType == 0 {
		c.NormType = 2
	}
	return torch.Tidy(func() (norm *torch.Tensor) {
		torch.NoGrad(func() {
			grads := gradients(params)
			if len(grads) == 0 {
				norm = torch.Zeros(nil)
				return
			}
			each := torch.Stack(torch.ForeachNorm(grads, torch.ForeachNormOptions{Ord: c.NormType}))
			norm = each.VectorNorm(torch.VectorNormOptions{Ord: c.NormType})
			if c.ErrorIfNonfinite {
				if n := norm.Item(); math.IsNaN(n) || math.IsInf(n, 0) {
					panic(refusal("the norm of the gradients is %g: a loss overflowed or divided by 0", n))
				}
			}
			factor := norm.AddScalar(1e-6).Reciprocal().MulScalar(maxNorm).ClampMax(1.0)
			torch.ForeachMulTensorInPlace(grads, factor)
		})
		return norm
	})
}

// ClipGradValue limits each number of the gradients of params to [−most, most], in place.
func ClipGradValue(params []*torch.Tensor, most float64) {
	torch.Scope(func() {
		torch.NoGrad(func() {
			if grads := gradients(params); len(grads) > 0 {
				torch.ForeachClampMinInPlace(grads, -most)
				torch.ForeachClampMaxInPlace(grads, most)
			}
		})
	})
}

// gradients lists those that are there.
func gradients(params []*torch.Tensor) (out []*torch.Tensor) {
	for _, p := range params {
		if g := p.Grad(); g != nil {
			out = append(out, g)
		}
	}
	return out
}
