package torch

import "github.com/forgergan/forger/torch/internal/capi"

// Checkpoint runs f and trades time for memory: what the operations of f save for their derivatives is dropped, and made
// again by one more run of f when the backward pass first asks for it. Outputs and gradients, also those of gradients
// and of tensors that f uses besides its inputs, are bit for bit those without it, as with
// torch.utils.checkpoint(use_reentrant=False).
//
// f must do the same both times: it sees the random numbers, the autocast and gradient modes of its first run, but a
// running average that it updates is updated twice. The second run may happen on another thread, and in a scope of its
// own, so that f must not touch tensors of a scope that ends before the backward pass, other than its inputs.
func Checkpoint(f func(inputs []*Tensor) []*Tensor, inputs ...*Tensor) []*Tensor {
	return TidyAll(func() []*Tensor {
		if !GradEnabled() {
			return f(inputs)
		}
		begin := newFrame("Checkpoint", capi.CheckpointBegin)
		begin.tensors(inputs)
		begin.add(capi.Int, capi.Hold(func(in []uint64) { f(scopedTensors(in)) }))
		begin.run()
		defer newFrame("Checkpoint", capi.CheckpointEnd).run()
		return f(inputs)
	})
}
