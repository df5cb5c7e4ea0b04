package nn

// UpdateBN makes the running averages of the batch norms below module anew while f runs: the plain mean over all
// batches that pass, whatever mode module is in (torch.optim.swa_utils.update_bn). Afterwards the norms keep the
// settings and the mode that they had. Averaged weights need it before they are used in evaluation mode, and it makes
// the standing statistics of Brock, Donahue and Simonyan 2019, §4.1. A norm of another package takes part by a method
//
//	Collect() (stop func())
//
// which makes its averages anew until stop is called.
func UpdateBN(module any, f func()) {
	Apply(module, func(m any) {
		if c, ok := m.(interface{ Collect() (stop func()) }); ok {
			inner := f
			f = func() {
				defer c.Collect()()
				inner()
			}
			return
		}
		b := batchNorm(m)
		if b == nil || b.RunningMean == nil {
			return
		}
		b.RunningMean.FillInPlace(0)
		b.RunningVar.FillInPlace(1)
		b.NumBatchesTracked.FillInPlace(0)
		was, inner := b.settings, f
		f = func() {
			b.settings.Cumulative, b.collecting = true, true
			defer func() { b.settings, b.collecting = was, false }()
			inner()
		}
	})
	f()
}

// Untracked lets the batch norms below module leave their running averages alone in training, and returns the function that
// undoes it: for a pass that is made only to look, or a second time for the same numbers.
//
//	defer nn.Untracked(g)()
func Untracked(module any) (undo func()) {
	var norms []*ChannelNorm
	Apply(module, func(m any) {
		if b := batchNorm(m); b != nil && !b.untracked {
			b.untracked = true
			norms = append(norms, b)
		}
	})
	return func() {
		for _, b := range norms {
			b.untracked = false
		}
	}
}

// batchNorm is m as a batch norm, nil if it is none.
func batchNorm(m any) *ChannelNorm {
	switch l := m.(type) {
	case *BatchNorm1d:
		return (*ChannelNorm)(l)
	case *BatchNorm2d:
		return (*ChannelNorm)(l)
	case *BatchNorm3d:
		return (*ChannelNorm)(l)
	}
	return nil
}
