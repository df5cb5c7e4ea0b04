// Package torch is LibTorch for Go: tensors, their operators, gradients, devices and random numbers, with PyTorch's
// names, defaults and numbers.
//
//	torch.ManualSeed(0)
//	torch.Scope(func() {
//		w := torch.Randn([]int{3, 1}).SetRequiresGrad(true)
//		x := torch.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3) // two rows
//		y := torch.FromSlice([]float32{1, -1}, 2, 1)
//
//		loss := x.MM(w).MSELoss(y)
//		loss.Backward()
//		fmt.Println(loss.Item(), w.Grad())
//	})
//
// # Names
//
// An operator has PyTorch's name in Go's spelling: leaky_relu is LeakyReLU, add_ is AddInPlace. An operator on a tensor
// is a method, others are functions. What PyTorch makes optional is in an options struct at the end, whose zero value
// holds PyTorch's defaults; a field whose default is not Go's zero is a pointer, so that 0 can be asked for:
//
//	torch.Conv2d(x, w, torch.Conv2dOptions{Stride: []int{2}, Padding: []int{1}, Groups: new(4)})
//
// Operators are generated from a list, torch/internal/gen/ops.allow. Adding one is adding a line. [Call] reaches all
// the others by name. Package jit runs networks that Python saved as TorchScript.
//
// # Lifetime
//
// A tensor's memory is LibTorch's, often the GPU's, and the garbage collector does not see its size. So a lifetime is
// a function call: [Scope] runs a function and then frees every tensor that was made in it.
//
//   - [Tensor.Keep] saves a tensor for the scope around; [Tidy] and [TidyAll] do that for a function's results.
//   - [Tensor.Own] takes a tensor out of all scopes: parameters, buffers, optimiser state.
//   - [Tensor.Free] frees one at once.
//
// A training loop puts each step in one Scope; code that makes many tensors for one result, as a network's forward
// pass does, puts itself in Tidy. Outside every scope tensors work too, and are freed some time after they became
// unreachable.
//
// A *Tensor is a handle. Using one whose tensor is gone panics with an [*Error] of code [StaleTensor], also when
// another goroutine freed it meanwhile; it never reads other memory. What a backward pass needs belongs to the graph,
// not to the handles, so a scope may free the intermediate results of a forward pass. [Live] counts the tensors alive;
// [SetTensorProfile] records where each was made.
//
// Views share memory, as in PyTorch: View, At with numbers and ranges, Detach, Grad. Methods that end in InPlace change
// their receiver and return it.
//
// # Errors
//
// Misuse panics, as in gonum: shapes, types or devices that do not fit, an index out of range, a stale tensor. The
// value is an [*Error] with the operation, a code, the shapes and one line of text; [*OutOfMemory] is its own type. [Try]
// turns either into a returned error. What a right program can meet returns an error: [Available], [ParseDevice],
// [System]. [SetDebug] keeps LibTorch's whole messages with their C++ stack.
//
// LibTorch is opened at the first use, not linked: a program that imports this package compiles and starts where
// LibTorch is missing. [Available] says in a sentence what helps.
//
// # Gradients
//
// Operations on tensors that [Tensor.SetRequiresGrad] marks are recorded. [Tensor.Backward] adds gradients to the
// leaves, where [Tensor.Grad] reads and [ClearGrads] removes them. The function [Grad] returns gradients and
// accumulates nothing; with CreateGraph they can be differentiated again, as gradient penalties need. [NoGrad] runs a
// function without recording, [Inference] one whose results never enter a graph, [Autocast] one in mixed precision.
// [DetectAnomaly] finds where NaNs begin.
//
// A backward pass calls Go in three places: hooks ([Tensor.RegisterHook], [Tensor.RegisterPostAccumulateGradHook]), the
// Backward of a [Function] and the second run of a function under [Checkpoint]. What holds for all of them:
//
//   - They run on the thread that LibTorch chooses: on the CPU that of the call of Backward or Grad, on a GPU, and in
//     passes nested deeper than 60, one of its own, where other such functions may run at the same time.
//   - They run in a scope of their own. The tensors they are given and those they make are freed at its end, but for
//     results; what shall live on is taken out by Own.
//   - Operations in them are recorded only where the pass itself is (CreateGraph); EnableGrad changes that, and a second
//     run under Checkpoint records as the first did. They may take gradients themselves.
//   - A panic, or runtime.Goexit, in one ends the pass and goes on from the call of Backward or Grad, with its value.
//   - They live as long as the graph or the tensor that they belong to. One that refers to a tensor of that graph owned
//     outside every scope keeps both alive for good: a Function's tensors go through [Context.SaveForBackward].
//   - They must not change the tensors they are given in place.
//
// # Goroutines and threads
//
// Scope, NoGrad, EnableGrad and Autocast hold for the goroutine that calls them, which is locked to its thread for the
// time of the call: the scope and the modes are the thread's. Another goroutine, also one started inside, begins with no
// scope and with recording on. Tensors may be passed between goroutines; one made in a scope is freed when that scope
// ends, whoever still uses it. Reading a tensor from several goroutines is safe; changing one meanwhile needs the
// program's own order, as with a slice.
//
// Each thread that runs an operator brings LibTorch's own team of [Threads] along, so tensor work belongs in few
// goroutines. Decoding and reading files belong in others, which hand over slices.
//
// # Random numbers
//
// [ManualSeed] starts the default [Generator] of every device. On the CPU the same seed gives the numbers that PyTorch
// gives, bit for bit: draws, permutations, dropout masks and, with package torch/nn/initializer, initial weights. (In
// LibTorch itself, dropout masks and other Bernoulli numbers of one probability differ between Intel's processors and
// others.)
//
// [ForkRNG] runs a function and puts the default stream back; [NewGenerator] makes a stream of its own;
// [Generator.State] and [Generator.SetState] save and restore a position in the bytes that PyTorch uses.
//
// # Devices
//
// Tensors are made on the CPU unless [TensorOptions] name a [Device], and [Tensor.ToDevice] copies. Operands must be on
// one device. The GPU works behind the program's back: [Tensor.Item], [Values] and [Tensor.String] wait for it, and so
// does [Synchronize]. The CUDA library is opened only where a GPU is plausible; an empty CUDA_VISIBLE_DEVICES prevents
// it.
package torch
