package translation

import (
	"fmt"

	"github.com/forgergan/forger/torch"
)

// OneHotMap is a label map (N, H, W), int64, as float32 maps (N, classes, H, W): 1 where the label is the channel's number,
// 0 elsewhere. A label outside 0 … classes−1 leaves a pixel without any 1; official programs stop there, on a GPU beyond
// repair. Panics with a *torch.Error if labels is no map of integers.
func OneHotMap(labels *torch.Tensor, classes int) *torch.Tensor {
	wantsMap("OneHotMap", labels)
	return torch.Tidy(func() *torch.Tensor {
		numbers := upTo(classes, labels.Device())
		return labels.Unsqueeze(1).Eq(numbers.View(-1, 1, 1)).ToDType(torch.Float32)
	})
}

// InstanceEdges is the map of boundaries (N, 1, H, W), float32, of an instance map (N, H, W), int64: 1 where the instance is
// another one than to the left, to the right, above or below, so on both sides of a boundary; 0 elsewhere. Wang et al. 2018,
// §3.3; official pix2pixHD_model.py, get_edges. Panics with a *torch.Error if instances is no map of integers.
func InstanceEdges(instances *torch.Tensor) *torch.Tensor {
	wantsMap("InstanceEdges", instances)
	return torch.Tidy(func() *torch.Tensor {
		h, w := instances.Size(1), instances.Size(2)
		across := instances.Narrow(2, 1, w-1).Ne(instances.Narrow(2, 0, w-1))
		down := instances.Narrow(1, 1, h-1).Ne(instances.Narrow(1, 0, h-1))
		edges := across.Pad([]int{1, 0}).LogicalOr(across.Pad([]int{0, 1}))
		edges = edges.LogicalOr(down.Pad([]int{0, 0, 1, 0})).LogicalOr(down.Pad([]int{0, 0, 0, 1}))
		return edges.Unsqueeze(1).ToDType(torch.Float32)
	})
}

// InstanceMean replaces each value of x (N, C, H, W) by the mean of its channel over the pixels of the same instance in
// the same picture; instances is (N, H, W), int64. Gradients pass through the mean. Wang et al. 2018, §3.4; official
// networks.py, Encoder. Panics with a *torch.Error if the two do not fit.
func InstanceMean(x, instances *torch.Tensor) *torch.Tensor {
	wantsMap("InstanceMean", instances)
	n, c, h, w := x.Size(0), x.Size(1), x.Size(2), x.Size(3)
	if instances.Size(0) != n || instances.Size(1) != h || instances.Size(2) != w {
		panic(&torch.Error{Op: "InstanceMean", Code: torch.ValueError, Msg: "maps and instances differ in number or size",
			Shapes: [][]int{x.Shape(), instances.Shape()}})
	}
	return torch.Tidy(func() *torch.Tensor {
		pictures := upTo(n, x.Device())
		own := instances.MulScalar(n).Add(pictures.View(-1, 1, 1)) // no two pictures share one
		_, place, count := own.Flatten().Unique(torch.UniqueOptions{ReturnInverse: true, ReturnCounts: true})
		place = place.View(-1, 1).Expand([]int{n * h * w, c})
		pixels := x.Permute(0, 2, 3, 1).Reshape(n*h*w, c)
		if x.DType().Size() < 4 { // half precision loses count
			pixels = pixels.ToDType(torch.Float32)
		}
		sums := pixels.NewZeros([]int{count.Size(0), c}).ScatterAdd(0, place, pixels)
		means := sums.Div(count.View(-1, 1).ToDType(pixels.DType())).ToDType(x.DType())
		return means.Gather(0, place).View(n, h, w, c).Permute(0, 3, 1, 2)
	})
}

// upTo is 0 … n−1.
func upTo(n int, device torch.Device) *torch.Tensor {
	return torch.Arange(0, n, torch.ArangeOptions{TensorOptions: torch.TensorOptions{DType: torch.Int64, Device: device}})
}

func wantsMap(op string, m *torch.Tensor) {
	if m.Dim() != 3 || m.DType().IsFloat() {
		panic(&torch.Error{Op: op, Code: torch.ValueError, Shapes: [][]int{m.Shape()},
			Msg: fmt.Sprintf("a map is (N, H, W) of integers, not of %s", m.DType())})
	}
}
