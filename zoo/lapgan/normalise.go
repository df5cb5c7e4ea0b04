package lapgan

import (
	"context"
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
)

// normaliser brings pictures in [−1, 1] to mean 0 and variance 1, and back. What it does so by is saved with the networks,
// so that a run's folder is enough to sample.
type normaliser struct {
	Mean *torch.Tensor `nn:"mean,buffer"` // (C, F, F) of pixels, (C, 1, 1) of colours
	Std  *torch.Tensor `nn:"std,buffer"`
}

// small is what the official program adds to deviations, of pixels from 0 to 255.
const small = 1e-7 / 127.5

// newNormaliser makes one that changes nothing.
func newNormaliser(c Config) *normaliser {
	shape := []int{c.Channels, 1, 1}
	if c.Normalise == "pixel" {
		shape = []int{c.Channels, c.size(), c.size()}
	}
	return &normaliser{torch.Zeros(shape).Own(), torch.Ones(shape).Own()}
}

// normal is a picture (…, C, F, F), normalised.
func (n *normaliser) normal(x *torch.Tensor) *torch.Tensor { return x.Sub(n.Mean).Div(n.scale()) }

// picture takes normal back for a picture (N, C, S, S) of any level. Those of pixels are of the finest side, so those of
// other levels are resized first; pictures stay within [−1, 1].
func (n *normaliser) picture(x *torch.Tensor) *torch.Tensor {
	mean, scale := n.Mean, n.scale()
	if s := n.Mean.Size(-1); s > 1 && s != x.Size(-1) {
		mean, scale = Resize(mean.Unsqueeze(0), x.Size(-1)), Resize(scale.Unsqueeze(0), x.Size(-1))
	}
	return x.Mul(scale).Add(mean).Clamp(torch.ClampOptions{Min: -1, Max: 1})
}

func (n *normaliser) scale() *torch.Tensor { return n.Std.AddScalar(small) }

var double = torch.TensorOptions{DType: torch.Float64}

// most is the number of pictures that colours are measured on, as in the official program.
const most = 10000

// Inform refuses a set whose classes do not fit the settings.
func (m *Model) Inform(set data.Dataset) error {
	known := 0
	if labelled, ok := set.(data.Labelled); ok {
		known = len(labelled.Classes())
	}
	switch n := m.config.Classes; {
	case n == 0 || n == known:
		return nil
	case known == 0:
		return fmt.Errorf("lapgan: %s has no classes: leave out --classes %d", set.Name(), n)
	default:
		return fmt.Errorf("lapgan: %s has %d classes: set --classes %d, not %d", set.Name(), known, known, n)
	}
}

// Begin measures the mean and deviation of the pixels or colours of the training set, unless --init brought some: the levels that
// it brought have learnt under those. The error tells pictures that cannot be read.
func (m *Model) Begin(set data.Dataset) (err error) {
	if e := torch.Try(func() {
		torch.Scope(func() {
			switch {
			case m.norm.known():
			case m.config.Normalise == "pixel":
				err = m.norm.measurePixels(set)
			case m.config.Normalise == "channel":
				err = m.norm.measureColours(set)
			}
		})
	}); e != nil {
		return e
	}
	return err
}

// known says that the normaliser changes something.
func (n *normaliser) known() bool {
	return n.Mean.Any().Int() != 0 || n.Std.NeScalar(1).Any().Int() != 0
}

// measurePixels takes the mean and the deviation of each pixel over all pictures.
func (n *normaliser) measurePixels(set data.Dataset) error {
	sum, squares := torch.Zeros(n.Mean.Shape(), double), torch.Zeros(n.Mean.Shape(), double)
	if err := each(set, set.Len(), func(x *torch.Tensor) {
		sum.AddInPlace(x.SumDim([]int{0}))
		squares.AddInPlace(x.Square().SumDim([]int{0}))
	}); err != nil {
		return err
	}
	mean := sum.DivScalar(float64(set.Len()))
	variance := squares.DivScalar(float64(set.Len())).Sub(mean.Square()).Clamp(torch.ClampOptions{Min: 0})
	n.know(mean, variance.Sqrt())
	return nil
}

// measureColours takes the means over pictures of the mean and the deviation of each colour within them.
func (n *normaliser) measureColours(set data.Dataset) error {
	take := min(set.Len(), most)
	mean, std := torch.Zeros(n.Mean.Shape(), double), torch.Zeros(n.Mean.Shape(), double)
	if err := each(set, take, func(x *torch.Tensor) {
		mean.AddInPlace(x.MeanDim([]int{2, 3}, torch.MeanDimOptions{Keepdim: true}).SumDim([]int{0}))
		std.AddInPlace(x.Std(torch.StdOptions{Dim: []int{2, 3}, Keepdim: true}).SumDim([]int{0}))
	}); err != nil {
		return err
	}
	n.know(mean.DivScalar(float64(take)), std.DivScalar(float64(take)))
	return nil
}

func (n *normaliser) know(mean, std *torch.Tensor) {
	torch.NoGrad(func() {
		n.Mean.CopyInPlace(mean)
		n.Std.CopyInPlace(std)
	})
}

// each gives f the pictures of so many items all over the set, some at a time, in float64.
func each(set data.Dataset, take int, f func(x *torch.Tensor)) error {
	o := data.LoaderOptions{Batch: 100, Shuffle: take < set.Len()}
	return data.Each(context.Background(), set, take, o, func(b *data.Batch) error {
		torch.Scope(func() {
			images := b.Find("image")
			f(torch.FromSlice(images.Float32, images.Shape...).ToDType(torch.Float64))
		})
		return nil
	})
}
