package torch

import "slices"

// sameShapes refuses lists that differ in length, shapes or types from the parameters: the fused kernels of the CPU
// would write beyond the smaller one. It costs half a microsecond a tensor.
func sameShapes(f *frame, self []*Tensor, others ...[]*Tensor) {
	for _, list := range others {
		if len(list) != len(self) {
			f.refuse("%d parameters, and a list of %d", len(self), len(list))
		}
	}
	for i, p := range self {
		if p == nil {
			f.refuse("parameter %d is nil", i)
		}
		want := p.mustInfo()
		for _, list := range others {
			if list[i] == nil {
				f.refuse("a list has nil for parameter %d", i)
			}
			if m := list[i].mustInfo(); m.dtype != want.dtype || !slices.Equal(m.sizes, want.sizes) {
				f.refuse("parameter %d is %s of %s, beside it is %s of %s", i, shapeString(want.sizes), want.dtype, shapeString(m.sizes), m.dtype)
			}
		}
	}
}

// oneStepEach refuses steps that are not one number for each parameter.
func oneStepEach(f *frame, self, steps []*Tensor) {
	if len(steps) != len(self) {
		f.refuse("%d parameters, %d steps", len(self), len(steps))
	}
	for i, s := range steps {
		if s == nil || s.Numel() != 1 {
			f.refuse("step %d is not one number", i)
		}
	}
}

// oneNumber refuses an amount for all parameters that is not one number; it may be nil.
func oneNumber(f *frame, amounts ...*Tensor) {
	for _, t := range amounts {
		if t != nil && t.Numel() != 1 {
			f.refuse("GradScale or FoundInf is %s, not one number", shapeString(t.Shape()))
		}
	}
}

func guardFusedAdamInPlace(f *frame, self, grads, expAvgs, expAvgSqs, maxExpAvgSqs, steps []*Tensor, _, _, _, _, _ float64, amsgrad, _ bool, opt FusedAdamInPlaceOptions) {
	guardAdam(f, self, grads, expAvgs, expAvgSqs, maxExpAvgSqs, steps, amsgrad)
	oneNumber(f, opt.GradScale, opt.FoundInf)
}

func guardFusedAdamWInPlace(f *frame, self, grads, expAvgs, expAvgSqs, maxExpAvgSqs, steps []*Tensor, _, _, _, _, _ float64, amsgrad, _ bool, opt FusedAdamWInPlaceOptions) {
	guardAdam(f, self, grads, expAvgs, expAvgSqs, maxExpAvgSqs, steps, amsgrad)
	oneNumber(f, opt.GradScale, opt.FoundInf)
}

func guardAdam(f *frame, self, grads, expAvgs, expAvgSqs, maxExpAvgSqs, steps []*Tensor, amsgrad bool) {
	sameShapes(f, self, grads, expAvgs, expAvgSqs)
	if amsgrad {
		sameShapes(f, self, maxExpAvgSqs)
	}
	oneStepEach(f, self, steps)
}

func guardFusedSGDInPlace(f *frame, self, grads, momenta []*Tensor, _, momentum, _, _ float64, _, _, _ bool, opt FusedSGDInPlaceOptions) {
	sameShapes(f, self, grads)
	if len(momenta) > 0 || momentum != 0 {
		sameShapes(f, self, momenta)
	}
	oneNumber(f, opt.GradScale, opt.FoundInf)
}

func guardFusedAdagradInPlace(f *frame, self, grads, sums, steps []*Tensor, _, _, _, _ float64, _ bool, opt FusedAdagradInPlaceOptions) {
	sameShapes(f, self, grads, sums)
	oneStepEach(f, self, steps)
	oneNumber(f, opt.GradScale, opt.FoundInf)
}
