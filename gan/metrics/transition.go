package metrics

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/labels"
	"github.com/forgergan/forger/torch/nn"
)

// TransitionOptions are the optional arguments of EstimateTransition.
type TransitionOptions struct {
	AccuracyOptions // how the classifier learns; DigitCNN has a schedule of its own

	// Outliers is the share of a class that is passed over in the search for its anchor, the pictures of which the classifier
	// is the surest, as if classes were equally frequent. rGAN takes the surest picture, which tends to be one whose label the
	// classifier has by heart; with ten classes Patrini's 97th percentile is 0.3.
	Outliers float64
}

// EstimateTransition estimates how the labels of a set were corrupted, p(label | class), from the noisy labels alone: a
// classifier learns them, and the anchor of each class, the picture that it is the surest of, is taken to belong to that
// class for certain. What the classifier says of the anchor is the class's row. This is the two-step procedure of Patrini
// et al. 2017, by which rGAN has its T′. A classifier that has learnt the noise by heart knows nothing of it: fewer passes
// may be better than the most accurate ones.
//
// The set has the fields "image" and "label". Grey pictures of 28×28 in 10 classes are learnt by DigitCNN, in minutes on a
// CPU, and others by the options' Network. The error tells an item that cannot be read and the end of ctx.
func EstimateTransition(ctx context.Context, set data.Dataset, classes int, o TransitionOptions) (labels.Matrix, error) {
	o.AccuracyOptions = o.AccuracyOptions.withDefaults()
	if classes == digitClasses && slices.Equal(set.Fields()[0].Shape, []int{1, digitSide, digitSide}) {
		net, err := trainDigitCNN(ctx, set, standard, o.Seed, o.Log)
		if err != nil {
			return nil, err
		}
		defer release(net)
		nn.Eval(net)
		return Transition(ctx, set, classes, net.Forward, o.Outliers)
	}
	net, err := LearnClassifier(ctx, set, classes, o.AccuracyOptions)
	if err != nil {
		return nil, err
	}
	defer release(net)
	return Transition(ctx, set, classes, func(x *torch.Tensor) *torch.Tensor { return net.Forward(x.ToDevice(o.Device)) }, o.Outliers)
}

// Transition is the second step of EstimateTransition: the rows of the anchors that a classifier finds in a set. logits maps
// pictures (N, C, H, W) in [−1, 1] on the CPU to logits (N, classes) of noisy labels, on any device. Outliers in [0, 1) is
// that of [TransitionOptions].
func Transition(ctx context.Context, set data.Dataset, classes int, logits func(pictures *torch.Tensor) *torch.Tensor, outliers float64) (labels.Matrix, error) {
	if !(outliers >= 0 && outliers < 1) {
		return nil, fmt.Errorf("a share of %v outliers is not in [0, 1)", outliers)
	}
	var said []float64 // (items, classes)
	err := data.Each(ctx, set, set.Len(), data.LoaderOptions{Batch: 500}, func(b *data.Batch) error {
		return scoped(func() error {
			x, _ := uploadLabelled(b, torch.Device{})
			p := logits(x).To(torch.ToOptions{Device: new(torch.Device), DType: torch.Float64}).Softmax(1)
			said = append(said, torch.Values[float64](p)...)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	items := len(said) / classes
	matrix, order := make(labels.Matrix, classes), make([]int, items)
	for class := range matrix {
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { // the surest first
			return cmp.Compare(said[b*classes+class], said[a*classes+class])
		})
		anchor := order[int(outliers*float64(items)/float64(classes))]
		matrix[class] = slices.Clone(said[anchor*classes : (anchor+1)*classes])
	}
	return matrix, nil
}
