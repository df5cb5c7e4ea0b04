package gan

import (
	"fmt"
	"slices"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// ClassLoss is the cross entropy of an auxiliary classifier's logits (N, K) and labels (N), averaged over the batch, a
// scalar, as in AC-GAN: D minimises it on real samples (AC-GAN on generated ones too), G on generated ones. Odena et al.
// 2017, equation 3.
//
// A transition matrix (K, K), nil if labels are clean, says how labels were corrupted: row i holds the probabilities that
// class i was labelled as each class. Then it is forward corrected, −mean log((softmax(logits)·T)[label] + 1e-8): what the
// classifier predicts are clean classes although it sees noisy labels. Patrini et al. 2017, theorem 2; rAC-GAN (Kaneko et
// al. 2019) uses T in D's loss and none in G's. Panics if T does not fit.
func ClassLoss(logits, labels, transition *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		if transition == nil {
			return logits.CrossEntropyLoss(labels)
		}
		k := logits.Size(1)
		if !slices.Equal(transition.Shape(), []int{k, k}) {
			panic(misuse("ClassLoss", fmt.Sprintf("a transition matrix of %d classes has shape (%d, %d)", k, k, k), transition))
		}
		noisy := logits.Softmax(-1).MM(transition)
		return noisy.AddScalar(1e-8).Log().NLLLoss(labels)
	})
}

// AttributeLoss is the binary cross entropy of logits (N, K) and attributes (N, K) in [0, 1], summed over attributes and
// averaged over the batch, a scalar: StarGAN's classification loss for CelebA.
func AttributeLoss(logits, attributes *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		sum := logits.BinaryCrossEntropyWithLogits(attributes, torch.BinaryCrossEntropyWithLogitsOptions{Reduction: torch.Sum})
		return sum.DivScalar(float64(logits.Size(0)))
	})
}

// PosteriorLoss is the Kullback-Leibler divergence of softmax(logits) from the class posterior (N, K) that a sample was
// made for, averaged over the batch, a scalar at least 0; entries 0 add nothing. The posterior should not record
// gradients. CP-GAN's loss of G (Kaneko et al. 2019), with weight 0.4.
func PosteriorLoss(logits, posterior *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return nn.KLDivBatchMean(logits.LogSoftmax(-1), posterior, false) })
}
