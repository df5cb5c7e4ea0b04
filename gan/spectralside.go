package gan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// SpectralNormCompareGAN divides the weight of layer by its largest singular value as google/compare_gan does with
// singular_value "auto", and returns layer; see SpectralNormMimicry for how the spectral norms differ. The state lists
// the layer's own tensors, then u_var (1, n), the singular vector of the outputs or of the inputs times the kernel,
// whichever are fewer. Every forward pass makes a step of the power method and stores it, in evaluation, too, so that
// samples bring u_var nearer to the truth.
func SpectralNormCompareGAN[L nn.Weighted](layer L) L {
	return nn.Parametrize(layer, func(w *torch.Tensor, outputs int) nn.Parametrization {
		n := w.Size(outputs)
		s := &smallerSide{dim: outputs}
		if inputs := w.Numel() / n; inputs <= n {
			s.inputs, n = true, inputs
		}
		on := torch.TensorOptions{Device: w.Device(), DType: w.DType()}
		s.u = torch.Randn([]int{1, n}, torch.RandnOptions{TensorOptions: on}).Own()
		return s
	})
}

// smallerSide follows the largest singular value of a weight by the shorter of its two vectors.
type smallerSide struct {
	u *torch.Tensor // (1, n)

	dim    int  // of the weight, which counts the outputs
	inputs bool // u is of the inputs
}

func (s *smallerSide) Weight(w *torch.Tensor, _ bool) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		matrix := w.MoveDim(s.dim, 0).Flatten(torch.FlattenOptions{StartDim: 1})
		if s.inputs {
			matrix = matrix.T()
		}
		var u, v *torch.Tensor
		torch.NoGrad(func() {
			// TensorFlow bounds the square of the length, by 1e-12.
			unit := func(x *torch.Tensor) *torch.Tensor { return nn.Normalize(x, nn.NormalizeOptions{Eps: 1e-6}) }
			v = unit(s.u.MM(matrix))
			u = unit(v.MM(matrix.T()))
			s.u.CopyInPlace(u)
		})
		return w.Div(stretch(matrix, u, v))
	})
}

func (s *smallerSide) State(own []nn.Entry) []nn.Entry {
	return append(own, nn.Entry{Name: "u_var", Tensor: s.u, Buffer: true})
}
