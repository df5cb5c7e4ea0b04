package gan

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/forgergan/forger/torch"
)

// ImagePool shows a discriminator generated pictures of earlier steps, too: it stores pictures until it is full, and then
// with probability ½ gives out a stored one and stores the new one in its place. Shrivastava et al. 2017, §2.3;
// junyanz/pytorch-CycleGAN-and-pix2pix util/image_pool.py.
//
// The official pool draws from Python's global random, which nothing seeds and no checkpoint holds, and forgets its
// pictures at a restart. Here the pool has a seed and a stream of its own, PCG's, drawn from as there: a coin for each
// picture once the pool is full, and an index after each coin that fell so. Its pictures and the stream are buffers:
// nn.StateDict(pool) belongs into train.Parts.Tensors.
type ImagePool struct {
	Images *torch.Tensor `nn:"images,buffer"` // (size, C, H, W)
	Count  *torch.Tensor `nn:"count,buffer"`  // scalar int64, how many are stored
	Stream *torch.Tensor `nn:"stream,buffer"` // uint8, the state of the stream
}

// NewImagePool makes an empty pool of size pictures of the given shape (C, H, W). One of size 0 gives back what it is
// given.
func NewImagePool(size int, shape []int, seed uint64) *ImagePool {
	if size < 0 {
		panic(misuse("NewImagePool", fmt.Sprintf("a pool of %d pictures", size)))
	}
	return &ImagePool{
		Images: torch.Zeros(append([]int{size}, shape...)).Own(),
		Count:  torch.Of(int64(0)).Own(),
		Stream: torch.FromSlice(state(rand.NewPCG(seed, 0))).Own(),
	}
}

// Query maps new pictures (N, C, H, W) to as many, new or stored, without a graph. The pictures of a batch are handled one
// after another, so that one may be stored and given out in one call.
func (p *ImagePool) Query(images *torch.Tensor) (out *torch.Tensor) {
	size := p.Images.Size(0)
	if size == 0 {
		return images.Detach()
	}
	if want := p.Images.Shape()[1:]; images.Dim() != 4 || !slices.Equal(images.Shape()[1:], want) {
		panic(misuse("ImagePool", fmt.Sprintf("the pool's pictures are %v", want), images))
	}
	torch.NoGrad(func() {
		out = torch.Tidy(func() *torch.Tensor {
			stored, source := int(p.Count.Item()), &rand.PCG{}
			if err := source.UnmarshalBinary(torch.Values[uint8](p.Stream)); err != nil {
				panic(misuse("ImagePool", fmt.Sprintf("the state of the stream: %v", err)))
			}
			draws := rand.New(source)
			out := images.Clone()
			for i := range images.Size(0) {
				if stored < size {
					p.Images.Select(0, stored).CopyInPlace(images.Select(0, i))
					stored++
				} else if draws.Float64() > 0.5 {
					slot := p.Images.Select(0, draws.IntN(size))
					out.Select(0, i).CopyInPlace(slot)
					slot.CopyInPlace(images.Select(0, i))
				}
			}
			p.Count.FillInPlace(stored)
			p.Stream.CopyInPlace(torch.FromSlice(state(source)))
			return out
		})
	})
	return out
}

func state(p *rand.PCG) []byte {
	b, err := p.MarshalBinary()
	if err != nil {
		panic(err) // it has no way to fail
	}
	return b
}
