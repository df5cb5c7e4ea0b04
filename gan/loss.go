package gan

import "github.com/forgergan/forger/torch"

// Loss is an adversarial game: what the discriminator and the generator minimise, given the
// discriminator's outputs for a batch. Each function returns a scalar.
type Loss struct {
	Real      func(d *torch.Tensor) *torch.Tensor // of D, for real samples
	Fake      func(d *torch.Tensor) *torch.Tensor // of D, for generated samples
	Generator func(d *torch.Tensor) *torch.Tensor // of G, for generated samples
}

// NonSaturating is the game that practice uses: D minimises −log D(x) − log(1 − D(G(z))), G minimises
// −log D(G(z)). D's outputs are probabilities. Goodfellow et al. 2014, §3.
var NonSaturating = Loss{
	Real:      func(d *torch.Tensor) *torch.Tensor { return BCE(d, 1) },
	Fake:      func(d *torch.Tensor) *torch.Tensor { return BCE(d, 0) },
	Generator: func(d *torch.Tensor) *torch.Tensor { return BCE(d, 1) },
}

// Minimax is the original zero-sum game: as NonSaturating, but G minimises log(1 − D(G(z))), whose
// gradient fades where D is sure. Goodfellow et al. 2014, equation 1.
var Minimax = Loss{
	Real:      NonSaturating.Real,
	Fake:      NonSaturating.Fake,
	Generator: func(d *torch.Tensor) *torch.Tensor { return BCE(d, 0).Neg() },
}

// NonSaturatingLogits is NonSaturating for a D that ends without a sigmoid.
var NonSaturatingLogits = Loss{
	Real:      func(d *torch.Tensor) *torch.Tensor { return BCEWithLogits(d, 1) },
	Fake:      func(d *torch.Tensor) *torch.Tensor { return BCEWithLogits(d, 0) },
	Generator: func(d *torch.Tensor) *torch.Tensor { return BCEWithLogits(d, 1) },
}

// MinimaxLogits is Minimax for a D that ends without a sigmoid.
var MinimaxLogits = Loss{
	Real:      NonSaturatingLogits.Real,
	Fake:      NonSaturatingLogits.Fake,
	Generator: func(d *torch.Tensor) *torch.Tensor { return BCEWithLogits(d, 0).Neg() },
}

// BCE is the mean binary cross-entropy of probabilities p against one label for all. As in PyTorch a
// logarithm is at least −100.
func BCE(p *torch.Tensor, label float64) *torch.Tensor {
	return inFloat32(p, func(p *torch.Tensor) *torch.Tensor { return p.BinaryCrossEntropy(p.FullLike(label)) })
}

// BCEWithLogits is the mean binary cross-entropy of logits against one label for all.
func BCEWithLogits(logits *torch.Tensor, label float64) *torch.Tensor {
	return inFloat32(logits, func(x *torch.Tensor) *torch.Tensor { return x.BinaryCrossEntropyWithLogits(x.FullLike(label)) })
}
