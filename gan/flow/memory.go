package flow

import (
	"crypto/sha256"

	"github.com/forgergan/forger/torch"
)

// Memory is Reference for pictures that come back, as those of a video do in every pass over it: a pair's flow is computed
// once. A pair is known by its pixels, so what is cropped, mirrored or resized is another one, and by no chance a wrong one.
// Each pair is computed by itself, whatever batch it comes in, so that a result is the same to the bit whether it was
// remembered or not. It is for one goroutine.
type Memory struct {
	estimator Estimator
	room      int // bytes that are left
	kept      map[[2]digest][]byte
}

// digest is the SHA-256 of a picture.
type digest = [sha256.Size]byte

// NewMemory makes a memory of at most so many bytes; when they are full, further pairs are computed each time.
func NewMemory(e Estimator, bytes int) *Memory {
	return &Memory{e, bytes, map[[2]digest][]byte{}}
}

// Reference is the function Reference, in float32.
func (m *Memory) Reference(im1, im2 *torch.Tensor) (flow, confidence *torch.Tensor) {
	pair("Memory.Reference", im1, im2)
	both := torch.TidyAll(func() []*torch.Tensor {
		var pairs []*torch.Tensor
		for i := range im1.Size(0) {
			pairs = append(pairs, m.one(im1.Narrow(0, i, 1), im2.Narrow(0, i, 1)))
		}
		all := torch.Cat(pairs).ToDevice(im1.Device())
		return []*torch.Tensor{all.Narrow(1, 0, 2).Contiguous(), all.Narrow(1, 2, 1).Contiguous()}
	})
	return both[0], both[1]
}

// one is the flow and the confidence of one pair as channels (1, 3, H, W) on the CPU.
func (m *Memory) one(im1, im2 *torch.Tensor) *torch.Tensor {
	key := [2]digest{sha256.Sum256(im1.Bytes()), sha256.Sum256(im2.Bytes())}
	if known := m.kept[key]; known != nil {
		return torch.FromBytes(torch.Float32, known, 1, 3, im1.Size(2), im1.Size(3))
	}
	return torch.Tidy(func() *torch.Tensor {
		flow, sure := Reference(m.estimator, im1, im2)
		both := beside(flow, sure).ToDType(torch.Float32).ToDevice(torch.Device{})
		if raw := both.Bytes(); len(raw) <= m.room {
			m.room -= len(raw)
			m.kept[key] = raw
		}
		return both
	})
}
