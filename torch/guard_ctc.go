package torch

// guardCTCLoss refuses targets that are no classes: they would be places in logProbs.
func guardCTCLoss(f *frame, logProbs, targets *Tensor, _, targetLengths []int, _ CTCLossOptions) {
	if logProbs == nil || targets == nil {
		return // refused as any other nil
	}
	p, t := logProbs.mustInfo(), targets.mustInfo()
	if d := len(p.sizes); !p.dtype.IsFloat() || d != 2 && d != 3 {
		f.refuse("logProbs is %s of %s, not numbers (T, N, C)", shapeString(p.sizes), p.dtype)
	}
	if d := len(t.sizes); t.dtype != Int64 && t.dtype != Int32 || d != 1 && d != 2 {
		f.refuse("targets is %s of %s, not classes (N, S)", shapeString(t.sizes), t.dtype)
	}
	if t.device.Type != CPU {
		return // on the GPU it costs a wait, and the kernel looks itself
	}
	var values []int64
	Scope(func() { values = Values[int64](targets.ToDType(Int64)) })
	classes := p.sizes[len(p.sizes)-1]
	row := 0 // where the next sequence begins in values
	for i, n := range targetLengths {
		if len(t.sizes) == 2 {
			row = i * t.sizes[1]
		}
		if n < 0 || n > len(values)-row {
			f.refuse("target %d has %d classes, targets is %s", i, n, shapeString(t.sizes))
		}
		for _, c := range values[row : row+n] {
			if c < 0 || int(c) >= classes {
				f.refuse("target %d is class %d of %d", i, c, classes)
			}
		}
		row += n
	}
}

// guardCTCLossTensor is guardCTCLoss with the lengths in tensors.
func guardCTCLossTensor(f *frame, logProbs, targets, inputLengths, targetLengths *Tensor, _ CTCLossTensorOptions) {
	var lengths []int
	for _, t := range []*Tensor{inputLengths, targetLengths} {
		if t == nil {
			return // refused as any other nil
		}
		m := t.mustInfo()
		if m.dtype != Int64 && m.dtype != Int32 || len(m.sizes) > 1 {
			f.refuse("lengths are %s of %s, not integers (N)", shapeString(m.sizes), m.dtype)
		}
		lengths = lengths[:0]
		Scope(func() {
			for _, n := range Values[int64](t.ToDType(Int64)) {
				lengths = append(lengths, int(n))
			}
		})
	}
	guardCTCLoss(f, logProbs, targets, nil, lengths, CTCLossOptions{})
}
