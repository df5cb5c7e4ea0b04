package features

import (
	"fmt"
	"slices"
	"strings"

	"github.com/forgergan/forger/torch"
)

// Preparation is the way from pictures of bytes to what a network takes: resizing and scaling. Scores of one network
// under two preparations do not compare: a resizing without antialiasing costs several points of FID.
type Preparation struct {
	name   string
	side   int
	resize func(x *torch.Tensor, side int) *torch.Tensor
	centre float64 // v becomes (v − centre)/spread
	spread float64
}

// The preparations of the best known tools. All but Lite are for Inception.
var (
	// TF1 is that of the TensorFlow graph, torch-fidelity and StyleGAN: bilinear to 299 without TensorFlow's later shift
	// by half a pixel, (v − 128)/128.
	TF1 = Preparation{"tf1-bilinear", 299, tf1Bilinear, 128, 128}
	// PyTorchFID is that of pytorch-fid: PyTorch's bilinear to 299 without antialiasing, v/127.5 − 1.
	PyTorchFID = Preparation{"pytorch-fid", 299, func(x *torch.Tensor, side int) *torch.Tensor {
		return x.UpsampleBilinear2d([]int{side, side}, false)
	}, 127.5, 127.5}
	// CleanFID is that of clean-fid: Pillow's bicubic filter to 299 on floats, limited to 0 … 255, (v − 128)/128.
	CleanFID = Preparation{"clean-fid", 299, cubic, 128, 128}
	// StudioGAN is that of StudioGAN's "friendly" mode: Pillow's bilinear filter to 299, rounded to bytes,
	// (v − 128)/128. Pillow rounds after each direction, here once; the pictures differ by at most one step.
	StudioGAN = Preparation{"pil-bilinear", 299, func(x *torch.Tensor, side int) *torch.Tensor {
		return x.UpsampleBilinear2dAA([]int{side, side}, false).AddScalar(0.5).Floor()
	}, 128, 128}
	// Lite is EfficientNet-Lite0's: the square in the middle, Pillow's bicubic filter to 224 on floats, limited to
	// 0 … 255, (v − 127)/128.
	Lite = Preparation{"square-bicubic-aa", 224, func(x *torch.Tensor, side int) *torch.Tensor {
		h, w := x.Size(2), x.Size(3)
		square := min(h, w)
		return cubic(x.Narrow(2, (h-square)/2, square).Narrow(3, (w-square)/2, square), side)
	}, 127, 128}
)

// ParsePreparation returns one of Inception's preparations by the name that its String gives; "" is TF1.
func ParsePreparation(name string) (Preparation, error) {
	all := []Preparation{TF1, PyTorchFID, CleanFID, StudioGAN}
	names := make([]string, len(all))
	for i, p := range all {
		names[i] = p.name
	}
	if name == "" {
		return TF1, nil
	}
	if i := slices.Index(names, name); i >= 0 {
		return all[i], nil
	}
	return Preparation{}, fmt.Errorf("there is no preparation %q for Inception, only %s", name, strings.Join(names, ", "))
}

// String is the part of the protocol: "resize=tf1-bilinear".
func (p Preparation) String() string { return "resize=" + p.name }

// Apply maps pictures (N, 1, H, W) or (N, 3, H, W) of bytes, as the numbers 0 … 255 of any type, to (N, 3, side, side) in
// float32. Grey becomes three equal channels.
func (p Preparation) Apply(bytes *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		x := bytes.ToDType(torch.Float32)
		if x.Dim() != 4 || (x.Size(1) != 1 && x.Size(1) != 3) {
			panic(&torch.Error{Op: "Preparation.Apply", Code: torch.ValueError, Shapes: [][]int{bytes.Shape()},
				Msg: "pictures are (N, 1, H, W) or (N, 3, H, W)"})
		}
		if x.Size(1) == 1 {
			x = x.Expand([]int{-1, 3, -1, -1})
		}
		return p.resize(x, p.side).SubScalar(p.centre).DivScalar(p.spread)
	})
}

func cubic(x *torch.Tensor, side int) *torch.Tensor {
	return x.UpsampleBicubic2dAA([]int{side, side}, false).Clamp(torch.ClampOptions{Min: 0, Max: 255})
}

// tf1Bilinear resizes as TensorFlow 1 does: the element i of n comes from the place i·(side/n), between the two elements
// around it or at the last, first along rows, then along columns. The places are computed in float32, as there.
func tf1Bilinear(x *torch.Tensor, side int) *torch.Tensor {
	between := func(x *torch.Tensor, dim int) *torch.Tensor {
		n := x.Size(dim)
		scale := float32(float64(n) / float64(side))
		below, above, part := make([]int64, side), make([]int64, side), make([]float32, side)
		for i := range side {
			place := float32(i) * scale
			below[i] = int64(place)
			above[i] = min(below[i]+1, int64(n-1))
			part[i] = place - float32(below[i])
		}
		shape := []int{1, 1, 1, 1}
		shape[dim] = side
		pick := func(index []int64) *torch.Tensor {
			return x.IndexSelect(dim, torch.FromSlice(index).ToDevice(x.Device()))
		}
		low := pick(below)
		return low.Add(pick(above).Sub(low).Mul(torch.FromSlice(part, shape...).ToDevice(x.Device())))
	}
	return between(between(x, 3), 2)
}
