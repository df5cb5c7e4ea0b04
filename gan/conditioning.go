package gan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
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
// μ and log σ² are ReLU(FC(text)), and the code is μ + σ·ε. Zhang et al. 2017, §3.2; hanzhanggit/StackGAN-Pytorch
// model.py, CA_NET. (The TensorFlow code has a LeakyReLU 0.2, takes the second half as log σ, and draws ε from a normal
// distribution cut off at 2.)
type ConditioningAugmentation struct {
	FC *nn.Linear `nn:"fc"`
}

// NewConditioningAugmentation makes a layer from embeddings of text features to codes of condition features.
func NewConditioningAugmentation(text, condition int) *ConditioningAugmentation {
	return &ConditioningAugmentation{nn.NewLinear(text, 2*condition)}
}

// Forward maps embeddings (N, text) to codes, μ and log σ², (N, condition) each, for the Kullback-Leibler loss. eps are
// the normal numbers ε (N, condition); nil draws them.
func (a *ConditioningAugmentation) Forward(text, eps *torch.Tensor) (code, mu, logVar *torch.Tensor) {
	out := torch.TidyAll(func() []*torch.Tensor {
		parts := a.FC.Forward(text).ReLU().Chunk(2, torch.ChunkOptions{Dim: 1})
		mu, logVar := parts[0], parts[1]
		if eps == nil {
			eps = mu.Detach().RandnLike()
		}
		return []*torch.Tensor{logVar.MulScalar(0.5).Exp().Mul(eps).Add(mu), mu, logVar}
	})
	return out[0], out[1], out[2]
}
