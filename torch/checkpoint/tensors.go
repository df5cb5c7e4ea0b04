package checkpoint

import (
	"errors"
	"fmt"
	"slices"
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
	verified := make(chan error, 1)
	go func() { verified <- Verify(path) }()
	out, err := LoadOnly(path, func(string) bool { return true })
	if damage := <-verified; damage != nil { // it explains whatever else went wrong
		return nil, damage
	}
	return out, err
}

// Verify compares the data of the file at path with the checksum that it carries, if it carries one.
func Verify(path string) error {
	if pth.Is(path) {
		return nil // package pth checks each tensor as it reads it
	}
	f, err := Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Verify(); !errors.Is(err, ErrNoChecksum) {
		return err
	}
	return nil
}

// LoadOnly is Load for the tensors whose names wanted accepts, and leaves the checksum to Verify, which takes longer than
// loading and may run at the same time.
func LoadOnly(path string, wanted func(name string) bool) ([]nn.Entry, error) {
	if pth.Is(path) {
		state, err := pth.Load(path)
		return slices.DeleteFunc(state, func(e nn.Entry) bool { return !wanted(e.Name) }), err
	}
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.load(wanted)
}

func (f *File) load(wanted func(name string) bool) (out []nn.Entry, err error) {
	tensors, err := f.Tensors()
	if err != nil {
		return nil, err
	}
	err = torch.Try(func() {
		for _, t := range tensors {
			if wanted(t.Name) {
				out = append(out, nn.Entry{Name: t.Name, Tensor: torch.FromBytes(t.DType, t.Data, t.Shape...)})
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
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
