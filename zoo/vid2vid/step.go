package vid2vid

import (
	"slices"

	"github.com/forgergan/forger/gan/flow"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/optim"
)

// Step learns from the windows of a batch, all frames in their order: chunk by chunk it makes frames, and updates G, D and the
// temporal discriminators from losses that are computed with the weights of before. What it remembers of earlier chunks has
// no graph, so memory is that of a chunk. Official train.py.
func (m *Model) Step(b *train.Batch) (metrics train.Metrics) {
	m.play(b, func(l losses, _ shot) { metrics.Losses = append(metrics.Losses, l.Losses...) })
	return metrics
}

// take is what a window has been made of so far.
type take struct {
	past              film // the newest frames made, nil before the first
	real, made, flows reel
}

// play is Step; it tells each chunk's losses, and what they are of.
func (m *Model) play(b *train.Batch, tell func(l losses, s shot)) {
	real := field(b, "B")
	frames := real.Size(1) - m.config.past()
	chunk := m.config.chunk(frames)
	var now take
	for first := 0; first+chunk <= frames; first += chunk {
		torch.Scope(func() {
			before := now
			length := chunk + m.config.past()
			s := m.shoot(&now, m.conditions(b, first, length), real.Narrow(1, first, length))
			l := m.losses(&now, s)
			m.update(b, l)
			for _, x := range before.tensors() {
				x.Free()
			}
			for _, x := range now.tensors() {
				x.Keep()
			}
			l.Keep()
			tell(l, s)
		})
	}
}

// tensors are all that the next chunk needs.
func (t take) tensors() (all []*torch.Tensor) {
	for _, x := range slices.Concat(t.past, film{t.real.frames, t.made.frames, t.flows.frames}) {
		if x != nil {
			all = append(all, x)
		}
	}
	return all
}

// shoot makes a chunk of frames, of the condition maps of its frames and those before (N, T, C, H, W).
func (m *Model) shoot(now *take, maps, real *torch.Tensor) shot {
	c := m.config
	opening := now.past == nil
	if opening {
		before := real.Narrow(1, 0, c.past())
		if c.First == "none" {
			before = before.ZerosLike()
		}
		now.past = newFilm(before, c.Levels)
	}
	count := maps.Size(1) - c.past()
	pyramid, made := newFilm(maps, c.Levels), now.past
	var raw, flows, weights []*torch.Tensor
	for t := range count {
		past := made.last(c.past())
		if t%c.back(c.stage(m.passes.Over)) == 0 {
			for i := range past {
				past[i] = past[i].Detach()
			}
		}
		window := make(film, len(pyramid))
		for i, x := range pyramid {
			window[i] = x.Narrow(1, t, c.Window)
		}
		f, frame := m.frame(window, past, opening && c.First == "none")
		made = made.after(frame)
		raw = append(raw, f.Raw)
		if f.Flow != nil {
			flows, weights = append(flows, f.Flow), append(weights, f.Weight)
		}
	}
	s := shot{
		Real: newest(real, count), Made: newest(made[0], count), Raw: stacked(raw), Flow: stacked(flows), Weight: stacked(weights),
		Maps: fold(newest(maps, count)), RealPast: fold(real.Narrow(1, c.past()-1, count)),
	}
	s.MadePast = m.madePast(now, real, s.Made)
	s.RefFlow, s.Sure = m.reference(fold(s.Real), s.RealPast)
	now.past = made.last(c.past())
	for i := range now.past {
		now.past[i] = now.past[i].Detach()
	}
	return s
}

// stacked makes the frames of a chunk, each (N, C, H, W), items (N·T, C, H, W).
func stacked(frames []*torch.Tensor) *torch.Tensor {
	if frames == nil {
		return nil
	}
	return fold(torch.Stack(frames, torch.StackOptions{Dim: 1}))
}

// madePast is the frame before each of a chunk, as it was made; before the very first one, the real one.
//
// The official program on one GPU takes the chunk's last frame for the one before its first, from the second chunk on, since
// it appends to a list that is still in use; on several it does as here.
func (m *Model) madePast(now *take, real, made *torch.Tensor) *torch.Tensor {
	before := real.Narrow(1, m.config.past()-1, 1)
	if now.made.frames != nil {
		before = newest(now.made.frames, 1)
		if m.ownPast {
			before = newest(made, 1)
		}
	}
	made = made.Narrow(1, 0, made.Size(1)-1)
	return fold(torch.Cat([]*torch.Tensor{before, made}, torch.CatOptions{Dim: 1})).Detach()
}

// losses are what a chunk gives.
func (m *Model) losses(now *take, s shot) (l losses) {
	c := m.config
	m.addImages(&l, s)
	real := now.real.add(s.Real, c.TimeScales, c.DFrames)
	made := now.made.add(s.Made, c.TimeScales, c.DFrames)
	flows := now.flows.add(unfold(s.RefFlow, s.Real), 1, c.DFrames)
	for i, r := range real {
		switch {
		case r == nil:
			flows = append(flows[:i], nil)
		case i == 0:
			flows[0] = newest(flows[0], c.DFrames-1)
		default: // between frames farther apart
			later, earlier := r.Narrow(1, 1, c.DFrames-1), r.Narrow(1, 0, c.DFrames-1)
			f, _ := m.reference(fold(later), fold(earlier))
			flows = append(flows[:i], unfold(f, later))
		}
	}
	m.addTimes(&l, real, made, flows)
	return l
}

// update makes a step of each optimiser that has a loss.
func (m *Model) update(b *train.Batch, l losses) {
	step := func(opt optim.Optimizer, loss *torch.Tensor) {
		opt.ZeroGrad()
		b.Backward(loss, torch.BackwardOptions{Inputs: opt.Params()})
		b.Step(opt)
	}
	step(m.optimizerG(), l.generator)
	step(m.optD, l.discriminator)
	for s, loss := range l.temporal {
		if loss != nil {
			step(m.optTime[s], loss)
		}
	}
}

// estimate is where each pixel of later pictures (N, 3, H, W) was in earlier ones, and where that is known. A file of
// FlowNet2 is read when it is first needed: a model that only makes videos needs none.
func (m *Model) estimate(later, earlier *torch.Tensor) (f, sure *torch.Tensor) {
	if m.flow == nil {
		e, err := m.config.estimator(later.Device())
		if err != nil {
			panic(&torch.Error{Op: "vid2vid", Code: torch.ValueError, Msg: err.Error()})
		}
		m.flow = e
	}
	return flow.Reference(m.flow, later, earlier)
}

// estimator is that of --flow.
func (c Config) estimator(device torch.Device) (e flow.Estimator, err error) {
	if c.Flow == "lucas-kanade" {
		e = flow.NewLucasKanade()
	} else if e, err = flow.LoadFlowNet2(c.FlowFile, device); err != nil {
		return nil, err
	}
	if c.recurs() {
		e = flow.NewMemory(e, remembered)
	}
	return e, nil
}

// remembered is how many bytes of flows a run keeps: all of vtest's at 128×96 are 125 MB.
const remembered = 512 << 20
