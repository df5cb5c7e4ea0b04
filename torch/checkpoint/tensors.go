package checkpoint

import (
	"errors"
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// FromState is the tensors of a state dictionary, copied to the host, for Save.
func FromState(state []nn.Entry) []Tensor {
	out := make([]Tensor, len(state))
	for i, e := range state {
		out[i] = Tensor{Name: e.Name, DType: e.Tensor.DType(), Shape: e.Tensor.Shape(), Data: e.Tensor.Bytes()}
	}
	return out
}

// Load copies all tensors of the safetensors file at path to the CPU, in the file's order, for
// nn.LoadStateDict. A checksum that the file carries is checked.
func Load(path string) ([]nn.Entry, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := f.Verify(); err != nil && !errors.Is(err, ErrNoChecksum) {
		return nil, err
	}
	tensors, err := f.Tensors()
	if err != nil {
		return nil, err
	}
	var out []nn.Entry
	err = torch.Try(func() {
		for _, t := range tensors {
			out = append(out, nn.Entry{Name: t.Name, Tensor: torch.FromBytes(t.DType, t.Data, t.Shape...)})
		}
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return out, nil
}
