package s3gan

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/features"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/labels"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
)

// InferOptions are how the classifier of InferLabels learns.
type InferOptions struct {
	Steps         int     // 3000 if 0
	Batch         int     // labelled pictures of a step, and as many turned ones, 64 if 0
	LR            float64 // of SGD with momentum 0.9 and weight decay 5e-4, falling to 0 as a cosine; 0.1 if 0
	Seed          int64   // of the weights and of the order of the data
	Probabilities bool    // also write what the classifier thinks of each class, for Config.SoftLabels
	Device        torch.Device
	Log           func(string) // hears how it goes; may be nil
}

func (o InferOptions) withDefaults() InferOptions {
	o.Steps, o.Batch, o.LR = cmp.Or(o.Steps, 3000), cmp.Or(o.Batch, 64), cmp.Or(o.LR, 0.1)
	if o.Log == nil {
		o.Log = func(string) {}
	}
	return o
}

// InferLabels labels the items of a set whose labels have been taken away, as S2GAN and S3GAN need before training: a
// classifier learns classes from the items with a label, and from all of them to tell by how many quarters a picture has
// been turned, which makes better features of few labels (S⁴L, Zhai et al. 2019). It is features.NewResNet32, and
// features.NewResNet18 for pictures of more than 64 pixels. Items with a label keep it. right is the share, in [0, 1], of
// inferred labels that are those taken away, which nothing has learnt from.
//
// The pictures are square. The error tells a set that lacks no labels, or whose items or classes have been changed as
// well, an item that cannot be read and the end of ctx.
func InferLabels(ctx context.Context, set *labels.Set, o InferOptions) (file labels.File, right float64, err error) {
	o = o.withDefaults()
	if from := set.Options(); from.Overlap != (labels.Overlap{}) || from.Drop {
		return file, 0, fmt.Errorf("s3gan: labels %s change the classes or the items, so labels inferred would not fit the set", from)
	}
	var known subset
	for i := range set.Len() {
		if set.Label(i) >= 0 {
			known.items = append(known.items, i)
		}
	}
	known.Set = set
	if n := len(known.items); n == set.Len() || n == 0 {
		return file, 0, fmt.Errorf("s3gan: %d of %d items have a label: keep a share of them with --labels keep:SHARE", n, set.Len())
	}
	failed := torch.Try(func() {
		torch.ForkRNG(func() {
			torch.ManualSeed(o.Seed)
			t := newTeacher(set, o.Device)
			defer t.release()
			if err = t.learn(ctx, set, known, o); err == nil {
				file, right, err = t.label(ctx, set, o)
			}
		})
	})
	if failed != nil {
		err = failed
	}
	return file, right, err
}

// subset is the items of a set that have a label.
type subset struct {
	*labels.Set
	items []int
}

func (s subset) Len() int { return len(s.items) }

func (s subset) Read(i int, rng *rand.Rand, row []data.Array) error {
	return s.Set.Read(s.items[i], rng, row)
}

// teacher tells classes and turns.
type teacher struct {
	Net   *features.ResNet `nn:"net"`
	Turns *nn.Linear       `nn:"turns"`

	device torch.Device
}

func newTeacher(set *labels.Set, device torch.Device) *teacher {
	classes, channels, side := len(set.Classes()), 0, 0
	for _, f := range set.Fields() {
		if f.Name == "image" {
			channels, side = f.Shape[0], f.Shape[1]
		}
	}
	t := &teacher{device: device}
	if side > 64 {
		t.Net, t.Turns = features.NewResNet18(channels, classes), nn.NewLinear(512, 4)
	} else {
		t.Net, t.Turns = features.NewResNet32(channels, classes), nn.NewLinear(64, 4)
	}
	nn.To(t, nn.ToOptions{Device: &device})
	return t
}

func (t *teacher) release() {
	for _, e := range nn.StateDict(t) {
		e.Tensor.Free()
	}
}

// learn makes steps on labelled pictures and turned ones, which pass the network together.
func (t *teacher) learn(ctx context.Context, set *labels.Set, known subset, o InferOptions) error {
	open := func(set data.Dataset, batch int) (*data.Loader, error) {
		return data.NewLoader(set, data.LoaderOptions{Batch: min(batch, set.Len()), Shuffle: true, Seed: uint64(o.Seed), DropLast: true})
	}
	named, err := open(known, o.Batch)
	if err != nil {
		return err
	}
	defer named.Close()
	turned, err := open(set, max(1, o.Batch/4))
	if err != nil {
		return err
	}
	defer turned.Close()
	sgd := optim.NewSGD(nn.Parameters(t), optim.SGDOptions{LR: o.LR, Momentum: 0.9, Nesterov: true, WeightDecay: 5e-4})
	rate := schedule.NewCosineAnnealingLR(sgd, o.Steps, 0)
	start := time.Now()
	for step := range o.Steps {
		a, err := named.Next(ctx)
		if err != nil {
			return err
		}
		b, err := turned.Next(ctx)
		if err != nil {
			return err
		}
		torch.Scope(func() {
			few, all := train.Upload(a.Arrays, a.Len(), t.device), train.Upload(b.Arrays, b.Len(), t.device)
			a.Release()
			b.Release()
			rotated, turns := gan.Rotate4(all.Images())
			h, logits := t.Net.Embed(torch.Cat([]*torch.Tensor{few.Images(), rotated}))
			classLoss := gan.ClassLoss(logits.Narrow(0, 0, few.Len), few.Labels(), nil)
			turnLoss := gan.ClassLoss(t.Turns.Forward(h.Narrow(0, few.Len, rotated.Size(0))), turns, nil)
			sgd.ZeroGrad()
			classLoss.Add(turnLoss).Backward()
			sgd.Step()
			if (step+1)%max(1, o.Steps/10) == 0 {
				o.Log(fmt.Sprintf("%s: step %d of %d, loss of classes %.3f, of turns %.3f, %.0f s",
					t.Net.Name(), step+1, o.Steps, classLoss.Item(), turnLoss.Item(), time.Since(start).Seconds()))
			}
		})
		rate.Step()
	}
	return nil
}

// label names the items without a label.
func (t *teacher) label(ctx context.Context, set *labels.Set, o InferOptions) (file labels.File, right float64, err error) {
	nn.Eval(t)
	file = labels.File{Set: set.Name(), Items: set.Options().Items, Seed: set.Options().Seed, Classes: set.Classes()}
	classes := len(file.Classes)
	inferred := 0
	for len(file.Labels) < set.Len() {
		if err := ctx.Err(); err != nil {
			return file, 0, err
		}
		first := len(file.Labels)
		torch.Scope(func() {
			torch.NoGrad(func() {
				var b *train.Batch
				if b, err = train.Items(set, first, min(4*o.Batch, set.Len()-first), t.device); err != nil {
					return
				}
				p := t.Net.Forward(b.Images()).Softmax(-1)
				guesses := torch.Values[int64](p.ArgMax(torch.ArgMaxOptions{Dim: new(1)}).ToDevice(torch.Device{}))
				rows := torch.Values[float32](p.ToDevice(torch.Device{}))
				for i, guess := range guesses {
					row := rows[i*classes : (i+1)*classes : (i+1)*classes]
					if given := set.Label(first + i); given >= 0 {
						guess = int64(given)
						clear(row)
						row[given] = 1
					} else {
						inferred++
						if int(guess) == set.Clean(first+i) {
							right++
						}
					}
					file.Labels = append(file.Labels, int32(guess))
					if o.Probabilities {
						file.Probabilities = append(file.Probabilities, row)
					}
				}
			})
		})
		if err != nil {
			return file, 0, err
		}
	}
	return file, right / float64(inferred), nil
}
