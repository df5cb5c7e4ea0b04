// Package pth reads and writes what Python's torch.save writes: .pth, .pt, .ckpt and .bin files of tensors in
// dictionaries, lists and tuples. It needs no LibTorch to read or list a file.
//
//	state, err := pth.Load("netG.pth")             // a state dictionary
//	state, err := pth.Load("latest.pth", "netG")   // one inside a checkpoint
//	err = nn.LoadStateDict(net, state, true)
//
// [Open] reads a file's tree without its values, in milliseconds whatever its size:
//
//	f, err := pth.Open("latest.pth")
//	if err != nil {
//		return err // one sentence that names the file and what is wrong with it
//	}
//	defer f.Close()
//	epoch, err := pth.At(f.Value(), "epoch")
//	err = pth.Walk(f.Value(), func(name string, v any) error {
//		fmt.Println(name, pth.Text(v))
//		return nil
//	})
//
// [Unpickle] reads a plain pickle of Python, such as data sets are shared in, by the same rules, also
// Python 2's protocols 0 and 1.
//
// [Save] writes such a tree, and [Optimizer] and [FromOptimizer] convert the state of an optimiser, so that a run can
// move between Go and Python.
//
// # What is read
//
//	container   zip archives of PyTorch 1.6 and later, of any folder name, alignment and order, also packed again with
//	            compression; the format before that, of five pickles and the storages
//	pickle      protocols 2 to 5
//	values      None, bool, int of any size, float, complex, str, bytes, bytearray, list, tuple, set, dict, OrderedDict
//	            with _metadata, Counter, torch.Size, torch.dtype, torch.device
//	tensors     Tensor and Parameter of any strides, offset and shared storage, from any device
//	elements    the types of torch.DType: also 8-bit floats, wide unsigned integers and complex32
//
// A class or function beyond these is refused by its name, be it argparse.Namespace or os.system: a pickle is a
// program, and this package has no part that could run one. Refused with a word on the way out are quantised and
// sparse tensors, conjugate views, TorchScript programs, tar archives of PyTorch before 0.1.10, big-endian files and
// records whose checksum does not match.
//
// # Invariants
//
//   - Time and memory follow the size of the file, never a number found in it. A tree can be walked to its end, also a
//     hostile one. Compressed archives may expand to 64 times their size.
//   - The values of a tensor are read when asked for, from the mapped file into the tensor, without a copy between
//     unless its strides or the file's compression ask for one.
//   - A slice from Bytes is a read-only view that ends with the file's Close.
package pth
