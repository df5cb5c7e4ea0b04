package pictures

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

// Neighbours are the items of a set that are nearest to some images: item Items[i][j] is the j-th nearest to image i,
// at Distances[i][j].
type Neighbours struct {
	Items     [][]int
	Distances [][]float64
}

// Nearest finds the k nearest items of a set to each of images (N, C, H, W), by the Euclidean distance of
// their features (n, D), or of their pixels where features is nil. It tells whether a generator repeats what it was trained
// on; open the set without flips and crops at random. features is called in scopes of its own, with images of
// the set's field "image" on the device of images; it should be a network in evaluation mode. Distances are computed in
// float64 as |x|² + |y|² − 2x·y, so that of equal pictures is about 1e-7 of their length.
//
// The error tells a k that the set is too small for, an item that cannot be read, and the end of ctx.
func Nearest(
	ctx context.Context, images *torch.Tensor, set data.Dataset, k int, features func(images *torch.Tensor) *torch.Tensor,
) (n Neighbours, err error) {
	if k < 1 || k > set.Len() {
		return n, fmt.Errorf("data %s: a set of %d items has no %d neighbours of a picture", set.Name(), set.Len(), k)
	}
	if !slices.ContainsFunc(set.Fields(), func(f data.Field) bool { return f.Name == "image" }) {
		return n, fmt.Errorf("data %s: the set has no pictures to compare with", set.Name())
	}
	if features == nil {
		features = func(x *torch.Tensor) *torch.Tensor { return x }
	}
	torch.Scope(func() {
		torch.NoGrad(func() {
			x := rows(features(images))
			var best, items *torch.Tensor // (N, k), of what has been read
			err = data.Each(ctx, set, set.Len(), data.LoaderOptions{Batch: 256}, func(batch *data.Batch) error {
				field, from := batch.Find("image"), batch.Items[0]
				next := torch.TidyAll(func() []*torch.Tensor {
					y := rows(features(torch.FromSlice(field.Float32, field.Shape...).ToDevice(images.Device())))
					return closest(x, y, from, k, best, items)
				})
				if best != nil {
					best.Free()
					items.Free()
				}
				best, items = next[0], next[1]
				return nil
			})
			if err != nil {
				return
			}
			distances := torch.Values[float64](best.Clamp(torch.ClampOptions{Min: 0}).Sqrt())
			numbers := torch.Values[int64](items)
			for i := range images.Size(0) {
				row := make([]int, k)
				for j := range row {
					row[j] = int(numbers[i*k+j])
				}
				n.Items, n.Distances = append(n.Items, row), append(n.Distances, distances[i*k:(i+1)*k])
			}
		})
	})
	return n, err
}

// closest is the squares of the distances and the numbers of the k items closest to each row of x (N, D), among the
// rows of y, which are numbered from a number on, and the best so far.
func closest(x, y *torch.Tensor, from, k int, best, items *torch.Tensor) []*torch.Tensor {
	d := squares(y).AddMM(x, y.T(), torch.AddMMOptions{Alpha: -2}).Add(squares(x).Unsqueeze(1))
	int64s := torch.ArangeOptions{TensorOptions: torch.TensorOptions{DType: torch.Int64, Device: x.Device()}}
	numbers := torch.Arange(from, from+y.Size(0), int64s).Expand(d.Shape())
	if best != nil {
		along := torch.CatOptions{Dim: 1}
		d, numbers = torch.Cat([]*torch.Tensor{best, d}, along), torch.Cat([]*torch.Tensor{items, numbers}, along)
	}
	d, order := d.TopK(min(k, d.Size(1)), torch.TopKOptions{Largest: new(false)})
	return []*torch.Tensor{d, numbers.Gather(1, order)}
}

// squares is |x|² of each row.
func squares(x *torch.Tensor) *torch.Tensor { return x.Square().SumDim([]int{1}) }

// Picture shows each of the images with its neighbours in the set, a row each. The error tells an item that cannot be
// read, and one of another size than the images.
func (n Neighbours) Picture(images *torch.Tensor, set data.Dataset) (*vision.Image, error) {
	shape := images.Shape()
	columns := [][]float32{}
	for i, items := range n.Items {
		for j, item := range items {
			x, s, err := readImage(set, item)
			if err != nil {
				return nil, fmt.Errorf("data %s: item %d: %w", set.Name(), item, err)
			}
			if fmt.Sprint(s) != fmt.Sprint(shape[1:]) {
				return nil, fmt.Errorf("data %s: its pictures are of shape %v, those to compare of %v", set.Name(), s, shape[1:])
			}
			if i == 0 {
				columns = append(columns, nil)
			}
			columns[j] = append(columns[j], x...)
		}
	}
	var im *vision.Image
	torch.Scope(func() {
		all := []*torch.Tensor{images}
		for _, c := range columns {
			all = append(all, torch.FromSlice(c, shape...).ToDevice(images.Device()))
		}
		im = Strips(all...)
	})
	return im, nil
}

// readImage reads the field "image" of an item.
func readImage(set data.Dataset, item int) (x []float32, shape []int, err error) {
	var row []data.Array
	for _, f := range set.Fields() {
		a := data.Array{Name: f.Name, Shape: f.Shape}
		if f.Int64 {
			a.Int64 = make([]int64, f.Size())
		} else {
			a.Float32 = make([]float32, f.Size())
		}
		if f.Name == "image" {
			x, shape = a.Float32, f.Shape
		}
		row = append(row, a)
	}
	return x, shape, set.Read(item, rand.New(rand.NewPCG(0, uint64(item))), row)
}
