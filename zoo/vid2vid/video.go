package vid2vid

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// scene is a video in the making. Its tensors are its own.
type scene struct {
	single *single // makes the first frames; nil where they are given, or none

	made  int           // frames
	first *torch.Tensor // frames that were given (T, 3, H, W), nil for none
	maps  *torch.Tensor // condition maps of the last frames (1, Window, channels, H, W), nil before the first
	past  film          // the last frames made (1, Window−1, 3, H, W)
}

// drop lets go of a video.
func (v *scene) drop() {
	for _, t := range append(film{v.first, v.maps}, v.past...) {
		if t != nil {
			t.Free()
		}
	}
	*v = scene{single: v.single}
}

// Sequence says that label maps, with instance maps, or pictures become frames.
func (m *Model) Sequence() train.Sequence {
	c := m.config
	s := train.Sequence{Translation: train.Translation{
		Inputs: []string{c.input()}, Target: "B", Paired: true, Scale: 1, Multiple: c.multiple(),
	}}
	if c.Instances {
		s.Inputs = append(s.Inputs, "inst")
	}
	if c.First == "real" {
		s.First = c.past()
	}
	return s
}

// Begin forgets the video so far.
func (m *Model) Begin(first *torch.Tensor) {
	m.scene.drop()
	if n := m.Sequence().First; n > 0 {
		if first == nil || first.Size(0) != n {
			panic(&torch.Error{Op: "Begin", Code: torch.ValueError, Msg: "vid2vid begins with the real frames before the first one that it makes"})
		}
		m.scene.first = first.Clone().Own()
	}
}

// Next makes the next frame. As in the official program the last frames' statistics are those of the batch norms, unless
// the settings say otherwise.
//
// Where there are no first frames, the first one is made as if all frames before it were black and had its own condition
// maps, and of no flow; the official program leaves the first Window−1 frames out.
func (m *Model) Next(b *train.Batch) (frame *torch.Tensor) {
	torch.NoGrad(func() {
		frame = torch.Tidy(func() *torch.Tensor { return m.looking(func() *torch.Tensor { return m.next(b) }) })
	})
	return frame
}

func (m *Model) next(b *train.Batch) *torch.Tensor {
	v, c := &m.scene, m.config
	fields := map[string]*torch.Tensor{}
	for _, name := range m.Sequence().Inputs {
		fields[name] = sequence(field(b, name))
	}
	maps := m.conditions(train.NewBatch(fields), 0, 1)
	if v.maps == nil {
		maps = maps.Repeat(1, c.Window, 1, 1, 1)
		black := torch.Zeros([]int{1, c.past(), 3, maps.Size(3), maps.Size(4)}, torch.TensorOptions{Device: maps.Device()})
		v.past = own(nil, newFilm(black, c.Levels))
	} else {
		maps = torch.Cat([]*torch.Tensor{newest(v.maps, c.past()), maps}, torch.CatOptions{Dim: 1})
	}
	v.maps = own(film{v.maps}, film{maps})[0]
	var frame film
	switch given := v.made < c.past(); {
	case given && v.first != nil:
		frame = levels(v.first.Narrow(0, v.made, 1).ToDevice(maps.Device()), c.Levels)
	case given && v.single != nil:
		frame = levels(v.single.forward(newest(maps, 1).SqueezeDim(1)), c.Levels)
	default:
		_, frame = m.frame(newFilm(v.maps, c.Levels), v.past, v.made == 0)
	}
	v.past = own(v.past, v.past.after(frame).last(c.past()))
	v.made++
	return frame[0]
}

// sequence is a field of one frame (1, …) as one of a sequence: (1, 1, C, H, W).
func sequence(x *torch.Tensor) *torch.Tensor {
	if x.Dim() == 3 { // a map
		x = x.Unsqueeze(1)
	}
	return x.Unsqueeze(1)
}

// levels is a frame (1, C, H, W) at each level, the finest first.
func levels(frame *torch.Tensor, levels int) film {
	f := newFilm(frame.Unsqueeze(1), levels)
	for i := range f {
		f[i] = f[i].SqueezeDim(1)
	}
	return f
}

// own takes tensors out of the scope in place of old ones, which it frees.
func own(old, fresh film) film {
	kept := make(film, len(fresh))
	for i, t := range fresh {
		kept[i] = t.Clone().Own()
	}
	for _, t := range old {
		if t != nil {
			t.Free()
		}
	}
	return kept
}

// looking runs f with the generators as videos are made, and leaves their running averages alone.
func (m *Model) looking(f func() *torch.Tensor) *torch.Tensor {
	for _, g := range m.G {
		if m.config.Running {
			nn.Eval(g)
			defer nn.Train(g)
		} else {
			defer nn.Untracked(g)()
		}
	}
	return f()
}
