package nn

import (
	"math"

	"github.com/forgergan/forger/torch"
)

// GaussianNLLOptions are the optional arguments of GaussianNLLLoss.
type GaussianNLLOptions struct {
	Full      bool    // add the constant ½·log 2π
	Eps       float64 // the least variance, 1e-6 if 0
	Reduction torch.Reduction
}

// GaussianNLLLoss is the negative log-likelihood of target under normal distributions of the given means and variances,
// ½·(log variance + (mean − target)²/variance). The three have one shape or broadcast to it. A variance below Eps counts
// as Eps but still gets a gradient. Nix and Weigend 1994.
func GaussianNLLLoss(mean, target, variance *torch.Tensor, o ...GaussianNLLOptions) *torch.Tensor {
	c := only(o)
	if c.Eps == 0 {
		c.Eps = 1e-6
	}
	return torch.Tidy(func() *torch.Tensor {
		v := variance.Clone()
		torch.NoGrad(func() { v.ClampMinInPlace(c.Eps) })
		loss := v.Log().Add(mean.Sub(target).Square().Div(v)).MulScalar(0.5)
		if c.Full {
			loss = loss.AddScalar(0.5 * math.Log(2*math.Pi))
		}
		return reduce(loss, c.Reduction)
	})
}

func reduce(loss *torch.Tensor, r torch.Reduction) *torch.Tensor {
	switch r {
	case torch.Sum:
		return loss.Sum()
	case torch.NoReduction:
		return loss
	}
	return loss.Mean()
}

// PoissonNLLOptions are the optional arguments of PoissonNLLLoss.
type PoissonNLLOptions struct {
	Rate      bool    // the input is the rate, not its logarithm: PyTorch's log_input=False
	Full      bool    // add Stirling's approximation of the logarithm of target's factorial
	Eps       float64 // added to the rate before its logarithm is taken, 1e-8 if 0
	Reduction torch.Reduction
}

// PoissonNLLLoss is the negative log-likelihood of counts under Poisson distributions, exp(input) − target·input, or
// input − target·log(input + Eps) with Rate.
func PoissonNLLLoss(input, target *torch.Tensor, o ...PoissonNLLOptions) *torch.Tensor {
	c := only(o)
	if c.Eps == 0 {
		c.Eps = 1e-8
	}
	return torch.PoissonNLLLoss(input, target, !c.Rate, c.Full, c.Eps, c.Reduction)
}

// KLDivBatchMean is the Kullback-Leibler divergence of the distributions of log-probabilities input (N, …) from those of
// target, summed and divided by N: kl_div with PyTorch's reduction "batchmean". Target holds probabilities, or
// log-probabilities if logTarget.
func KLDivBatchMean(input, target *torch.Tensor, logTarget bool) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		sum := input.KLDiv(target, torch.KLDivOptions{Reduction: torch.Sum, LogTarget: logTarget})
		return sum.DivScalar(float64(input.Size(0)))
	})
}

// GumbelSoftmaxOptions are the optional arguments of GumbelSoftmax.
type GumbelSoftmaxOptions struct {
	Tau  float64 // the temperature, 1 if 0
	Hard bool    // one-hot results with the gradient of the soft ones
	Dim  *int    // of the classes, the last if nil
}

// GumbelSoftmax draws from the distributions that softmax(logits) are, differentiably: softmax((logits + g) / Tau) with g
// from the standard Gumbel distribution, by the default generator. Jang et al. 2017; Maddison et al. 2017.
func GumbelSoftmax(logits *torch.Tensor, o ...GumbelSoftmaxOptions) *torch.Tensor {
	c := only(o)
	if c.Tau == 0 {
		c.Tau = 1
	}
	dim := -1
	if c.Dim != nil {
		dim = *c.Dim
	}
	return torch.Tidy(func() *torch.Tensor {
		to := torch.TensorOptions{DType: logits.DType(), Device: logits.Device()}
		noise := torch.Empty(logits.Shape(), torch.EmptyOptions{TensorOptions: to}).ExponentialInPlace().Log().Neg()
		soft := logits.Add(noise).DivScalar(c.Tau).Softmax(dim)
		if !c.Hard {
			return soft
		}
		index := soft.ArgMax(torch.ArgMaxOptions{Dim: &dim, Keepdim: true})
		hard := torch.Zeros(logits.Shape(), to).ScatterInPlace(dim, index, 1)
		return hard.Sub(soft.Detach()).Add(soft)
	})
}
