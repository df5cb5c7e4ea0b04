// Package classes holds what systems with classes share: labels of the data, drawn and sorted ones.
package classes

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
)

// Labels are the labels (N), int64, of a batch. It panics, with a sentence for the user of the system of that name, where
// the data have none.
func Labels(system string, b *train.Batch) *torch.Tensor {
	y := b.Labels()
	if y == nil {
		panic(&torch.Error{Op: system, Code: torch.ValueError, Msg: "the data have no labels: put the pictures of each class into a folder of its own"})
	}
	return y
}

// Draw draws n labels (n), int64, all of the classes alike.
func Draw(n, classes int, device torch.Device) *torch.Tensor {
	return torch.RandInt(0, classes, []int{n}, torch.RandIntOptions{TensorOptions: torch.TensorOptions{Device: device, DType: torch.Int64}})
}

// Grid are the labels of a sample grid of n pictures, in rows of a class each while there are no more classes than that.
func Grid(n, classes int) *torch.Tensor {
	labels := make([]int64, n)
	columns := max(1, n/classes)
	for i := range labels {
		labels[i] = int64(i / columns % classes)
	}
	return torch.FromSlice(labels)
}

// Example makes n random pictures with labels, on the CPU.
func Example(o data.Options, classes, n int) map[string]*torch.Tensor {
	return map[string]*torch.Tensor{
		"image": torch.Rand([]int{n, o.Channels, o.Size, o.Size}).MulScalar(2).SubScalar(1),
		"label": Draw(n, classes, torch.Device{}),
	}
}
