package s3gan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Norm is the batch norm at the end of the generator: BN(x)·γ + β.
type Norm struct {
	Gamma *torch.Tensor `nn:"gamma"` // (C), 1 at first
	Beta  *torch.Tensor `nn:"beta"`  // (C), 0 at first
	Accu  *accumulators `nn:"accu"`
}

func newNorm(channels int) *Norm {
	return &Norm{
		Gamma: torch.Ones([]int{channels}).Own().SetRequiresGrad(true),
		Beta:  torch.Zeros([]int{channels}).Own().SetRequiresGrad(true),
		Accu:  newAccumulators(channels),
	}
}

// Forward maps x (N, C, H, W) to the same shape.
func (n *Norm) Forward(x *torch.Tensor) *torch.Tensor { return n.Accu.normalise(x, n.Gamma, n.Beta) }

// ConditionalNorm is a batch norm whose scale and shift are linear in a condition: BN(x)·γ(c) + β(c). Other BigGANs have
// 1 + γ(c); without it the scales begin around 0.
type ConditionalNorm struct {
	Gamma *nn.Linear    `nn:"gamma"`
	Beta  *nn.Linear    `nn:"beta"`
	Accu  *accumulators `nn:"accu"`
}

func newConditionalNorm(channels, condition int) *ConditionalNorm {
	return &ConditionalNorm{linear(condition, channels, noBias), linear(condition, channels, noBias), newAccumulators(channels)}
}

// Forward maps x (N, C, H, W) and a condition (N, D) to (N, C, H, W).
func (n *ConditionalNorm) Forward(x, condition *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		perChannel := func(l *nn.Linear) *torch.Tensor { return l.Forward(condition).Unsqueeze(-1).Unsqueeze(-1) }
		return n.Accu.normalise(x, nil, nil).Mul(perChannel(n.Gamma)).Add(perChannel(n.Beta))
	})
}

// accumulators are a batch norm's statistics over many batches. Training neither reads nor writes them: compare_gan fills
// them from samples of the trained generator, as Collect does for train.Standing, and evaluation takes their means.
type accumulators struct {
	Mean     *torch.Tensor `nn:"mean,buffer"`     // (C), summed over batches
	Variance *torch.Tensor `nn:"variance,buffer"` // (C), of whole batches, summed
	Counter  *torch.Tensor `nn:"counter,buffer"`  // batches, a scalar

	evaluating, collecting bool
}

func newAccumulators(channels int) *accumulators {
	return &accumulators{
		Mean: torch.Zeros([]int{channels}).Own(), Variance: torch.Ones([]int{channels}).Own(), Counter: torch.Ones([]int{}).Own(),
	}
}

// SetTraining switches between training and evaluation, as nn.Train and nn.Eval do for all layers of a module.
func (a *accumulators) SetTraining(on bool) { a.evaluating = !on }

// Collect empties the accumulators and lets all batches that pass add to them until stop is called. A batch is normalised
// by what has been accumulated with it.
func (a *accumulators) Collect() (stop func()) {
	for _, t := range []*torch.Tensor{a.Mean, a.Variance, a.Counter} {
		t.FillInPlace(0)
	}
	a.collecting = true
	return func() { a.collecting = false }
}

func (a *accumulators) normalise(x, gamma, beta *torch.Tensor) *torch.Tensor {
	const eps = 1e-5
	if !a.collecting && !a.evaluating {
		return torch.BatchNorm(x, gamma, beta, nil, nil, true, 0, eps, true)
	}
	return torch.Tidy(func() *torch.Tensor {
		if a.collecting {
			torch.NoGrad(func() {
				variance, mean := x.VarMean(torch.VarMeanOptions{Dim: []int{0, 2, 3}, Correction: 0})
				a.Mean.AddInPlace(mean)
				a.Variance.AddInPlace(variance)
				a.Counter.AddScalarInPlace(1)
			})
		}
		return torch.BatchNorm(x, gamma, beta, a.Mean.Div(a.Counter), a.Variance.Div(a.Counter), false, 0, eps, true)
	})
}
