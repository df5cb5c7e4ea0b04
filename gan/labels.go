package gan

import (
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data/labels"
)

// OneHot is labels (N), int64, as float32 vectors (N, classes): 1 at the label, 0 elsewhere. A label outside
// 0 … classes−1 makes a row of zeros, which is how a missing label (−1) looks to a conditional network.
func OneHot(y *torch.Tensor, classes int) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		return y.Unsqueeze(1).Eq(count(classes, y.Device())).ToDType(torch.Float32)
	})
}

// NoiseMatrix is a noise matrix as a tensor (C, C), float32: row i holds p(label | class i).
func NoiseMatrix(m labels.Matrix, device torch.Device) *torch.Tensor {
	var p []float32
	for _, row := range m {
		for _, v := range row {
			p = append(p, float32(v))
		}
	}
	return torch.Tidy(func() *torch.Tensor { return torch.FromSlice(p, len(m), len(m)).ToDevice(device) })
}

// DrawLabels draws, for each of the labels y (N), int64, a label (N) with the probabilities of row y of p (C, C), from
// the default generator as Categorical(p[y]).sample() does in PyTorch. With p a noise matrix they are noisy labels of
// clean ones; with its Inverse they are clean labels of noisy ones, as rGAN's generator is given (Kaneko et al. 2019).
func DrawLabels(y, p *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return p.IndexSelect(0, y).Multinomial(1).SqueezeDim(1) })
}

// Mixtures are sets of labels as vectors (len(sets), classes), float32: each of the n labels of a set has the weight 1/n,
// the others 0. They are the states that CP-GAN's generator makes class-distinct pictures of, of one label, and
// class-mutual ones, of several (Kaneko et al. 2019). It panics for a set that is empty and a label that is no class.
func Mixtures(sets [][]int, classes int) *torch.Tensor {
	weights := make([]float32, len(sets)*classes)
	for i, set := range sets {
		if len(set) == 0 {
			panic(misuse("Mixtures", fmt.Sprintf("mixture %d is of no label", i)))
		}
		for _, k := range set {
			if k < 0 || k >= classes {
				panic(misuse("Mixtures", fmt.Sprintf("label %d is not in [0, %d)", k, classes)))
			}
			weights[i*classes+k] += 1 / float32(len(set))
		}
	}
	return torch.FromSlice(weights, len(sets), classes)
}
