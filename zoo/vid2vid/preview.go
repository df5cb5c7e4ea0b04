package vid2vid

import (
	"github.com/forgergan/forger/gan/flow"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
)

// Exhibit takes the windows of the sample grid.
func (m *Model) Exhibit(b *train.Batch) { m.shown = b }

// Columns is input, output, flow and target.
func (m *Model) Columns() int { return 4 }

// shownRows are the rows of the sample grid, shownWidth the most pixels of a picture's width in it.
const shownRows, shownWidth = 6, 512

// Preview shows what G makes of the frames of the first window after those that are given, or the last ones of them: each
// frame's input, the frame made, the flow from the frame before that was made with it, in colours, and the target.
func (m *Model) Preview() (grid *torch.Tensor) {
	torch.NoGrad(func() {
		grid = torch.Tidy(func() *torch.Tensor { return m.looking(m.preview) })
	})
	return grid
}

func (m *Model) preview() *torch.Tensor {
	c := m.config
	real := field(m.shown, "B").Narrow(0, 0, 1)
	frames := real.Size(1) - c.past()
	before := real.Narrow(1, 0, c.past())
	if c.First == "none" {
		before = before.ZerosLike()
	}
	past := newFilm(before, c.Levels)
	fields := map[string]*torch.Tensor{}
	for _, name := range m.Sequence().Inputs {
		fields[name] = field(m.shown, name).Narrow(0, 0, 1)
	}
	b := train.NewBatch(fields)
	var inputs, made, flows, targets []*torch.Tensor
	for t := range frames {
		f, frame := m.frame(newFilm(m.conditions(b, t, c.Window), c.Levels), past, t == 0 && c.First == "none")
		past = past.after(frame).last(c.past())
		if f.Flow == nil {
			f.Flow = frame[0].Narrow(1, 0, 2).ZerosLike()
		}
		at := func(x *torch.Tensor) *torch.Tensor { return x.Narrow(1, t+c.past(), 1) }
		inputs, made = append(inputs, m.pictured(at(fields[c.input()]))), append(made, frame[0])
		flows, targets = append(flows, f.Flow), append(targets, fold(at(real)))
	}
	skipped := max(0, frames-shownRows)
	column := func(x []*torch.Tensor) *torch.Tensor { return torch.Cat(x[skipped:]) }
	columns := []*torch.Tensor{column(inputs), column(made), flow.Colour(column(flows)), column(targets)}
	all := torch.Stack(columns, torch.StackOptions{Dim: 1}).Flatten(torch.FlattenOptions{EndDim: new(1)})
	for all.Size(3) > shownWidth {
		all = all.AvgPool2d([]int{2})
	}
	return all
}

// pictured shows an input of one frame (1, 1, C, H, W) as a picture: a label map in colours, of other inputs the first three
// channels, or the first one in grey.
func (m *Model) pictured(x *torch.Tensor) *torch.Tensor {
	if classes := *m.config.Classes; classes > 0 {
		return translation.Colours(areas(x), classes)
	}
	x = fold(x)
	if x.Size(1) < 3 {
		return x.Narrow(1, 0, 1).Expand([]int{1, 3, x.Size(2), x.Size(3)})
	}
	return x.Narrow(1, 0, 3)
}
