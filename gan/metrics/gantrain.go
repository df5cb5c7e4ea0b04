package metrics

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/forgergan/forger/gan/features"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
)

// Labelled is generated pictures with the classes that they were asked for, held as bytes: a data set for [GANTrain] and
// [GANTest].
type Labelled struct {
	shape  []int // of a picture
	pixels []byte
	labels []int64
}

// GenerateLabelled makes n pictures, at most batch at once, the classes 0 … classes−1 in turn. pictures makes (k, C, H, W)
// in [−1, 1] of labels (k) int64, in a scope of its own. The error tells the end of ctx and a refused operation.
func GenerateLabelled(ctx context.Context, n, batch, classes int, pictures func(labels *torch.Tensor) *torch.Tensor) (*Labelled, error) {
	l := &Labelled{}
	for len(l.labels) < n {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		labels := make([]int64, min(batch, n-len(l.labels)))
		for i := range labels {
			labels[i] = int64((len(l.labels) + i) % classes)
		}
		if err := scoped(func() error {
			x := Quantise(pictures(torch.FromSlice(labels))).To(torch.ToOptions{DType: torch.Uint8, Device: new(torch.Device{})})
			l.shape = x.Shape()[1:]
			l.pixels = append(l.pixels, torch.Values[uint8](x)...)
			return nil
		}); err != nil {
			return nil, err
		}
		l.labels = append(l.labels, labels...)
	}
	return l, nil
}

// Name is "generated pictures".
func (*Labelled) Name() string { return "generated pictures" }

// Len is the number of pictures.
func (l *Labelled) Len() int { return len(l.labels) }

// Fields are "image" (C, H, W) in [−1, 1] and "label".
func (l *Labelled) Fields() []data.Field {
	return []data.Field{{Name: "image", Shape: l.shape}, {Name: "label", Int64: true}}
}

// Read copies picture i and its label.
func (l *Labelled) Read(i int, _ *rand.Rand, row []data.Array) error {
	each := len(row[0].Float32)
	for p, v := range l.pixels[i*each : (i+1)*each] {
		row[0].Float32[p] = float32(v)/127.5 - 1
	}
	row[1].Int64[0] = l.labels[i]
	return nil
}

// AccuracyOptions are how a classifier learns for a classification accuracy. The zero value is StudioGAN's: 90 epochs of
// SGD at the rate 0.1, a tenth of it after 30 and after 60, momentum 0.9, weight decay 1e-4, batches of 128.
type AccuracyOptions struct {
	Epochs int     // 90 if 0; the rate falls after each third
	Batch  int     // 128 if 0
	LR     float64 // 0.1 if 0
	Seed   int64   // of the weights and of the order of the data
	Device torch.Device
	Log    func(string) // hears of each epoch; may be nil

	// Network makes the classifier; features.NewResNet32 if nil, which is for pictures of about 32 pixels.
	Network func(channels, classes int) *features.ResNet
}

func (o AccuracyOptions) withDefaults() AccuracyOptions {
	if o.Epochs == 0 {
		o.Epochs = 90
	}
	if o.Batch == 0 {
		o.Batch = 128
	}
	if o.LR == 0 {
		o.LR = 0.1
	}
	if o.Log == nil {
		o.Log = func(string) {}
	}
	if o.Network == nil {
		o.Network = features.NewResNet32
	}
	return o
}

// String is the part of the protocol: "epochs=90; batch=128; lr=0.1; seed=1".
func (o AccuracyOptions) String() string {
	o = o.withDefaults()
	return fmt.Sprintf("epochs=%d; batch=%d; lr=%g; seed=%d", o.Epochs, o.Batch, o.LR, o.Seed)
}

// GANTrain is the accuracy, in [0, 1], on real pictures of a classifier that has learnt from generated ones (Shmelkov et
// al. 2018), the classification accuracy score of Ravuri and Vinyals 2019. It falls where classes are wrong, poor in
// quality or poor in variety.
//
// The sets have the fields "image", of equal shape, and "label". The error tells an item that cannot be read, sets that
// do not fit and the end of ctx.
func GANTrain(ctx context.Context, generated, realTest data.Dataset, classes int, o AccuracyOptions) (float64, error) {
	return learnAndTest(ctx, generated, realTest, classes, o)
}

// GANTest is the accuracy, in [0, 1], on generated pictures of a classifier that has learnt from real ones (Shmelkov et al.
// 2018). It does not see missing variety: one good picture a class is enough for 1.
func GANTest(ctx context.Context, realTrain, generated data.Dataset, classes int, o AccuracyOptions) (float64, error) {
	return learnAndTest(ctx, realTrain, generated, classes, o)
}

func learnAndTest(ctx context.Context, train, test data.Dataset, classes int, o AccuracyOptions) (share float64, err error) {
	net, err := LearnClassifier(ctx, train, classes, o)
	if err != nil {
		return 0, err
	}
	defer release(net)
	return accuracy(ctx, net, test, o.Device)
}

// LearnClassifier is the classifier of [GANTest] and [GANTrain] after it has learnt from a set with the fields "image" and
// "label", in evaluation mode on the device; it maps pictures (N, C, H, W) in [−1, 1] to logits (N, classes). The error
// tells an item that cannot be read and the end of ctx.
func LearnClassifier(ctx context.Context, set data.Dataset, classes int, o AccuracyOptions) (net *features.ResNet, err error) {
	o = o.withDefaults()
	loader, err := data.NewLoader(set, data.LoaderOptions{Batch: min(o.Batch, set.Len()), Shuffle: true, Seed: uint64(o.Seed), DropLast: true})
	if err != nil {
		return nil, err
	}
	defer loader.Close()
	err = try(func() (err error) {
		torch.ForkRNG(func() {
			torch.ManualSeed(o.Seed)
			net = o.Network(set.Fields()[0].Shape[0], classes)
			nn.To(net, nn.ToOptions{Device: &o.Device})
			err = learn(ctx, net, loader, o)
			nn.Eval(net)
		})
		return err
	})
	if err != nil && net != nil {
		release(net)
		net = nil
	}
	return net, err
}

// release gives a network back.
func release(net any) {
	for _, e := range nn.StateDict(net) {
		e.Tensor.Free()
	}
}

func learn(ctx context.Context, net *features.ResNet, loader *data.Loader, o AccuracyOptions) error {
	sgd := optim.NewSGD(nn.Parameters(net), optim.SGDOptions{LR: o.LR, Momentum: 0.9, WeightDecay: 1e-4})
	rate := schedule.NewStepLR(sgd, max(1, o.Epochs/3), 0.1)
	start := time.Now()
	for epoch := range o.Epochs {
		var last float64
		for step := range loader.Len() {
			batch, err := loader.Next(ctx)
			if err != nil {
				return err
			}
			torch.Scope(func() {
				x, labels := uploadLabelled(batch, o.Device)
				sgd.ZeroGrad()
				loss := net.Forward(x).CrossEntropyLoss(labels)
				loss.Backward()
				sgd.Step()
				if step == loader.Len()-1 {
					last = loss.Item()
				}
			})
			batch.Release()
		}
		rate.Step()
		o.Log(fmt.Sprintf("%s: epoch %d of %d, loss %.3f, %.0f s", net.Name(), epoch+1, o.Epochs, last, time.Since(start).Seconds()))
	}
	return nil
}
