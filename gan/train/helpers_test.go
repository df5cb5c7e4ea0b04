package train_test

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/train/events"
	"github.com/forgergan/forger/gan/train/runlog"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/zoo/dcgan"
)

// pictures is a small set in memory; what an item holds follows from its number and the loader's stream.
type pictures struct {
	items int
	bad   int // this item holds NaN; none if 0
	torn  int // this item cannot be read; none if 0
}

func (p pictures) Name() string { return "pictures" }
func (p pictures) Len() int     { return p.items }
func (p pictures) Fields() []data.Field {
	return []data.Field{{Name: "image", Shape: []int{1, 16, 16}}}
}

func (p pictures) Read(i int, rng *rand.Rand, row []data.Array) error {
	if p.torn > 0 && i == p.torn {
		return errors.New("torn")
	}
	for k := range row[0].Float32 {
		row[0].Float32[k] = float32(math.Sin(float64(i*k))) * rng.Float32()
	}
	if p.bad > 0 && i == p.bad {
		row[0].Float32[0] = float32(math.NaN())
	}
	return nil
}

// watched is a DCGAN that calls before with the number of each step, counted from 1 in this process.
type watched struct {
	train.Sampler
	before func(step int)
	made   int
}

func (w *watched) Step(b *train.Batch) train.Metrics {
	w.made++
	if w.before != nil {
		w.before(w.made)
	}
	return w.Sampler.Step(b)
}

var tiny = dcgan.Config{Size: 16, Channels: 1, Width: 4, Latent: 8}

// newModel is a new model as a new process would make it.
func newModel(t *testing.T, c dcgan.Config, seed int64) *watched {
	t.Helper()
	torch.ManualSeed(seed)
	m, err := dcgan.New(c)
	require.NoError(t, err)
	return &watched{Sampler: m}
}

func options() train.Options {
	return train.Options{Steps: 20, Batch: 8, Seed: 3, Threads: 1, Every: 7, Sample: 5, Log: 2}
}

var set = pictures{items: 64}

// open opens a run as a new process would.
func open(t *testing.T, dir string, o train.Options) (*train.Run, *watched) {
	t.Helper()
	m := newModel(t, tiny, o.Seed)
	r, err := train.Open(dir, m, set, o)
	require.NoError(t, err)
	t.Cleanup(r.Close)
	return r, m
}

// refused is the error of Open, which must leave the folder as it was.
func refused(t *testing.T, dir string, c dcgan.Config, set data.Dataset, o train.Options) string {
	t.Helper()
	before := listing(t, dir)
	_, err := train.Open(dir, newModel(t, c, o.Seed), set, o)
	require.Error(t, err)
	require.Equal(t, before, listing(t, dir))
	return err.Error()
}

// trained is the folder of a run from beginning to end.
func trained(t *testing.T, o train.Options) string {
	t.Helper()
	dir := t.TempDir()
	r, _ := open(t, dir, o)
	require.NoError(t, r.Train(t.Context()))
	r.Close()
	return dir
}

// interruptAt trains until the user ends the run in the step with that number.
func interruptAt(t *testing.T, dir string, o train.Options, step int) {
	t.Helper()
	r, m := open(t, dir, o)
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	m.before = func(n int) {
		if n == step {
			cancel()
		}
	}
	if step == 0 {
		cancel()
	}
	var stop *train.Interrupted
	require.ErrorAs(t, r.Train(ctx), &stop)
	require.Equal(t, "interrupted after step "+strconv.Itoa(r.Step())+", saved; go on with: forger resume "+dir, stop.Error())
}

// listing is the names, sizes and times of all files in dir.
func listing(t *testing.T, dir string) (out []string) {
	t.Helper()
	require.NoError(t, filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && path != dir {
			out = append(out, strings.TrimPrefix(path, dir)+" "+strconv.Itoa(int(info.Size()))+" "+info.ModTime().String())
		}
		return err
	}))
	return out
}

func latest(dir string) string { return filepath.Join(dir, "checkpoints", "latest.safetensors") }

func content(t *testing.T, path string) string {
	t.Helper()
	f, err := checkpoint.Open(path)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, f.Verify())
	hash, err := f.ContentHash()
	require.NoError(t, err)
	return hash
}

// names lists the files that match, without folder and ending.
func names(t *testing.T, dir, pattern string) (out []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	require.NoError(t, err)
	for _, p := range paths {
		out = append(out, strings.TrimSuffix(filepath.Base(p), filepath.Ext(p)))
	}
	return out
}

func logged(t *testing.T, dir string) (steps []int) {
	t.Helper()
	records, err := runlog.Read(filepath.Join(dir, "log.jsonl"))
	require.NoError(t, err)
	for _, r := range records {
		steps = append(steps, r.Step)
	}
	return steps
}

// scalars lists the curves as TensorBoard shows them: a file that starts at a step hides what older ones say of it and
// of later ones. The step stands with the value.
func scalars(t *testing.T, dir string) map[string][][2]float64 {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "events.out.tfevents.*"))
	require.NoError(t, err)
	shown := map[string][][2]float64{}
	for _, path := range files {
		file, err := os.Open(path)
		require.NoError(t, err)
		defer file.Close()
		for reader := events.NewReader(file); ; {
			e, err := reader.Next()
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			if e.Start {
				for name, points := range shown {
					for len(points) > 0 && points[len(points)-1][0] >= float64(e.Step) {
						points = points[:len(points)-1]
					}
					shown[name] = points
				}
			}
			for _, v := range e.Values {
				shown[v.Name] = append(shown[v.Name], [2]float64{float64(e.Step), v.Scalar})
			}
		}
	}
	require.NotEmpty(t, shown)
	return shown
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(text)
}
