package train

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
)

const averagePrefix = "ema."

// average is the moving average of all weights of a model's generators; their buffers are the latest, unless the model wants
// those averaged, too.
type average struct {
	ema   *optim.EMA
	names []string // of its tensors in a checkpoint: ema.G.main.0.weight
}

// ParseEMA reads how an average forgets: a decay ("0.999"), at first less, as (1+n)/(10+n), so that the random start
// is soon forgotten; a decay that holds from the start ("0.999:constant"); the number of images in which one half is
// forgotten, at first less ("10000img", StyleGAN2's rule with a ramp-up of 0.05); or "off", which is nil.
func ParseEMA(text string, batch int) (optim.Decay, error) {
	wrong := fmt.Errorf("train: --ema %s is no decay between 0 and 1 as in 0.999 or 0.999:constant, no half-life as in 10000img, and not off", text)
	if text == "off" {
		return nil, nil
	}
	if images, ok := strings.CutSuffix(text, "img"); ok {
		half, err := strconv.ParseFloat(images, 64)
		if err != nil || !(half > 0) {
			return nil, wrong
		}
		return optim.HalfLife(half, batch, 0.05), nil
	}
	decay, constant := strings.CutSuffix(text, ":constant")
	d, err := strconv.ParseFloat(decay, 64)
	if err != nil || !(d > 0 && d < 1) {
		return nil, wrong
	}
	if constant {
		return optim.Constant(d), nil
	}
	return optim.Warmup(d), nil
}

// generators are the networks of a model that make its pictures.
func generators(p Parts) (all []Network) {
	for _, n := range p.Networks {
		if n.Generator {
			all = append(all, n)
		}
	}
	return all
}

// startAverage begins the average of the generators as they are now, if the options or the model want one.
func (r *Run) startAverage() error {
	p := r.model.Parts()
	decay := p.Average
	if r.o.EMA != "" {
		var err error
		if decay, err = ParseEMA(r.o.EMA, r.o.Batch); err != nil {
			return err
		}
	}
	if decay == nil {
		return nil
	}
	a := &average{}
	var params, buffers []*torch.Tensor
	var names []string // of buffers
	seen := map[*torch.Tensor]bool{}
	for _, n := range generators(p) {
		for _, e := range nn.StateDict(n.Module) {
			name := averagePrefix + n.Name + "." + e.Name
			switch {
			case seen[e.Tensor]:
			case e.Buffer:
				buffers, names = append(buffers, e.Tensor), append(names, name)
			default:
				params, a.names = append(params, e.Tensor), append(a.names, name)
			}
			seen[e.Tensor] = true
		}
	}
	if params == nil {
		return fmt.Errorf("train: --ema is not for %s, which marks no network as its generator", r.model.System())
	}
	a.names = append(a.names, names...)
	a.ema = optim.NewEMA(params, decay, optim.EMAOptions{Buffers: buffers, AverageBuffers: p.AverageBuffers})
	r.average = a
	return nil
}

// state lists the tensors of the average.
func (a *average) state() (out []nn.Entry) {
	for i, t := range a.ema.Tensors() {
		out = append(out, nn.Entry{Name: a.names[i], Tensor: t})
	}
	return out
}

// restore puts the average where it was in a checkpoint.
func (a *average) restore(updates int, state []nn.Entry) error {
	byName := map[string]*torch.Tensor{}
	for _, e := range state {
		byName[e.Name] = e.Tensor
	}
	var tensors []*torch.Tensor
	for _, name := range a.names {
		t := byName[name]
		if t == nil {
			return fmt.Errorf("it lacks the tensor %s", name)
		}
		tensors = append(tensors, t)
	}
	return a.ema.Restore(updates, tensors)
}

// averaged runs f while the generators have their average, if there is one.
func (r *Run) averaged(f func()) {
	if r.average == nil {
		f()
		return
	}
	r.average.ema.Use(f)
}

// loadAverages copies the averages of a checkpoint, if it has some, into the generators.
func loadAverages(model Model, state []nn.Entry) {
	byName := map[string]*torch.Tensor{}
	for _, e := range state {
		byName[e.Name] = e.Tensor
	}
	torch.NoGrad(func() {
		for _, n := range generators(model.Parts()) {
			for _, e := range nn.StateDict(n.Module) {
				if t := byName[averagePrefix+n.Name+"."+e.Name]; t != nil {
					e.Tensor.CopyInPlace(t)
				}
			}
		}
	})
}

// Standing makes the statistics of the generators' batch norms anew, from so many batches of samples, and puts the
// generators in evaluation mode, so that a picture does not depend on those beside it: the standing statistics of Brock,
// Donahue and Simonyan 2019, §4.1. Averaged weights need them where a system samples with running statistics. The
// function that it returns puts the generators back in training mode; the statistics stay. It fails for a model that
// marks no network as its generator.
func Standing(model Model, batches, size int) (train func(), err error) {
	sampler, err := SamplerOf(model)
	if err != nil {
		return nil, fmt.Errorf("train: standing statistics are made of samples, but %w", err)
	}
	all := generators(model.Parts())
	if all == nil {
		return nil, fmt.Errorf("train: standing statistics are not for %s, which marks no network as its generator", model.System())
	}
	collect := func() {
		for range batches {
			torch.Scope(func() { torch.NoGrad(func() { sampler.Sample(size) }) })
		}
	}
	for _, n := range all {
		inner := collect
		collect = func() { nn.UpdateBN(n.Module, inner) }
	}
	collect()
	for _, n := range all {
		nn.Eval(n.Module)
	}
	return func() {
		for _, n := range all {
			nn.Train(n.Module)
		}
	}, nil
}
