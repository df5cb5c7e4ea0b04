package metrics

import (
	"context"
	"fmt"
	"time"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
)

// digitSchedule says how a DigitCNN learns: Adam whose rate rises to its peak in the first tenth of the steps and falls
// to 0 from there, both linearly.
type digitSchedule struct {
	epochs, batch int
	peak          float64
}

// standard takes about 160 s of processor time. A change of it is a change of the architecture version.
var standard = digitSchedule{epochs: 6, batch: 128, peak: 2e-3}

func (s digitSchedule) rate(step, steps int) float64 {
	warm := max(steps/10, 1)
	if step < warm {
		return s.peak * float64(step+1) / float64(warm)
	}
	return s.peak * float64(steps-step) / float64(steps-warm)
}

// trainDigitCNN trains a new network on pictures (1, 28, 28). It works on the CPU wherever the pictures to be scored
// are made, so that machines with and without a GPU have the same features, and leaves the CPU's random stream as it
// found it.
func trainDigitCNN(ctx context.Context, set data.Dataset, s digitSchedule, seed int64, log func(string)) (net *DigitCNN, err error) {
	loader, err := data.NewLoader(set, data.LoaderOptions{Batch: s.batch, Shuffle: true, Seed: uint64(seed), DropLast: true})
	if err != nil {
		return nil, err
	}
	defer loader.Close()
	err = try(func() (err error) {
		torch.ForkRNG(func() {
			torch.ManualSeed(seed)
			net = NewDigitCNN()
			err = net.learn(ctx, loader, s, func(epoch int, loss, seconds float64) {
				log(fmt.Sprintf("feature network for %s: epoch %d of %d, loss %.3f, %.0f s", set.Name(), epoch, s.epochs, loss, seconds))
			})
		})
		return err
	})
	return net, err
}

// learn makes all steps of the schedule; epochDone hears of each epoch's end and its last loss.
func (d *DigitCNN) learn(ctx context.Context, loader *data.Loader, s digitSchedule, epochDone func(epoch int, loss, seconds float64)) error {
	adam := optim.NewAdam(nn.Parameters(d), optim.AdamOptions{})
	start, each := time.Now(), loader.Len()
	for step := range s.epochs * each {
		batch, err := loader.Next(ctx)
		if err != nil {
			return err
		}
		torch.Scope(func() {
			x, labels := uploadLabelled(batch, torch.Device{})
			adam.SetLR(s.rate(step, s.epochs*each))
			adam.ZeroGrad()
			loss := d.Forward(x).CrossEntropyLoss(labels)
			loss.Backward()
			adam.Step()
			if (step+1)%each == 0 {
				epochDone((step+1)/each, loss.Item(), time.Since(start).Seconds())
			}
		})
		batch.Release()
	}
	return nil
}

// accuracy is the share of a set whose class the network names, in evaluation mode, on its device.
func accuracy(ctx context.Context, net nn.Layer, set data.Dataset, device torch.Device) (float64, error) {
	nn.Eval(net)
	right := 0
	err := data.Each(ctx, set, set.Len(), data.LoaderOptions{Batch: 500}, func(b *data.Batch) error {
		return scoped(func() error {
			x, labels := uploadLabelled(b, device)
			dim := 1
			right += net.Forward(x).ArgMax(torch.ArgMaxOptions{Dim: &dim}).Eq(labels).Sum().Int()
			return nil
		})
	})
	return float64(right) / float64(set.Len()), err
}

func uploadLabelled(b *data.Batch, device torch.Device) (x, labels *torch.Tensor) {
	images, classes := b.Find("image"), b.Find("label")
	x, labels = torch.FromSlice(images.Float32, images.Shape...), torch.FromSlice(classes.Int64, classes.Shape...)
	return x.ToDevice(device), labels.ToDevice(device)
}
