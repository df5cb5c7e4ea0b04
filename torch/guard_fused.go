package torch

import (
	"slices"

	"github.com/forgergan/forger/torch/internal/capi"
)

// fits refuses lists that differ in length, shapes or types from the parameters, and steps that are not one number for
// each: the fused kernels of the CPU would write beyond the smaller one. Steps may be nil where there are none.
func fits(f *frame, self, steps []*Tensor, others ...[]*Tensor) {
	if !alike(self, steps, others...) {
		explain(f, self, steps, others)
	}
}

// alike does in one call for all lists what explain does for each tensor.
func alike(self, steps []*Tensor, others ...[]*Tensor) bool {
	f := newFrame("Fused", capi.Alike)
	f.optTensors(self)
	if steps == nil {
		f.none()
	} else {
		f.optTensors(steps)
	}
	for _, list := range others {
		f.optTensors(list)
	}
	return f.yes()
}

// some is list, not nil where it is empty.
func some(list []*Tensor) []*Tensor {
	if list == nil {
		return []*Tensor{}
	}
	return list
}

// explain finds what does not fit.
func explain(f *frame, self, steps []*Tensor, others [][]*Tensor) {
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
	if steps != nil && len(steps) != len(self) {
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
	others := [][]*Tensor{grads, expAvgs, expAvgSqs}
	if amsgrad {
		others = append(others, maxExpAvgSqs)
	}
	fits(f, self, some(steps), others...)
}

func guardFusedSGDInPlace(f *frame, self, grads, momenta []*Tensor, _, momentum, _, _ float64, _, _, _ bool, opt FusedSGDInPlaceOptions) {
	others := [][]*Tensor{grads}
	if len(momenta) > 0 || momentum != 0 {
		others = append(others, momenta)
	}
	fits(f, self, nil, others...)
	oneNumber(f, opt.GradScale, opt.FoundInf)
}

func guardFusedAdagradInPlace(f *frame, self, grads, sums, steps []*Tensor, _, _, _, _ float64, _ bool, opt FusedAdagradInPlaceOptions) {
	fits(f, self, some(steps), grads, sums)
	oneNumber(f, opt.GradScale, opt.FoundInf)
}
