package nn_test

import (
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// lossArguments are those of PyTorch's loss functions.
type lossArguments struct {
	Reduction      string
	Weight         string  // the name of an input
	PosWeight      string  `json:"pos_weight"`
	IgnoreIndex    *int    `json:"ignore_index"`
	LabelSmoothing float64 `json:"label_smoothing"`
	LogTarget      bool    `json:"log_target"`
	LogInput       *bool   `json:"log_input"`
	Margin         *float64
	Delta          *float64
	P              *float64
	Dim            *int
	Eps            *float64
	Tau            float64
	InputLengths   []int `json:"input_lengths"`
	TargetLengths  []int `json:"target_lengths"`
	IsCausal       bool  `json:"is_causal"`
	Scale          *float64
	Pieces         int

	// What the kit does to the inputs first, in words.
	Target, Input, Inputs, Negative string
}

func (a lossArguments) reduction() torch.Reduction {
	return map[string]torch.Reduction{"": torch.Mean, "mean": torch.Mean, "sum": torch.Sum, "none": torch.NoReduction}[a.Reduction]
}

// margin is the margin, or 0.
func (a lossArguments) margin() float64 {
	if a.Margin == nil {
		return 0
	}
	return *a.Margin
}

// target is the input of that name, prepared as the kit says.
func (a lossArguments) target(in parity.State) *torch.Tensor {
	target := in["target"]
	switch a.Target {
	case "", "probabilities":
		return target
	case "max(target, 0)":
		return target.ClampMin(0)
	case "log(target)":
		return target.Log()
	case "exp(target)":
		return target.Exp()
	case "sign(target)":
		return target.Sign()
	}
	panic("unknown target: " + a.Target)
}

// firstColumn of a matrix.
func firstColumn(x *torch.Tensor) *torch.Tensor { return x.Select(1, 0) }

type loss func(in parity.State, a lossArguments) parity.State

// one makes a loss of a function with one result.
func one(f func(in parity.State, a lossArguments) *torch.Tensor) loss {
	return func(in parity.State, a lossArguments) parity.State { return parity.State{"out": f(in, a)} }
}

// adversarial makes the losses of a discriminator and a generator from the logits of real and fake samples.
func adversarial(f func(real, fake *torch.Tensor) (d, g *torch.Tensor)) loss {
	return func(in parity.State, _ lossArguments) parity.State {
		d, g := f(in["real"], in["fake"])
		return parity.State{"d": d, "g": g}
	}
}

// losses are the kit's losses and formulas, from operators of package torch or functions of nn.
var losses = map[string]loss{
	"binary_cross_entropy": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return in["input"].BinaryCrossEntropy(in["target"], torch.BinaryCrossEntropyOptions{Weight: in[a.Weight], Reduction: a.reduction()})
	}),
	"binary_cross_entropy_with_logits": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return in["input"].BinaryCrossEntropyWithLogits(in["target"], torch.BinaryCrossEntropyWithLogitsOptions{
			Weight: in[a.Weight], PosWeight: in[a.PosWeight], Reduction: a.reduction(),
		})
	}),
	"cross_entropy": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return in["input"].CrossEntropyLoss(a.target(in), torch.CrossEntropyLossOptions{
			Weight: in[a.Weight], IgnoreIndex: a.IgnoreIndex, LabelSmoothing: a.LabelSmoothing, Reduction: a.reduction(),
		})
	}),
	"nll_loss of log_softmax": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return in["input"].LogSoftmax(1).NLLLoss(in["target"], torch.NLLLossOptions{Reduction: a.reduction()})
	}),
	"multi_margin_loss": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return in["input"].MultiMarginLoss(in["target"])
	}),
	"mse": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return in["input"].MSELoss(in["target"], torch.MSELossOptions{Reduction: a.reduction()})
	}),
	"l1": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return in["input"].L1Loss(in["target"], torch.L1LossOptions{Reduction: a.reduction()})
	}),
	"smooth_l1": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return in["input"].SmoothL1Loss(in["target"], torch.SmoothL1LossOptions{Reduction: a.reduction()})
	}),
	"huber":      one(huber),
	"huber_loss": one(huber),
	"kl_div": one(func(in parity.State, a lossArguments) *torch.Tensor {
		if a.Reduction == "batchmean" {
			return nn.KLDivBatchMean(in["input"], a.target(in), a.LogTarget)
		}
		return in["input"].KLDiv(a.target(in), torch.KLDivOptions{LogTarget: a.LogTarget, Reduction: a.reduction()})
	}),
	"soft_margin_loss": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return in["input"].SoftMarginLoss(a.target(in), torch.SoftMarginLossOptions{Reduction: a.reduction()})
	}),
	"poisson_nll_loss": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return nn.PoissonNLLLoss(in["input"], a.target(in), nn.PoissonNLLOptions{Rate: no(a.LogInput)})
	}),
	"gaussian_nll_loss": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return nn.GaussianNLLLoss(in["m"], in["x"], in["v"], nn.GaussianNLLOptions{Eps: *a.Eps})
	}),
	"ctc_loss": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return torch.CTCLoss(in["x"].LogSoftmax(2), in["t"], a.InputLengths, a.TargetLengths)
	}),

	"hinge_embedding_loss": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return firstColumn(in["a"]).HingeEmbeddingLoss(in["y"], torch.HingeEmbeddingLossOptions{Margin: a.Margin})
	}),
	"margin_ranking_loss": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return torch.MarginRankingLoss(firstColumn(in["a"]), firstColumn(in["b"]), in["y"], torch.MarginRankingLossOptions{Margin: a.margin()})
	}),
	"triplet_margin_loss": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return torch.TripletMarginLoss(in["a"], in["b"], in["b"].Flip(0), torch.TripletMarginLossOptions{Margin: a.Margin})
	}),
	"cosine_embedding_loss": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return torch.CosineEmbeddingLoss(in["a"], in["b"], in["y"], torch.CosineEmbeddingLossOptions{Margin: a.margin()})
	}),
	"cosine_similarity": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return torch.CosineSimilarity(in["a"], in["b"], torch.CosineSimilarityOptions{Dim: a.Dim, Eps: a.Eps})
	}),
	"pairwise_distance": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return torch.PairwiseDistance(in["a"], in["b"], torch.PairwiseDistanceOptions{P: a.P, Eps: a.Eps})
	}),
	"cdist": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return torch.CDist(in["a"], in["b"], torch.CDistOptions{P: a.P})
	}),
	"scaled_dot_product_attention": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return torch.ScaledDotProductAttention(in["q"], in["k"], in["v"],
			torch.ScaledDotProductAttentionOptions{IsCausal: a.IsCausal, Scale: a.Scale})
	}),

	"hinge by hand": adversarial(func(real, fake *torch.Tensor) (d, g *torch.Tensor) {
		one := torch.Ones(nil)
		return one.Sub(real).ReLU().Mean().Add(one.Add(fake).ReLU().Mean()), fake.Mean().Neg()
	}),
	"WGAN": adversarial(func(real, fake *torch.Tensor) (d, g *torch.Tensor) {
		return fake.Mean().Sub(real.Mean()), fake.Mean().Neg()
	}),
	"relativistic average GAN": adversarial(func(real, fake *torch.Tensor) (d, g *torch.Tensor) {
		r, f := real.Sub(fake.Mean()), fake.Sub(real.Mean())
		half := func(up, down *torch.Tensor) *torch.Tensor {
			return up.Neg().Softplus().Mean().Add(down.Softplus().Mean()).DivScalar(2)
		}
		return half(r, f), half(f, r)
	}),

	"softmax((logits + gumbel) / tau)": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return in["logits"].Add(in["gumbel"]).DivScalar(a.Tau).Softmax(-1)
	}),
	"KL(N(mu, exp(logvar)) || N(0,1)), sum over dimensions, mean over batch": one(func(in parity.State, _ lossArguments) *torch.Tensor {
		mu, logvar := in["mu"], in["logvar"]
		each := mu.Square().Add(logvar.Exp()).Sub(logvar).SubScalar(1).DivScalar(2)
		return each.SumDim([]int{1}).Mean()
	}),
	"total variation, mean of absolute differences": one(func(in parity.State, _ lossArguments) *torch.Tensor {
		along := func(dim int) *torch.Tensor { return in["x"].Diff(torch.DiffOptions{Dim: &dim}).Abs().Mean() }
		return along(2).Add(along(3))
	}),
	"max over pairs of channels": one(func(in parity.State, a lossArguments) *torch.Tensor {
		return in["x"].Unflatten(1, -1, a.Pieces).AMax(torch.AMaxOptions{Dim: []int{2}})
	}),
	"mini-batch standard deviation (group 4, biased variance + 1e-8, one extra channel)": one(func(in parity.State, _ lossArguments) *torch.Tensor {
		x := in["x"] // one group
		std := x.Var(torch.VarOptions{Dim: []int{0}, Correction: 0}).AddScalar(1e-8).Sqrt().Mean()
		return torch.Cat([]*torch.Tensor{x, std.Expand([]int{4, 1, 4, 4})}, torch.CatOptions{Dim: 1})
	}),
	"x * rsqrt(mean over channels of x^2 + 1e-8)": one(func(in parity.State, _ lossArguments) *torch.Tensor {
		x := in["x"]
		return x.Mul(x.Square().MeanDim([]int{1}, torch.MeanDimOptions{Keepdim: true}).AddScalar(1e-8).Rsqrt())
	}),
}

func huber(in parity.State, a lossArguments) *torch.Tensor {
	return in["input"].HuberLoss(in["target"], torch.HuberLossOptions{Delta: a.Delta, Reduction: a.reduction()})
}
