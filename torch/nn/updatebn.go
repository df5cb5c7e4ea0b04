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
		var b *ChannelNorm
		switch l := m.(type) {
		case *BatchNorm1d:
			b = (*ChannelNorm)(l)
		case *BatchNorm2d:
			b = (*ChannelNorm)(l)
		case *BatchNorm3d:
			b = (*ChannelNorm)(l)
		}
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
