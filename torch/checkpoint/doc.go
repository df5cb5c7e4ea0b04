// Package checkpoint reads and writes tensors on disk: safetensors files, mapped into memory and checked before a
// byte is trusted, and an atomic save that everything Forger writes goes through.
//
// # Saving
//
//	err := checkpoint.Save("generator.safetensors", []checkpoint.Tensor{
//		{Name: "main.0.weight", DType: torch.Float32, Shape: []int{100, 512, 4, 4}, Data: weight},
//		{Name: "main.1.bias", DType: torch.Float32, Shape: []int{512}, Data: bias},
//	}, map[string]string{"step": "20000"})
//
// The order of the tensors is kept, the same input gives the same bytes, and a SHA-256 of the data is stored among
// the metadata under "forger.sha256".
//
// # Loading
//
//	f, err := checkpoint.Open("generator.safetensors")
//	if err != nil {
//		return err // one sentence that names the file and what is wrong with it
//	}
//	defer f.Close()
//	if err := f.Verify(); err != nil && !errors.Is(err, checkpoint.ErrNoChecksum) {
//		return err
//	}
//	weight, err := f.Bytes("main.0.weight")
//
// [Load] copies a whole file to tensors for nn.LoadStateDict, and [Inspect] reads one into a report; both also take
// PyTorch's .pth files, which package pth reads in parts and writes. [ContentHash] names what a state holds, whatever
// file it lies in. Package npy reads NumPy's files.
//
// # Invariants
//
//   - A slice from [File.Bytes] or [File.Tensors] is a read-only view into the mapped file: it ends with Close, and
//     writing to it crashes the program.
//   - [Open] reads the header only. Time and memory follow the size of the header, never a number found in it.
//   - After a kill, a crash or a full disk, a path given to [WriteFile] or [Save] holds the old file or the new one,
//     whole. What a killed process leaves behind is a temporary file, which [CleanTemps] removes.
//   - Values are little-endian, as the format asks, and never swapped: Forger runs on little-endian machines.
//
// The format is that of the safetensors project's README, section "Format": eight bytes with the length of the header,
// a JSON header, the data.
package checkpoint
