package flow

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
)

// begin is the number 202021.25 as float32, by which a .flo file is known.
const begin = "PIEH"

// Save writes one flow (2, H, W) as a .flo file of the Middlebury benchmark, atomically: PIEH, the width and the height as
// int32, then x and y of each pixel as float32, all little-endian.
func Save(path string, flow *torch.Tensor) error {
	if flow.Dim() != 3 || flow.Size(0) != 2 {
		panic(misuse("Save", "a .flo file holds one flow (2, H, W)", flow))
	}
	return checkpoint.WriteFile(path, func(w io.Writer) (err error) {
		head := binary.LittleEndian.AppendUint32([]byte(begin), uint32(flow.Size(2)))
		if _, err := w.Write(binary.LittleEndian.AppendUint32(head, uint32(flow.Size(1)))); err != nil {
			return err
		}
		torch.Scope(func() {
			_, err = w.Write(flow.Detach().ToDType(torch.Float32).Permute(1, 2, 0).Contiguous().Bytes())
		})
		return err
	})
}

// Load reads a .flo file to a flow (2, H, W) on the CPU. The benchmark marks places whose flow nobody knows by numbers above
// 1e9, which stay. The error tells a file of another kind or length.
func Load(path string) (*torch.Tensor, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	flow, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return flow, nil
}

func parse(data []byte) (*torch.Tensor, error) {
	if len(data) < 12 || string(data[:4]) != begin {
		return nil, fmt.Errorf("it is no .flo file: it does not begin with %s and two sides", begin)
	}
	w, h := binary.LittleEndian.Uint32(data[4:]), binary.LittleEndian.Uint32(data[8:])
	pixels := data[12:]
	if w == 0 || h == 0 || w > math.MaxInt32 || h > math.MaxInt32 || uint64(w)*uint64(h) != uint64(len(pixels))/8 || len(pixels)%8 != 0 {
		return nil, fmt.Errorf("it has %d bytes of flow, which are not %d × %d pixels of 8", len(pixels), w, h)
	}
	return torch.Tidy(func() *torch.Tensor {
		return torch.FromBytes(torch.Float32, pixels, int(h), int(w), 2).Permute(2, 0, 1).Contiguous()
	}), nil
}
