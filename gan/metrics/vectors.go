package metrics

import (
	"fmt"

	"github.com/forgergan/forger/torch"
)

// vectors is x (N, D) without history in float64. The error, in the name of score, tells another shape and numbers
// that are not finite.
func vectors(score string, x *torch.Tensor) (*torch.Tensor, error) {
	if shape := x.Shape(); len(shape) != 2 || shape[1] == 0 {
		return nil, fmt.Errorf("%s: features of shape %v are not vectors (N, D)", score, shape)
	}
	x = x.Detach().ToDType(torch.Float64)
	if x.IsFinite().All().Int() == 0 {
		return nil, fmt.Errorf("%s: the features hold numbers that are not finite, "+
			"as those of a broken picture or a diverged network do", score)
	}
	return x, nil
}

// twoSets is vectors for two sets of one network's features.
func twoSets(score string, a, b *torch.Tensor) (x, y *torch.Tensor, err error) {
	if x, err = vectors(score, a); err != nil {
		return nil, nil, err
	}
	if y, err = vectors(score, b); err != nil {
		return nil, nil, err
	}
	if x.Size(1) != y.Size(1) {
		return nil, nil, fmt.Errorf("%s: it compares features of one network, not vectors of length %d and %d",
			score, x.Size(1), y.Size(1))
	}
	return x, y, nil
}
