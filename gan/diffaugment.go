package gan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/forgergan/forger/torch"
)

// An Augmentation is a group of random changes of pictures.
type Augmentation string

// The augmentations of DiffAugment.
const (
	Color       Augmentation = "color"       // brightness + U(−½, ½), saturation · U(0, 2), contrast · U(½, 3/2)
	Translation Augmentation = "translation" // by whole pixels up to an eighth of each side, 0 where nothing is left
	Cutout      Augmentation = "cutout"      // a rectangle of half of each side is 0; it may stick out
)

// DiffAugment changes the pictures that a discriminator sees, real and generated, so that few pictures suffice to train
// it. Gradients pass through. Each picture has its own random changes, in the order of the list:
//
//	augment := gan.DiffAugment{gan.Color, gan.Translation, gan.Cutout}
//	d.Forward(augment.Forward(fake))
//
// Draws are made in the order and shapes of the official code, so that the same seed gives what it gives, on the CPU to
// the bit. Zhao et al. 2020; mit-han-lab/data-efficient-gans DiffAugment_pytorch.py.
type DiffAugment []Augmentation

// ParseDiffAugment reads a policy as the official code takes it: "color,translation,cutout", or "" for none.
func ParseDiffAugment(policy string) (DiffAugment, error) {
	if policy == "" {
		return nil, nil
	}
	var d DiffAugment
	for name := range strings.SplitSeq(policy, ",") {
		a := Augmentation(name)
		if !slices.Contains([]Augmentation{Color, Translation, Cutout}, a) {
			return nil, fmt.Errorf("no augmentation %q in policy %q: take color, translation or cutout", name, policy)
		}
		d = append(d, a)
	}
	return d, nil
}

// Forward maps x (N, C, H, W) to the same shape. Pictures are meant to be in [−1, 1], but colours may leave it.
func (d DiffAugment) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		for _, a := range d {
			switch a {
			case Color:
				x = recolour(x)
			case Translation:
				x = translate(x)
			case Cutout:
				x = cut(x)
			default:
				panic(misuse("DiffAugment", fmt.Sprintf("no augmentation %q", string(a))))
			}
		}
		return x.Contiguous()
	})
}

func recolour(x *torch.Tensor) *torch.Tensor {
	x = x.Add(uniform(x, 1, 1, 1).SubScalar(0.5))
	x = around(x, []int{1}, uniform(x, 1, 1, 1).MulScalar(2))
	return around(x, []int{1, 2, 3}, uniform(x, 1, 1, 1).AddScalar(0.5))
}

// around moves x away from its means over dims by factor.
func around(x *torch.Tensor, dims []int, factor *torch.Tensor) *torch.Tensor {
	mean := x.MeanDim(dims, torch.MeanDimOptions{Keepdim: true})
	return x.Sub(mean).Mul(factor).Add(mean)
}

func translate(x *torch.Tensor) *torch.Tensor {
	var where [2]*torch.Tensor
	for i := range where {
		side := x.Size(2 + i)
		most := (side + 4) / 8 // an eighth, rounded
		shift := whole(x, -most, most+1)
		// The padding is one pixel wide: whatever comes from outside comes from there.
		where[i] = positions(x, side).Add(shift).AddScalar(1).Clamp(torch.ClampOptions{Min: 0, Max: side + 1})
	}
	return pick(x.Pad([]int{1, 1, 1, 1}), where[0], where[1])
}

// pick takes from x (N, C, H, W) the pixels of the given rows (N, h) and columns (N, w): (N, C, h, w).
func pick(x, rows, columns *torch.Tensor) *torch.Tensor {
	n, c, h, w := x.Size(0), x.Size(1), rows.Size(1), columns.Size(1)
	x = x.Gather(2, rows.View(n, 1, h, 1).Expand([]int{n, c, h, x.Size(3)}))
	return x.Gather(3, columns.View(n, 1, 1, w).Expand([]int{n, c, h, w}))
}

func cut(x *torch.Tensor) *torch.Tensor {
	var hit [2]*torch.Tensor // which rows, which columns (N, side)
	for i := range hit {
		side := x.Size(2 + i)
		size := (side + 1) / 2 // half, rounded
		first := whole(x, 0, side+1-size%2).SubScalar(size / 2)
		at := positions(x, side)
		hit[i] = at.Ge(first).LogicalAnd(at.Lt(first.AddScalar(size)))
	}
	hole := hit[0].Unsqueeze(2).LogicalAnd(hit[1].Unsqueeze(1)).Unsqueeze(1)
	return x.Mul(hole.LogicalNot().ToDType(x.DType()))
}

// uniform draws numbers from U(0, 1), (N, shape) for the N pictures of x.
func uniform(x *torch.Tensor, shape ...int) *torch.Tensor {
	return torch.Rand(append([]int{x.Size(0)}, shape...), torch.RandOptions{TensorOptions: like(x)})
}

// whole draws a whole number in [low, high) for each picture of x, (N, 1).
func whole(x *torch.Tensor, low, high int) *torch.Tensor {
	on := torch.TensorOptions{Device: x.Device(), DType: torch.Int64}
	return torch.RandInt(low, high, []int{x.Size(0), 1}, torch.RandIntOptions{TensorOptions: on})
}

// positions are the numbers from 0 to n − 1 on the device of x.
func positions(x *torch.Tensor, n int) *torch.Tensor {
	on := torch.TensorOptions{Device: x.Device(), DType: torch.Int64}
	return torch.Arange(0, n, torch.ArangeOptions{TensorOptions: on})
}
