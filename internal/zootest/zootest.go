// Package zootest holds what every system of the zoo must pass.
package zootest

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// Pictures is a set of smooth pictures that follow from their number and the loader's stream.
type Pictures struct {
	Items, Channels, Size int
}

// Name is "pictures".
func (p Pictures) Name() string { return "pictures" }

// Len is Items.
func (p Pictures) Len() int { return p.Items }

// Fields is one picture.
func (p Pictures) Fields() []data.Field {
	return []data.Field{{Name: "image", Shape: []int{p.Channels, p.Size, p.Size}}}
}

// Read draws a disc of its own size and place.
func (p Pictures) Read(i int, rng *rand.Rand, row []data.Array) error {
	size := float64(p.Size)
	x, y, r := size*(0.3+0.4*rng.Float64()), size*(0.3+0.4*rng.Float64()), size*(0.1+0.02*float64(i%8))
	for k := range row[0].Float32 {
		dx, dy := float64(k%p.Size)-x, float64(k/p.Size%p.Size)-y
		row[0].Float32[k] = float32(math.Tanh(r - math.Hypot(dx, dy)))
	}
	return nil
}

// Resumes checks that a run that ends in the midst and goes on in another process ends with the bits of one that did
// not: build makes the model as a new process would, after the seed is set.
func Resumes(t *testing.T, build func() (train.Model, error), set data.Dataset) {
	t.Helper()
	torchtest.Native(t)
	whole, broken := t.TempDir(), t.TempDir()
	run(t, whole, build, set, 0)
	run(t, broken, build, set, 1)
	run(t, broken, build, set, 3)
	run(t, broken, build, set, 0)
	require.Equal(t, content(t, whole), content(t, broken))
}

// interrupted ends a run in a step.
type interrupted struct {
	train.Model
	step func()
}

func (m *interrupted) Step(b *train.Batch) train.Metrics {
	m.step()
	return m.Model.Step(b)
}

// exhibitor is m, as an Exhibitor where the model is one.
func (m *interrupted) exhibitor() train.Model {
	if e, ok := m.Model.(train.Exhibitor); ok {
		return struct {
			*interrupted
			exhibitor
		}{m, e}
	}
	return m
}

// exhibitor is what an Exhibitor has beside a Model.
type exhibitor interface {
	Exhibit(b *train.Batch)
	Columns() int
}

// run trains from where the run in dir stands to its end, or until the user ends it in the step stop.
func run(t *testing.T, dir string, build func() (train.Model, error), set data.Dataset, stop int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := train.Options{Steps: 6, Batch: 4, Seed: 3, Threads: 1, Every: 4, Sample: 3, Log: 2}
	torch.ManualSeed(o.Seed)
	model, err := build()
	require.NoError(t, err)
	m := &interrupted{Model: model}
	r, err := train.Open(dir, m.exhibitor(), set, o)
	require.NoError(t, err)
	defer r.Close()
	m.step = func() {
		if r.Step()+1 == stop {
			cancel()
		}
	}
	err = r.Train(ctx)
	if stop == 0 {
		require.NoError(t, err)
		return
	}
	var end *train.Interrupted
	require.ErrorAs(t, err, &end)
	require.Equal(t, stop, end.Step)
}

// content is a hash of the tensors of the last checkpoint.
func content(t *testing.T, dir string) string {
	t.Helper()
	f, err := checkpoint.Open(filepath.Join(dir, "checkpoints", "latest.safetensors"))
	require.NoError(t, err)
	defer f.Close()
	hash, err := f.ContentHash()
	require.NoError(t, err)
	return hash
}

// Learns makes steps on batches of the set and returns the loss of that name in each. Every matrix of weights that is not
// frozen must move, and pictures must be finite, within [−1, 1] and of the set's shape.
func Learns(t *testing.T, m train.Model, set data.Dataset, batch, steps int, loss string) (losses []float64) {
	t.Helper()
	loader, err := data.NewLoader(set, data.LoaderOptions{Batch: batch, Shuffle: true, Seed: 1, DropLast: true})
	require.NoError(t, err)
	defer loader.Close()
	torch.Scope(func() {
		defer torch.SetThreads(torch.Threads())
		torch.SetThreads(1) // small tensors
		before := map[string]*torch.Tensor{}
		for _, n := range m.Parts().Networks {
			for _, e := range nn.StateDict(n.Module) {
				before[n.Name+"."+e.Name] = e.Tensor.Detach().Clone()
			}
		}
		for step := range steps {
			torch.Scope(func() {
				b := batches(t, m, loader, step)
				for _, v := range m.Step(b).Losses {
					if v.Name == loss {
						losses = append(losses, v.Value.Item())
					}
				}
			})
		}
		for _, n := range m.Parts().Networks {
			if len(nn.Parameters(n.Module)) == 0 { // it keeps numbers, and learns nothing
				continue
			}
			for _, e := range nn.StateDict(n.Module) {
				if e.Tensor.Dim() > 1 && (e.Buffer || e.Tensor.RequiresGrad()) { // a bias may have a gradient of 0
					require.False(t, e.Tensor.Equal(before[n.Name+"."+e.Name]), "%s.%s did not move", n.Name, e.Name)
				}
			}
		}
		if e, ok := m.(train.Exhibitor); ok {
			require.NoError(t, train.Exhibit(e, set, 2, torch.Device{}))
			require.Zero(t, m.Preview().Size(0)%e.Columns())
		}
		require.LessOrEqual(t, m.Preview().Abs().Max().Item(), 1.0)
		if s, ok := m.(train.Sampler); ok {
			x := s.Sample(2)
			require.LessOrEqual(t, x.Abs().Max().Item(), 1.0)
			require.Equal(t, append([]int{2}, m.Preview().Shape()[1:]...), x.Shape())
		}
	})
	require.Len(t, losses, steps, "there is no loss %s", loss)
	return losses
}

// batches are those of a step, outside the trainer.
func batches(t *testing.T, m train.Model, loader *data.Loader, step int) (first *train.Batch) {
	count := 1
	if f := m.Parts().Batches; f != nil {
		count = f(step)
	}
	for range count {
		raw, err := loader.Next(t.Context())
		require.NoError(t, err)
		fields := map[string]*torch.Tensor{}
		for _, a := range raw.Arrays {
			if a.Int64 != nil {
				fields[a.Name] = torch.FromSlice(a.Int64, a.Shape...)
			} else {
				fields[a.Name] = torch.FromSlice(a.Float32, a.Shape...)
			}
		}
		raw.Release()
		b := train.NewBatch(fields)
		if first == nil {
			first = b
		} else {
			first.More = append(first.More, b)
		}
	}
	return first
}

// Mean is the mean of x.
func Mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}
