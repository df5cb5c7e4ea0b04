package gan

import (
	"fmt"
	"strconv"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// A WeightRule changes how a layer computes its weight, as a spectral norm does:
//
//	func(l nn.Weighted) { nn.SpectralNorm(l) }
//
// The blocks of this package apply one to each layer that they make. A nil WeightRule leaves weights as they are.
type WeightRule func(layer nn.Weighted)

// ruled applies r to layer and returns layer.
func ruled[L nn.Weighted](r WeightRule, layer L) L {
	if r != nil {
		r(layer)
	}
	return layer
}

// SpectralNormMimicry divides the weight of layer by its largest singular value σ as the layers SNLinear, SNConv2d and
// SNEmbedding of kwotsin/mimicry do, and returns layer. The spectral norms of the zoo compute the same σ = u·W·vᵀ by
// one step of the power method in each forward pass, W having a row for each output, and let gradients through W
// only. They differ in what they keep, and so in what a checkpoint holds and in what evaluation computes:
//
//   - nn.SpectralNorm, PyTorch's: keeps u and v, unit vectors from the start. Evaluation uses those of the last training
//     pass. The state lists bias, weight_orig, weight_u, weight_v.
//   - SpectralNormMimicry: keeps u, standard normal numbers at first, and makes v from it in each pass. Evaluation makes
//     a step, too, but does not store it. The state lists weight, bias, sn_u (1, out) and sn_sigma (1), the σ of the last
//     training pass.
//   - SpectralNormBigGAN: as mimicry's under the names u0 and sv0, with settings.
//   - SpectralNormCompareGAN: keeps the shorter of u and v, and stores each step, in evaluation, too. The state lists weight,
//     bias, u_var.
//
// The layers of one mimicry network mix both kinds: its residual blocks have PyTorch's, the last layers of some
// discriminators mimicry's.
func SpectralNormMimicry[L nn.Weighted](layer L) L {
	return nn.Parametrize(layer, func(w *torch.Tensor, outputs int) nn.Parametrization {
		return newPowerMethod(w, outputs, SpectralNormBigGANOptions{}, func(int) (vector, value string) {
			return "sn_u", "sn_sigma"
		})
	})
}

// SpectralNormBigGANOptions are the optional arguments of SpectralNormBigGAN; the zero value is that of its SN layers.
type SpectralNormBigGANOptions struct {
	Values     int     // how many of the largest singular values are followed in the state, 1 if 0
	Iterations int     // of the power method in each forward pass in training, 1 if 0
	Eps        float64 // the least length by which a vector is divided, 1e-12 if 0; the ImageNet recipes take 1e-6
}

// SpectralNormBigGAN divides the weight of layer by its largest singular value as the SN layers of
// ajbrock/BigGAN-PyTorch do, and returns layer; see SpectralNormMimicry for how the spectral norms differ. The state lists
// the layer's own tensors, then u0 (1, out), the left singular vector, sv0 (1), the singular value of the last training
// pass, u1, sv1 and so on, of which only the largest value divides the weight. In evaluation one step is made from the
// stored vectors and not stored.
func SpectralNormBigGAN[L nn.Weighted](layer L, o ...SpectralNormBigGANOptions) L {
	c := only(o)
	if c.Values < 0 || c.Iterations < 0 {
		panic(misuse("SpectralNormBigGAN", fmt.Sprintf("%d singular values in %d iterations", c.Values, c.Iterations)))
	}
	return nn.Parametrize(layer, func(w *torch.Tensor, outputs int) nn.Parametrization {
		return newPowerMethod(w, outputs, c, func(i int) (vector, value string) {
			return "u" + strconv.Itoa(i), "sv" + strconv.Itoa(i)
		})
	})
}

// A powerMethod follows the largest singular values of a weight by their left vectors.
type powerMethod struct {
	vectors, values []nn.Entry // (1, rows) each; (1) each

	dim        int
	iterations int
	eps        float64
}

func newPowerMethod(
	w *torch.Tensor, dim int, c SpectralNormBigGANOptions, names func(i int) (vector, value string),
) *powerMethod {
	s := &powerMethod{dim: dim, iterations: max(c.Iterations, 1), eps: otherwise(c.Eps, 1e-12)}
	on := torch.TensorOptions{Device: w.Device(), DType: w.DType()}
	for i := range max(c.Values, 1) {
		vector, value := names(i)
		u := torch.Randn([]int{1, w.Size(dim)}, torch.RandnOptions{TensorOptions: on})
		s.vectors = append(s.vectors, nn.Entry{Name: vector, Tensor: u.Own(), Buffer: true})
		s.values = append(s.values, nn.Entry{Name: value, Tensor: torch.Ones([]int{1}, on).Own(), Buffer: true})
	}
	return s
}

func (s *powerMethod) Weight(w *torch.Tensor, training bool) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		matrix := w.MoveDim(s.dim, 0).Flatten(torch.FlattenOptions{StartDim: 1})
		var us, vs []*torch.Tensor
		torch.NoGrad(func() {
			us, vs = s.iterate(matrix)
			for i := 1; training && i < s.iterations; i++ {
				s.store(matrix, us, vs)
				us, vs = s.iterate(matrix)
			}
			if training {
				s.store(matrix, us, vs)
			}
		})
		return w.Div(stretch(matrix, us[0], vs[0]))
	})
}

// iterate makes one step of the power method from the stored vectors. The vectors of later values are kept orthogonal to
// those of the values before.
func (s *powerMethod) iterate(matrix *torch.Tensor) (us, vs []*torch.Tensor) {
	for _, e := range s.vectors {
		v := s.unit(e.Tensor.MM(matrix), vs)
		vs = append(vs, v)
		us = append(us, s.unit(v.MM(matrix.T()), us))
	}
	return us, vs
}

// unit is the part of x (1, n) that is orthogonal to the vectors before, scaled to length 1.
func (s *powerMethod) unit(x *torch.Tensor, before []*torch.Tensor) *torch.Tensor {
	for _, y := range before {
		x = x.Sub(y.Mul(y.Mul(x).Sum().Div(y.Square().Sum())))
	}
	return nn.Normalize(x, nn.NormalizeOptions{Eps: s.eps})
}

// store keeps the vectors for the next pass, and the singular values that they give.
func (s *powerMethod) store(matrix *torch.Tensor, us, vs []*torch.Tensor) {
	for i, u := range us {
		s.vectors[i].Tensor.CopyInPlace(u)
		s.values[i].Tensor.CopyInPlace(stretch(matrix, u, vs[i]).View(1))
	}
}

// stretch is the scalar v·Wᵀ·uᵀ.
func stretch(matrix, u, v *torch.Tensor) *torch.Tensor {
	return v.MM(matrix.T()).MM(u.T()).View()
}

func (s *powerMethod) State(own []nn.Entry) []nn.Entry {
	for i, u := range s.vectors {
		own = append(own, u, s.values[i])
	}
	return own
}
