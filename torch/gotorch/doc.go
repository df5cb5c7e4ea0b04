// Package gotorch is the bridge to programs written with github.com/wangkuiyi/gotorch: its tensors and networks work
// with Forger's, on Forger's LibTorch instead of the 1.6 that it was written for.
//
//	net := gotorch.FromModule(theirGenerator())            // their parameters in our optimisers, checkpoints, trainer
//	opt := optim.NewAdam(nn.Parameters(net), optim.AdamOptions{LR: 0.0002})
//	y := net.Forward(torch.Randn([]int{64, 100, 1, 1}))    // gradients flow through
//
//	model := theirnn.Sequential(gotorch.ToModule(ourLayer), theirnn.Linear(10, 1, true)) // and the other way round
//	x := gotorch.ToGoTorch(ours)                           // the same tensor, not a copy
//
// All of it is behind the build tag gotorch; without the tag the package is empty, and nothing is linked. What the tag
// needs is built by scripts/test-gotorch.sh, or by hand as third_party/gotorch/CMakeLists.txt says: gotorch's C++ part,
// unchanged, from the Go module cache. Then, in this tree, go build -tags gotorch works with no environment variable. A
// module elsewhere adds the two folders of that build with CGO_LDFLAGS, as the script does for gotorch's own tests.
//
// # One tensor, two owners
//
// [FromGoTorch] and [ToGoTorch] do not copy. Both sides then hold the same tensor of LibTorch: its memory, its gradient,
// its place in the graph. LibTorch counts who holds it, so neither side can free what the other uses:
//
//   - A handle of Forger's ends with its scope, with Free, or with the garbage collector, as package torch says. What
//     gotorch holds of the tensor stays.
//   - gotorch has finalizers: its tensors end some time after a garbage collection finds them unreachable. What Forger
//     holds of them stays.
//   - What changes in place on one side changes on the other, requires_grad and the gradient too.
//
// The modes are the thread's, and so one for both: torch.NoGrad holds for gotorch's calls in it, ManualSeed of either
// starts the same stream.
//
// # Memory
//
// What gotorch's layers make is not in Forger's scopes. Go's collector sees few bytes of it, runs rarely, and memory
// grows meanwhile. So a loop over gotorch's networks calls runtime.GC once a step; the finalizers run beside the next one.
//
// gotorch's own GC also waits, from its second call on, until all is finalized that this thread has made since the first
// one. It waits for ever if some of that is still reachable, as a module made later, or a tensor of ToGoTorch.
//
// # What to know of gotorch
//
//   - Its initialisation locks the main goroutine to its thread and, unless OMP_NUM_THREADS or MKL_NUM_THREADS is set,
//     gives LibTorch half of the cores. torch.SetThreads changes that. On a machine with one core it asks for 0 threads,
//     which LibTorch refuses, and the program ends: set OMP_NUM_THREADS=1 there.
//   - Its Backward lets no error out: one in the backward pass ends the program, a panic in a hook of Forger's too. Call
//     Backward on Forger's handle of the loss.
//   - Its BatchNorm2d has no num_batches_tracked. A state from PyTorch is loaded with strict false.
//   - It takes LibTorch's errors for strings; [Module.Forward] makes a *torch.Error of them.
//   - Its CUDA streams need a build with CUDA's headers, which this one is not.
package gotorch
