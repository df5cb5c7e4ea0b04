package features

import (
	"fmt"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/jit"
)

// Script is an Inception that runs NVIDIA's TorchScript file inception-2015-12-05.pt, whose part layers maps prepared
// pictures to features, and whose part output holds the last layer.
type Script struct {
	module *jit.Module
	output *torch.Tensor // (classes, features)
}

// OpenScript reads the file to a device. The file is a program: see package jit. The error tells a file that is no
// TorchScript or has other parts.
func OpenScript(path string, device torch.Device) (*Script, error) {
	m, err := jit.Load(path, device)
	if err != nil {
		return nil, err
	}
	m.Eval()
	s := &Script{module: m}
	torch.Scope(func() {
		for _, e := range m.StateDict() {
			if e.Name == "output.weight" && e.Tensor.Dim() == 2 {
				s.output = e.Tensor.Detach().Own()
			}
		}
	})
	if s.output == nil {
		m.Free()
		return nil, fmt.Errorf("%s is not NVIDIA's Inception: it has no matrix output.weight", path)
	}
	return s, nil
}

// Free frees the network now.
func (s *Script) Free() {
	s.module.Free()
	s.output.Free()
}

// Embed maps pictures (N, 3, 299, 299), prepared by [TF1], to features (N, 2048) and logits (N, 1008) without the bias of
// the last layer. It panics with an *torch.Error where the file has no part layers.
func (s *Script) Embed(x *torch.Tensor) (features, logits *torch.Tensor) {
	features = s.module.Call("layers.forward", x).Tensor.Flatten(torch.FlattenOptions{StartDim: 1})
	return features, features.MM(s.output.T())
}
