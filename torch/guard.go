package torch

import "math"

// The guards of operators whose arguments LibTorch does not check itself: with some it divides by zero or reads beyond
// its memory. The test of random calls found them.

// guardArange refuses a step that becomes 0 as an integer.
func guardArange(f *frame, _, _ Scalar, opt ArangeOptions) {
	step, ok := opt.Step.(float64)
	if narrow, is := opt.Step.(float32); is {
		step, ok = float64(narrow), true
	}
	if ok && math.Abs(step) < 1 && opt.DType != DefaultDType && !opt.DType.IsFloat() {
		f.refuse("a step of %g is 0 in %s", step, opt.DType)
	}
}

// guardWeightNorm refuses weights without elements, and norms that are not one for each index of their dimension.
func guardWeightNorm(f *frame, v, g *Tensor, opt WeightNormOptions) {
	if v == nil || g == nil {
		return // refused as any other nil
	}
	mv, mg := v.mustInfo(), g.mustInfo()
	if mv.numel == 0 || mg.numel == 0 || mv.dtype != mg.dtype {
		f.refuse("v is %s of %s, g is %s of %s", shapeString(mv.sizes), mv.dtype, shapeString(mg.sizes), mg.dtype)
	}
	if d := opt.Dim; d >= 0 && d < len(mv.sizes) && mg.numel < mv.sizes[d] {
		f.refuse("g is %s: it needs a number for each of %d", shapeString(mg.sizes), mv.sizes[d])
	}
}

// guardScaledDotProductAttention refuses operands without elements.
func guardScaledDotProductAttention(f *frame, query, key, value *Tensor, _ ScaledDotProductAttentionOptions) {
	for _, t := range []*Tensor{query, key, value} {
		if t != nil && t.Numel() == 0 {
			f.refuse("an operand has no elements")
		}
	}
}

// guardPadPackedSequence refuses batch sizes that are not those of data.
func guardPadPackedSequence(f *frame, data, batchSizes *Tensor, _ bool, _ Scalar, _ int) {
	if data == nil || batchSizes == nil {
		return // refused as any other nil
	}
	m, shape := batchSizes.mustInfo(), data.Shape()
	if m.dtype != Int64 || len(m.sizes) != 1 || m.device.Type != CPU {
		f.refuse("batchSizes is %s of %s on %s, not a vector of int64 on the CPU", shapeString(m.sizes), m.dtype, m.device)
	}
	rows, before := 0, math.MaxInt
	for _, n := range Values[int64](batchSizes) {
		if n < 1 || int(n) > before {
			f.refuse("batchSizes are not positive and falling: %d after %d", n, before)
		}
		before = int(n)
		rows += int(n)
	}
	if len(shape) == 0 || rows != shape[0] || rows == 0 {
		f.refuse("batchSizes are for %d rows, data is %s", rows, shapeString(shape))
	}
}

// guardEigvals refuses what is not finite: LAPACK reads beyond its memory for a NaN of float32.
func guardEigvals(f *frame, t *Tensor) {
	if t == nil || t.Numel() == 0 || !t.DType().IsFloat() {
		return
	}
	finite := true
	Scope(func() { finite = t.Detach().IsFinite().All().Int() != 0 })
	if !finite {
		f.refuse("the matrix has infinite elements or NaN")
	}
}

// guardMaxPool1d refuses windows beyond what LibTorch's other pools take: it adds to their sizes without a look.
func guardMaxPool1d(f *frame, _ *Tensor, kernelSize []int, opt MaxPool1dOptions) {
	for _, list := range [][]int{kernelSize, opt.Stride, opt.Padding, opt.Dilation} {
		for _, n := range list {
			if n > math.MaxInt32 {
				f.refuse("a window of %d elements, where the most is %d", n, math.MaxInt32)
			}
		}
	}
}
