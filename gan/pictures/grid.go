package pictures

import (
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/vision"
)

// Grid is images (N, C, H, W) in [−1, 1] in rows of columns, two black pixels apart, as torchvision's make_grid.
func Grid(images *torch.Tensor, columns int) *vision.Image {
	var values []float32
	torch.Scope(func() { values = torch.Values[float32](images.Detach().ToDType(torch.Float32)) })
	return grid("Grid", values, images.Shape(), columns)
}

func grid(op string, values []float32, shape []int, columns int) *vision.Image {
	joined, h, w, err := vision.MakeGrid(values, shape, vision.Grid{NRow: columns})
	if err != nil {
		panic(misuse(op, err.Error(), shape))
	}
	return vision.FromFloats(joined, 3, h, w, 0, 1, vision.HalfUp)
}

func misuse(op, message string, shapes ...[]int) *torch.Error {
	return &torch.Error{Op: "pictures." + op, Code: torch.ValueError, Shapes: shapes, Msg: message}
}

// ByClass is a grid with a row for each class 0 … classes−1: the first columns images of that label. Images with other
// labels are left out; a class with fewer leaves black squares.
func ByClass(images *torch.Tensor, labels []int64, classes, columns int) *vision.Image {
	shape := images.Shape()
	if len(shape) != 4 || len(labels) != shape[0] || classes < 1 || columns < 1 {
		panic(misuse("ByClass", fmt.Sprintf("%d labels for images of shape %v, in %d rows of %d", len(labels), shape, classes, columns), shape))
	}
	var values []float32
	torch.Scope(func() { values = torch.Values[float32](images.Detach().ToDType(torch.Float32)) })
	each := shape[1] * shape[2] * shape[3]
	sorted := make([]float32, classes*columns*each)
	for i := range sorted {
		sorted[i] = -1
	}
	have := make([]int, classes)
	for i, k := range labels {
		if k < 0 || k >= int64(classes) || have[k] == columns {
			continue
		}
		copy(sorted[(int(k)*columns+have[k])*each:], values[i*each:(i+1)*each])
		have[k]++
	}
	return grid("ByClass", sorted, []int{classes * columns, shape[1], shape[2], shape[3]}, columns)
}

// Strips is a grid with a row for each item: image i of every argument, as input, output and target. Some of them may be
// grey.
func Strips(columns ...*torch.Tensor) *vision.Image {
	if len(columns) == 0 {
		panic(misuse("Strips", "there are no images"))
	}
	first := columns[0].Shape()
	var values []float32
	torch.Scope(func() {
		var rows []*torch.Tensor
		for _, x := range columns {
			s := x.Shape()
			if len(s) != 4 || len(first) != 4 || s[0] != first[0] || s[2] != first[2] || s[3] != first[3] || s[1] != 1 && s[1] != 3 {
				panic(misuse("Strips", fmt.Sprintf("images of shapes %v and %v do not stand side by side", first, s), first, s))
			}
			rows = append(rows, x.Detach().ToDType(torch.Float32).Expand([]int{s[0], 3, s[2], s[3]}))
		}
		values = torch.Values[float32](torch.Stack(rows, torch.StackOptions{Dim: 1}))
	})
	return grid("Strips", values, []int{first[0] * len(columns), 3, first[2], first[3]}, len(columns))
}
