package main

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
)

// translate makes the pictures (1, C, H, W) of one item in its own size: sides that the networks do not take are made
// longer by repeating the last row and column, and what comes of that is cut off.
func (t *translator) translate(fields []data.Array) *torch.Tensor {
	s := fields[0].Shape
	h, w := s[len(s)-2], s[len(s)-1]
	padded := make([]data.Array, len(fields))
	for i, a := range fields {
		padded[i] = extend(a, roundUp(h, t.does.Multiple), roundUp(w, t.does.Multiple))
	}
	x := t.tiled(train.Upload(padded, 1, t.device))
	return x.Narrow(2, 0, t.does.Scale*h).Narrow(3, 0, t.does.Scale*w)
}

// usualTile is the side of tiles where they give the same picture as the whole.
const usualTile = 256

// tiled translates an item, tile by tile where it is larger than the tiles that were asked for, or than the usual one where
// tiles change nothing. Of tiles without a margin, which do change something, neighbours are blended.
func (t *translator) tiled(b *train.Batch) *torch.Tensor {
	side := t.tile
	if side == 0 && t.does.Margin > 0 {
		side = usualTile
	}
	inputs := t.does.Inputs
	if t.back {
		inputs = []string{t.does.Target}
	}
	first := b.Tensor(inputs[0])
	s := first.Shape()
	if h, w := s[len(s)-2], s[len(s)-1]; side == 0 || max(h, w) <= side {
		return t.model.Translate(b, t.back)
	}
	o := translation.Tiles{Side: side, Margin: t.does.Margin, Multiple: t.does.Multiple, Scale: t.does.Scale}
	if t.does.Margin == 0 {
		o.Blend = side / 4
	}
	if first.Dim() == 4 { // pictures, of which there is one field
		return translation.Tiled(func(x *torch.Tensor) *torch.Tensor {
			return t.model.Translate(train.NewBatch(map[string]*torch.Tensor{inputs[0]: x}), t.back)
		}, first, o)
	}
	var maps []*torch.Tensor
	for _, name := range inputs {
		maps = append(maps, b.Tensor(name))
	}
	return translation.Tiled(func(x *torch.Tensor) *torch.Tensor {
		part := map[string]*torch.Tensor{}
		for i, name := range inputs {
			part[name] = x.Select(1, i)
		}
		return t.model.Translate(train.NewBatch(part), t.back)
	}, torch.Stack(maps, torch.StackOptions{Dim: 1}), o)
}

func roundUp(n, multiple int) int {
	multiple = max(multiple, 1)
	return (n + multiple - 1) / multiple * multiple
}

// extend repeats the last row and column of a field (1, …, H, W) until it is h×w.
func extend(a data.Array, h, w int) data.Array {
	s := a.Shape
	oldH, oldW := s[len(s)-2], s[len(s)-1]
	if oldH == h && oldW == w {
		return a
	}
	shape := append([]int{}, s...)
	shape[len(s)-2], shape[len(s)-1] = h, w
	out := data.Array{Name: a.Name, Shape: shape}
	if a.Int64 != nil {
		out.Int64 = extendPlanes(a.Int64, oldH, oldW, h, w)
	} else {
		out.Float32 = extendPlanes(a.Float32, oldH, oldW, h, w)
	}
	return out
}

func extendPlanes[T any](x []T, oldH, oldW, h, w int) []T {
	out := make([]T, 0, len(x)/(oldH*oldW)*h*w)
	for plane := 0; plane < len(x); plane += oldH * oldW {
		for y := range h {
			row := x[plane+min(y, oldH-1)*oldW:][:oldW]
			out = append(out, row...)
			for range w - oldW {
				out = append(out, row[oldW-1])
			}
		}
	}
	return out
}
