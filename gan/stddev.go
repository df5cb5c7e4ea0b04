package gan

import (
	"fmt"
	"math"

	"github.com/forgergan/forger/torch"
)

// WholeBatch is the Group of a MinibatchStddev that compares all samples of a batch.
const WholeBatch = math.MaxInt

// MinibatchStddev appends maps that tell how much the samples of a group differ, so that a discriminator sees whether a
// generator repeats itself: the standard deviation over the group, √(variance + 1e-8) with the biased variance, averaged
// over channels and pixels. Karras et al. 2018, §3.
//
// A group is made of the samples i, i + N/Group, i + 2·N/Group, … of a batch of N, not of neighbours. ProGAN's official
// code for the paper's runs and rosinality's StyleGAN take the whole batch, the later official ones groups of 4.
type MinibatchStddev struct {
	Group    int // samples a group, 4 if 0, and the batch if that is smaller
	Features int // maps to append, each over its part of the channels; 1 if 0
}

// Forward maps (N, C, H, W) to (N, C+Features, H, W). It panics with a *torch.Error unless groups divide the batch and
// features the channels.
func (m MinibatchStddev) Forward(x *torch.Tensor) *torch.Tensor {
	n, c, h, w := x.Size(0), x.Size(1), x.Size(2), x.Size(3)
	group, features := min(otherwise(m.Group, 4), n), otherwise(m.Features, 1)
	if n%group != 0 || c%features != 0 {
		panic(misuse("MinibatchStddev", fmt.Sprintf("groups of %d samples and %d parts of the channels do not divide them",
			group, features), x))
	}
	return torch.Tidy(func() *torch.Tensor {
		y := x.Reshape(group, n/group, features, c/features, h, w)
		y = y.Var(torch.VarOptions{Dim: []int{0}, Correction: 0}).AddScalar(1e-8).Sqrt()
		y = y.MeanDim([]int{2, 3, 4}) // (n/group, features)
		y = y.Repeat(group, 1).View(n, features, 1, 1).Expand([]int{n, features, h, w})
		return torch.Cat([]*torch.Tensor{x, y}, torch.CatOptions{Dim: 1})
	})
}
