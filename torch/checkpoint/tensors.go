package checkpoint

import (
	"errors"
	"fmt"
	"strings"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint/pth"
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

// Load copies all tensors of the file at path to the CPU, in the file's order, for nn.LoadStateDict. The file is a
// safetensors file or, whatever its name, a .pth file, whose nested dictionaries give dotted names; package pth loads
// a part of one. A checksum that the file carries is checked.
func Load(path string) ([]nn.Entry, error) {
	if pth.Is(path) {
		return pth.Load(path)
	}
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

// Under is the entries whose names begin with prefix, without it: those below "netG." in a checkpoint, or those of a
// network that was saved inside a DataParallel, below "module.".
func Under(state []nn.Entry, prefix string) []nn.Entry {
	var out []nn.Entry
	for _, e := range state {
		if name, ok := strings.CutPrefix(e.Name, prefix); ok {
			e.Name = name
			out = append(out, e)
		}
	}
	return out
}
