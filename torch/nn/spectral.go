package nn

import "github.com/forgergan/forger/torch"

// SpectralNormOptions are the optional arguments of SpectralNorm; the zero value is PyTorch's default.
type SpectralNormOptions struct {
	Iterations int     // of the power method in each forward pass in training, 1 if 0
	Eps        float64 // the least length by which a vector is divided, 1e-12 if 0
	Dim        *int    // the dimension of the weight that makes the rows of the matrix; that of the outputs if nil

	// Parametrization follows torch.nn.utils.parametrizations.spectral_norm, not torch.nn.utils.spectral_norm. It has
	// other names in the state, starts with 16 iterations, and ends each with v, not with u.
	Parametrization bool
}

// SpectralNorm divides the weight of layer by its largest singular value σ, so that the layer stretches no vector, and
// returns layer:
//
//	nn.SpectralNorm(nn.NewConv2d(64, 128, 4, nn.Conv{Stride: 2, Padding: 1}))
//
// The weight is read as a matrix with a row for each output. σ = uᵀ·W·v, where the power method improves the buffers u
// and v in each forward pass in training and leaves them alone in evaluation. Gradients pass through σ, not through u
// and v. The state lists weight_orig, which is the layer's Weight field, weight_u and weight_v in place of weight; with
// Parametrization they are parametrizations.weight.original, parametrizations.weight.0._u and _v. Miyato et al. 2018.
func SpectralNorm[L Weighted](layer L, o ...SpectralNormOptions) L {
	c := only(o)
	if c.Iterations < 0 {
		panic(refusal("spectral norm needs at least one iteration, not %d", c.Iterations))
	}
	return Parametrize(layer, func(w *torch.Tensor, outputs int) Parametrization {
		if c.Dim != nil {
			outputs = *c.Dim
		}
		return newSpectralNorm(w, outputs, c)
	})
}

type spectralNorm struct {
	u, v *torch.Tensor // unit vectors: (rows), (columns)

	dim        int
	iterations int
	eps        float64
	newer      bool
}

func newSpectralNorm(w *torch.Tensor, dim int, c SpectralNormOptions) *spectralNorm {
	s := &spectralNorm{
		dim: dim, iterations: max(c.Iterations, 1), eps: otherwise(c.Eps, 1e-12), newer: c.Parametrization,
	}
	torch.NoGrad(func() {
		torch.Scope(func() {
			matrix := rows(w, dim)
			s.u = s.unit(matrix.NewEmpty([]int{matrix.Size(0)}).NormalInPlace()).Own()
			s.v = s.unit(matrix.NewEmpty([]int{matrix.Size(1)}).NormalInPlace()).Own()
			if s.newer {
				// 15 on its own, and one more in the trial pass with which PyTorch registers it.
				s.iterate(matrix, 15+1)
			}
		})
	})
	return s
}

// unit is x scaled to length 1.
func (s *spectralNorm) unit(x *torch.Tensor) *torch.Tensor {
	return Normalize(x, NormalizeOptions{Dim: new(0), Eps: s.eps})
}

// iterate improves u and v in place: v first, in the newer form u first.
func (s *spectralNorm) iterate(matrix *torch.Tensor, n int) {
	first, second, forth, back := s.v, s.u, matrix.T(), matrix
	if s.newer {
		first, second, forth, back = s.u, s.v, matrix, matrix.T()
	}
	for range n {
		first.CopyInPlace(s.unit(forth.MV(second)))
		second.CopyInPlace(s.unit(back.MV(first)))
	}
}

func (s *spectralNorm) Weight(w *torch.Tensor, training bool) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		matrix := rows(w, s.dim)
		if training {
			torch.NoGrad(func() { s.iterate(matrix, s.iterations) })
		}
		// A later pass changes u and v; this one's graph needs those of now.
		sigma := s.u.Clone().Dot(matrix.MV(s.v.Clone()))
		return w.Div(sigma)
	})
}

func (s *spectralNorm) State(own []Entry) []Entry {
	w, u, v := "weight_orig", "weight_u", "weight_v"
	if s.newer {
		w, u, v = "parametrizations.weight.original", "parametrizations.weight.0._u", "parametrizations.weight.0._v"
	}
	own, original := cutWeight(own)
	return append(own, Entry{w, original, false}, Entry{u, s.u, true}, Entry{v, s.v, true})
}
