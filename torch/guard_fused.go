package torch

import "slices"

// sameShapes refuses lists that differ in length, in shapes or in types from the parameters: the fused kernels of the
// CPU would write beyond the shorter one. It costs half a microsecond a tensor.
func sameShapes(f *frame, self []*Tensor, steps []*Tensor, others ...[]*Tensor) {
	if steps != nil && len(steps) != len(self) {
		f.refuse("%d parameters, %d steps", len(self), len(steps))
	}
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
		if steps != nil && (steps[i] == nil || steps[i].Numel() != 1) {
			f.refuse("step %d is not one number", i)
		}
	}
}

func guardFusedAdamInPlace(f *frame, self, grads, expAvgs, expAvgSqs, maxExpAvgSqs, steps []*Tensor, _, _, _, _, _ float64, amsgrad, _ bool, _ FusedAdamInPlaceOptions) {
	guardAdam(f, self, grads, expAvgs, expAvgSqs, maxExpAvgSqs, steps, amsgrad)
}

func guardFusedAdamWInPlace(f *frame, self, grads, expAvgs, expAvgSqs, maxExpAvgSqs, steps []*Tensor, _, _, _, _, _ float64, amsgrad, _ bool, _ FusedAdamWInPlaceOptions) {
	guardAdam(f, self, grads, expAvgs, expAvgSqs, maxExpAvgSqs, steps, amsgrad)
}

func guardAdam(f *frame, self, grads, expAvgs, expAvgSqs, maxExpAvgSqs, steps []*Tensor, amsgrad bool) {
	lists := [][]*Tensor{grads, expAvgs, expAvgSqs}
	if amsgrad {
		lists = append(lists, maxExpAvgSqs)
	}
	sameShapes(f, self, append([]*Tensor{}, steps...), lists...)
}

func guardFusedSGDInPlace(f *frame, self, grads, momenta []*Tensor, _, momentum, _, _ float64, _, _, _ bool, _ FusedSGDInPlaceOptions) {
	if len(momenta) == 0 && momentum == 0 {
		sameShapes(f, self, nil, grads)
		return
	}
	sameShapes(f, self, nil, grads, momenta)
}

func guardFusedAdagradInPlace(f *frame, self, grads, sums, steps []*Tensor, _, _, _, _ float64, _ bool, _ FusedAdagradInPlaceOptions) {
	sameShapes(f, self, append([]*Tensor{}, steps...), grads, sums)
}
