package metrics

import (
	"fmt"

	"github.com/forgergan/forger/internal/numpyrandom"
	"github.com/forgergan/forger/torch"
)

// InceptionOptions are the parts of an Inception score. The zero value is torch-fidelity's default.
type InceptionOptions struct {
	Splits  int     // 10 if 0
	Seed    *uint32 // of the order, that of NumPy's RandomState; 2020 if nil
	InOrder bool    // the parts are of the rows as they come, not shuffled
}

func (o InceptionOptions) withDefaults() (splits int, seed uint32) {
	splits, seed = 10, referenceSeed
	if o.Splits != 0 {
		splits = o.Splits
	}
	if o.Seed != nil {
		seed = *o.Seed
	}
	return splits, seed
}

// String is the part of the protocol: "splits=10; shuffle-seed=2020".
func (o InceptionOptions) String() string {
	splits, seed := o.withDefaults()
	if o.InOrder {
		return fmt.Sprintf("splits=%d; in-order", splits)
	}
	return fmt.Sprintf("splits=%d; shuffle-seed=%d", splits, seed)
}

// InceptionScore is, of pictures that a classifier gave logits (N, classes), the IS of Salimans et al. 2016 (§4) where
// the classifier is Inception: exp(mean over x of KL(p(y|x) ‖ p(y))), p(y) being the mean of p(y|x), for each of
// Splits parts of the pictures, in float64. It lies in [1, classes]: 1 where all pictures get the same probabilities,
// classes where each class is named with certainty and equally often.
//
// Inception's logits are those without the bias of the last layer. More splits give smaller values.
//
// The error tells logits that are not (N, classes) or not finite, and more splits than pictures.
func InceptionScore(logits *torch.Tensor, o InceptionOptions) (score MeanStd, err error) {
	splits, seed := o.withDefaults()
	err = scoped(func() error {
		x, err := vectors("inception score", logits)
		if err != nil {
			return err
		}
		n := x.Size(0)
		if splits < 1 || splits > n {
			return fmt.Errorf("inception score: %d pictures do not make %d parts", n, splits)
		}
		if !o.InOrder {
			x = pick(numpyrandom.New(seed), x, n)
		}
		values := make([]float64, splits)
		for i := range values {
			from := i * n / splits
			log := x.Narrow(0, from, (i+1)*n/splits-from).LogSoftmax(1)
			p := log.Exp()
			// The term of a class without any probability is 0, not the NaN of 0·∞.
			marginal := p.MeanDim([]int{0}).Clamp(torch.ClampOptions{Min: 1e-300}).Log()
			kl := p.Mul(log.Sub(marginal)).SumDim([]int{1})
			values[i] = kl.Mean().Exp().Item()
		}
		score = meanStd(values)
		return nil
	})
	return score, err
}
