package flow

import (
	"crypto/sha256"

	"github.com/forgergan/forger/torch"
)

// Memory is another estimator that keeps what it has estimated, for pictures that come back, as those of a video do in every
// pass over it. A pair is known by its pixels, so what is cropped, mirrored or resized is another one. Each is estimated by
// itself, whatever batch it comes in, so that a flow is the same to the bit whether it was kept or not. It is for one goroutine.
type Memory struct {
	Estimator
	room int // bytes that are left
	kept map[[2]digest][]byte
}

// digest is the SHA-256 of a picture.
type digest = [sha256.Size]byte

// NewMemory makes a memory of at most so many bytes; once they are full, further pairs are estimated each time.
func NewMemory(e Estimator, bytes int) *Memory {
	return &Memory{e, bytes, map[[2]digest][]byte{}}
}

// Multiple is that of the other estimator.
func (m *Memory) Multiple() int { return multipleOf(m.Estimator) }

// Flow is that of the other estimator, in float32.
func (m *Memory) Flow(im1, im2 *torch.Tensor) *torch.Tensor {
	pair("Memory.Flow", im1, im2)
	return torch.Tidy(func() *torch.Tensor {
		var flows []*torch.Tensor
		for i := range im1.Size(0) {
			flows = append(flows, m.one(im1.Narrow(0, i, 1), im2.Narrow(0, i, 1)))
		}
		return torch.Cat(flows).ToDevice(im1.Device())
	})
}

// one is the flow of one pair, on the CPU.
func (m *Memory) one(im1, im2 *torch.Tensor) *torch.Tensor {
	key := [2]digest{sha256.Sum256(im1.Bytes()), sha256.Sum256(im2.Bytes())}
	known := m.kept[key]
	if known == nil {
		torch.Scope(func() { known = m.Estimator.Flow(im1, im2).ToDType(torch.Float32).Bytes() })
		if len(known) <= m.room {
			m.room -= len(known)
			m.kept[key] = known
		}
	}
	return torch.FromBytes(torch.Float32, known, 1, 2, im1.Size(2), im1.Size(3))
}
