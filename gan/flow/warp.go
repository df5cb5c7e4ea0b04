package flow

import (
	"slices"

	"github.com/forgergan/forger/torch"
)

// Warp moves pictures (N, C, H, W) by flow (N, 2, H, W) in pixels: the pixel (x, y) of the result is the picture at
// (x + flow_x, y + flow_y), bilinear, and beyond the border what is on it. It has gradients for both, and computes in
// float32 where they are narrower. Sides are at least 2. vid2vid networks.py, resample, with corners aligned.
func Warp(pictures, flow *torch.Tensor) *torch.Tensor {
	fit("Warp", pictures, flow)
	h, w := pictures.Size(2), pictures.Size(3)
	if h < 2 || w < 2 {
		panic(misuse("Warp", "a side of one pixel has no corners to place a grid by", pictures))
	}
	return torch.Tidy(func() *torch.Tensor {
		on := torch.TensorOptions{Device: pictures.Device(), DType: precise(pictures)}
		x := torch.Linspace(-1, 1, w, on).Add(flow.Select(1, 0).DivScalar(float64(w-1) / 2))
		y := torch.Linspace(-1, 1, h, on).View(-1, 1).Add(flow.Select(1, 1).DivScalar(float64(h-1) / 2))
		return torch.GridSample(pictures.ToDType(on.DType), torch.Stack([]*torch.Tensor{x, y}, torch.StackOptions{Dim: -1}),
			torch.GridSampleOptions{PaddingMode: "border", AlignCorners: true})
	})
}

// Resample is Warp as FlowNet2 has it: a weighted mean of the four whole pixels around a place, each moved onto the border
// where it is beyond. In real numbers that is the same function; here flows of whole pixels copy bits, and sides may be 1.
// flownet2-pytorch resample2d_kernel.cu.
func Resample(pictures, flow *torch.Tensor) *torch.Tensor {
	fit("Resample", pictures, flow)
	n, c, h, w := pictures.Size(0), pictures.Size(1), pictures.Size(2), pictures.Size(3)
	return torch.Tidy(func() *torch.Tensor {
		x, y := places(flow)
		left, top := x.Detach().Floor(), y.Detach().Floor()
		flat := pictures.ToDType(precise(pictures)).Reshape(n, c, h*w)
		at := func(dx, dy int) *torch.Tensor {
			column := left.AddScalar(dx).Clamp(torch.ClampOptions{Min: 0, Max: w - 1}).ToDType(torch.Int64)
			row := top.AddScalar(dy).Clamp(torch.ClampOptions{Min: 0, Max: h - 1}).ToDType(torch.Int64)
			index := row.MulScalar(w).Add(column).View(n, 1, h*w)
			return flat.Gather(2, index.Expand([]int{n, c, h * w})).View(n, c, h, w)
		}
		across := x.Sub(left)
		above := at(0, 0).LerpTensor(at(1, 0), across)
		below := at(0, 1).LerpTensor(at(1, 1), across)
		return above.LerpTensor(below, y.Sub(top))
	})
}

// places are the x and the y (N, 1, H, W) that a flow leads to.
func places(flow *torch.Tensor) (x, y *torch.Tensor) {
	on := torch.ArangeOptions{TensorOptions: torch.TensorOptions{Device: flow.Device(), DType: precise(flow)}}
	x = torch.Arange(0, flow.Size(3), on).Add(flow.Narrow(1, 0, 1))
	y = torch.Arange(0, flow.Size(2), on).View(-1, 1).Add(flow.Narrow(1, 1, 1))
	return x, y
}

// Visible is 1 (N, 1, H, W) where a pixel of one picture is in the other, too, by the flows there and back between them, and 0
// where it is hidden: where the flow there leads out of the picture, or the flow back from that place does not return,
// |there + back|² > 0.01·(|there|² + |back|²) + 0.5. Sundaram et al. 2010, §3.
func Visible(there, back *torch.Tensor) *torch.Tensor {
	fit("Visible", there, back)
	return torch.Tidy(func() *torch.Tensor {
		back := Warp(back, there)
		limit := squared(there).Add(squared(back)).MulScalar(0.01).AddScalar(0.5)
		return squared(there.Add(back)).Le(limit).ToDType(there.DType()).Mul(inside(there))
	})
}

// inside is 1 (N, 1, H, W) where a flow leads to a place in the picture, and else 0.
func inside(flow *torch.Tensor) *torch.Tensor {
	x, y := places(flow)
	within := func(at *torch.Tensor, last int) *torch.Tensor {
		return at.GeScalar(0).LogicalAnd(at.LeScalar(last))
	}
	return within(x, flow.Size(3)-1).LogicalAnd(within(y, flow.Size(2)-1)).ToDType(flow.DType())
}

// ChannelNorm is the length of the vector (N, 1, H, W) that the channels of x (N, C, H, W) make at each pixel.
func ChannelNorm(x *torch.Tensor) *torch.Tensor { return squared(x).Sqrt() }

// squared is the square of ChannelNorm.
func squared(x *torch.Tensor) *torch.Tensor {
	return x.Square().SumDim([]int{1}, torch.SumDimOptions{Keepdim: true})
}

// Correlation compares each pixel of the features a (N, C, H, W) with those of b that are up to reach away down and to the
// right, in both directions, in steps of stride: the mean over C of the products, with zeros beyond the border. It has one
// channel for each of the (2·(reach/stride) + 1)² displacements, rows of them first, and 441 at FlowNet2's reach 20, stride
// 2. It holds one of the products at a time. Dosovitskiy et al. 2015, §3, with patches of one pixel.
func Correlation(a, b *torch.Tensor, reach, stride int) *torch.Tensor {
	if a.Dim() != 4 || !slices.Equal(a.Shape(), b.Shape()) || reach < 0 || stride < 1 {
		panic(misuse("Correlation", "it compares features (N, C, H, W) of one shape at a reach from 0 in steps from 1", a, b))
	}
	h, w := a.Size(2), a.Size(3)
	return torch.Tidy(func() *torch.Tensor {
		edge := reach / stride * stride
		wide := b.Pad([]int{edge, edge, edge, edge})
		var maps []*torch.Tensor
		for dy := 0; dy <= 2*edge; dy += stride {
			for dx := 0; dx <= 2*edge; dx += stride {
				maps = append(maps, torch.Tidy(func() *torch.Tensor {
					return a.Mul(wide.Narrow(2, dy, h).Narrow(3, dx, w)).MeanDim([]int{1})
				}))
			}
		}
		return torch.Stack(maps, torch.StackOptions{Dim: 1})
	})
}

// precise is the type to place pixels in: that of x, if it is not narrower than float32.
func precise(x *torch.Tensor) torch.DType {
	if x.DType() == torch.Float64 {
		return torch.Float64
	}
	return torch.Float32
}

// fit panics unless flow is one for pictures.
func fit(op string, pictures, flow *torch.Tensor) {
	p, f := pictures.Shape(), flow.Shape()
	if len(p) != 4 || len(f) != 4 || f[0] != p[0] || f[1] != 2 || !slices.Equal(f[2:], p[2:]) {
		panic(misuse(op, "it moves pictures (N, C, H, W) by a flow (N, 2, H, W)", pictures, flow))
	}
}

func misuse(op, message string, operands ...*torch.Tensor) *torch.Error {
	e := &torch.Error{Op: op, Code: torch.ValueError, Msg: message}
	for _, t := range operands {
		e.Shapes = append(e.Shapes, t.Shape())
	}
	return e
}
