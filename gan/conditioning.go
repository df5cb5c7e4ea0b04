package gan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// Project is the output of a projection discriminator, (N, 1): linear(h) + embed(y)·h, for features h (N, C) and classes
// y (N). linear maps C features to one and embed is a table of C features a class. In the papers h is the sum of the
// last features over all pixels. Miyato and Koyama 2018, §3.
func Project(h, y *torch.Tensor, linear, embed nn.Layer) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		product := embed.Forward(y).Mul(h).SumDim([]int{1}, torch.SumDimOptions{Keepdim: true})
		return linear.Forward(h).Add(product)
	})
}

// ConditioningAugmentation makes a short random code of an embedding, so that few texts cover the space of conditions:
// μ and log σ² are ReLU(FC(text)), and the code is μ + σ·ε for normal numbers ε. Zhang et al. 2017, §3.2;
// hanzhanggit/StackGAN-Pytorch model.py, CA_NET.
type ConditioningAugmentation struct {
	FC *nn.Linear `nn:"fc"`

	leaky bool
}

// ConditioningOptions are the optional arguments of NewConditioningAugmentation.
type ConditioningOptions struct {
	// Leaky is the form of hanzhanggit/StackGAN: a LeakyReLU 0.2, whose second half is log σ, and ε cut off at 2.
	Leaky bool
}

// NewConditioningAugmentation makes a layer from embeddings of text features to codes of condition features.
func NewConditioningAugmentation(text, condition int, o ...ConditioningOptions) *ConditioningAugmentation {
	return &ConditioningAugmentation{nn.NewLinear(text, 2*condition), only(o).Leaky}
}

// Forward maps embeddings (N, text) to codes, μ and log σ², (N, condition) each, for the Kullback-Leibler loss. eps are
// the normal numbers ε (N, condition); nil draws them.
func (a *ConditioningAugmentation) Forward(text, eps *torch.Tensor) (code, mu, logVar *torch.Tensor) {
	out := torch.TidyAll(func() []*torch.Tensor {
		activation := nn.Layer(nn.ReLU{})
		if a.leaky {
			activation = nn.LeakyReLU{Slope: 0.2}
		}
		parts := activation.Forward(a.FC.Forward(text)).Chunk(2, torch.ChunkOptions{Dim: 1})
		mu, logVar := parts[0], parts[1]
		if a.leaky {
			logVar = logVar.MulScalar(2)
		}
		if eps == nil {
			eps = mu.Detach().RandnLike()
			if a.leaky {
				initializer.TruncNormal(eps, 0, 1, -2, 2)
			}
		}
		return []*torch.Tensor{logVar.MulScalar(0.5).Exp().Mul(eps).Add(mu), mu, logVar}
	})
	return out[0], out[1], out[2]
}
