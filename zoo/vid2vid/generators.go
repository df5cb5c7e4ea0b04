package vid2vid

import (
	"fmt"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
)

// film is a sequence of pictures or maps (N, T, C, H, W) at each level, the finest first.
type film []*torch.Tensor

// newFilm halves x (N, T, C, H, W) as often as there are levels below the finest.
func newFilm(x *torch.Tensor, levels int) film {
	f := film{x}
	for range levels - 1 {
		last := f[len(f)-1]
		f = append(f, unfold(translation.HalveMap(fold(last)), last))
	}
	return f
}

// after is f with a frame (N, C, H, W) more at each level.
func (f film) after(frame film) film {
	longer := make(film, len(f))
	for i := range f {
		longer[i] = torch.Cat([]*torch.Tensor{f[i], frame[i].Unsqueeze(1)}, torch.CatOptions{Dim: 1})
	}
	return longer
}

// last are the n newest frames.
func (f film) last(n int) film {
	kept := make(film, len(f))
	for i, x := range f {
		kept[i] = newest(x, n)
	}
	return kept
}

// newest are the last n frames of x (N, T, …).
func newest(x *torch.Tensor, n int) *torch.Tensor { return x.Narrow(1, x.Size(1)-n, n) }

// fold makes frames of a sequence (N, T, C, H, W) items of their own (N·T, C, H, W), and unfold undoes it as in like.
func fold(x *torch.Tensor) *torch.Tensor {
	return x.Reshape(x.Size(0)*x.Size(1), x.Size(2), x.Size(3), x.Size(4))
}

func unfold(x, like *torch.Tensor) *torch.Tensor {
	return x.View(like.Size(0), like.Size(1), x.Size(1), x.Size(2), x.Size(3))
}

// joined makes frames (N, T, C, H, W) channels (N, T·C, H, W).
func joined(x *torch.Tensor) *torch.Tensor {
	return x.Reshape(x.Size(0), x.Size(1)*x.Size(2), x.Size(3), x.Size(4))
}

// conditions are the condition maps (N, length, channels, H, W), float32, of the frames of a batch from the one at first on:
// one-hot labels or pictures, and edges of instances.
func (m *Model) conditions(b *train.Batch, first, length int) *torch.Tensor {
	field := func(name string) *torch.Tensor { return field(b, name).Narrow(1, first, length) }
	return torch.Tidy(func() *torch.Tensor {
		input := field(m.config.input())
		classes := *m.config.Classes
		if classes == 0 {
			return input
		}
		maps := []*torch.Tensor{translation.OneHotMap(areas(input), classes)}
		if m.config.Instances {
			maps = append(maps, translation.InstanceEdges(areas(field("inst"))))
		}
		return unfold(beside(maps...), input)
	})
}

// areas are the maps (N·T, H, W) of a field (N, T, 1, H, W), int64.
func areas(x *torch.Tensor) *torch.Tensor { return fold(x).SqueezeDim(1) }

// beside joins maps and pictures along channels.
func beside(parts ...*torch.Tensor) *torch.Tensor { return torch.Cat(parts, torch.CatOptions{Dim: 1}) }

// input is the field that videos are made of.
func (c Config) input() string {
	if *c.Classes == 0 {
		return "A"
	}
	return "label"
}

// field is a field of a batch; it panics with what to do where there is none.
func field(b *train.Batch, name string) *torch.Tensor {
	t := b.Tensor(name)
	if t == nil {
		panic(&torch.Error{Op: "vid2vid", Code: torch.ValueError, Msg: fmt.Sprintf("a batch has no field %q", name)})
	}
	return t
}

// frame makes one frame by all generators, from the coarsest to the finest. maps are those of the window's frames, past the
// frames before the one to be made. It returns what the finest makes, and the frame at each level.
func (m *Model) frame(maps, past film, rawOnly bool) (finest Frame, frame film) {
	frame = make(film, len(m.G))
	var coarse *Frame
	for level, g := range m.G {
		i := len(m.G) - 1 - level
		v := View{Maps: joined(maps[i]), Past: joined(past[i]), RawOnly: rawOnly}
		if m.config.Foreground {
			v.Fore = newest(maps[i], 1).SqueezeDim(1).Narrow(1, m.config.ForeLabel, 1)
		}
		made := g.Forward(v, coarse)
		if i > 0 && m.fixed() {
			made = made.detached()
		}
		frame[i], coarse, finest = made.Final, &made, made
	}
	return finest, frame
}
