package metrics

import "github.com/forgergan/forger/torch"

// Nearest is, for each generated feature vector (N, D), the distance to the nearest real one (M, D) and its number:
// vectors (N), float64 and int64. A generator that copies its training pictures has distances near 0; the distances of
// real test pictures from the training pictures say what is near.
//
// The error tells features that are not vectors of one length or not finite, and an empty real set.
func Nearest(generated, real *torch.Tensor) (distance, index *torch.Tensor, err error) {
	err = try(func() (err error) {
		out := torch.TidyAll(func() []*torch.Tensor {
			var fake, truth *torch.Tensor
			if fake, truth, err = twoSets("nearest neighbour", generated, real); err != nil {
				return nil
			}
			var distances, numbers []*torch.Tensor
			eachBlock(fake, truth, func(_ int, squares *torch.Tensor) {
				nearest, number := squares.TopK(1, torch.TopKOptions{Largest: new(false)})
				distances = append(distances, nearest.Select(1, 0).Clamp(torch.ClampOptions{Min: 0}).Sqrt().Keep())
				numbers = append(numbers, number.Select(1, 0).Clone().Keep())
			})
			return []*torch.Tensor{torch.Cat(distances), torch.Cat(numbers)}
		})
		if err == nil {
			distance, index = out[0], out[1]
		}
		return err
	})
	return distance, index, err
}
