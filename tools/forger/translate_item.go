package main

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
)

// translate makes the pictures (1, C, H, W) of one item in its own size.
func (t *translator) translate(fields []data.Array) *torch.Tensor {
	return t.ownSize(fields, func(b *train.Batch) *torch.Tensor { return translateTiled(t.model, b, t.back, t.tile) })
}

// ownSize hands an item to translate in sides that the networks take, which are made longer by repeating the last row and column,
// and cuts off what comes of that.
func (t *translator) ownSize(fields []data.Array, translate func(b *train.Batch) *torch.Tensor) *torch.Tensor {
	s := fields[0].Shape
	h, w := s[len(s)-2], s[len(s)-1]
	padded := make([]data.Array, len(fields))
	for i, a := range fields {
		padded[i] = a
		if n := len(a.Shape); a.Shape[n-2] != h || a.Shape[n-1] != w {
			continue // the picture of a style
		}
		padded[i] = extend(a, roundUp(h, t.does.Multiple), roundUp(w, t.does.Multiple))
	}
	x := translate(train.Upload(padded, 1, t.device))
	return x.Narrow(2, 0, t.does.Scale*h).Narrow(3, 0, t.does.Scale*w)
}

// usualTile is the side of tiles where they give the same picture as the whole.
const usualTile = 256

// translateTiled is Translate of a batch, tile by tile where it is larger than the side that is asked for, or, with 0, than
// the usual one where tiles change nothing. Of tiles without a margin, which do change something, neighbours are blended.
func translateTiled(m train.Translator, b *train.Batch, back bool, side int) *torch.Tensor {
	does := m.Translation()
	if side == 0 && does.Margin > 0 {
		side = usualTile
	}
	inputs := does.Inputs
	if back {
		inputs = []string{does.Target}
	}
	first := b.Tensor(inputs[0])
	s := first.Shape()
	if h, w := s[len(s)-2], s[len(s)-1]; side == 0 || max(h, w) <= side {
		return m.Translate(b, back)
	}
	o := translation.Tiles{Side: side, Margin: does.Margin, Multiple: does.Multiple, Scale: does.Scale}
	if does.Margin == 0 {
		o.Blend = side / 4
	}
	if first.Dim() == 4 { // pictures, of which there is one field
		return translation.Tiled(func(x *torch.Tensor) *torch.Tensor {
			return m.Translate(train.NewBatch(map[string]*torch.Tensor{inputs[0]: x}), back)
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
		return m.Translate(train.NewBatch(part), back)
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
