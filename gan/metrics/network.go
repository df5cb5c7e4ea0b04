package metrics

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/forgergan/forger/gan/features"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Network maps pictures to the features of a score.
type Network interface {
	// Embed maps pictures (N, C, H, W) in [−1, 1], on any device, to features (N, D) and logits (N, classes) on the
	// network's device. The pictures are first rounded to bytes, as they are saved.
	Embed(pictures *torch.Tensor) (features, logits *torch.Tensor)
	// Protocol is the name of a score (FD, KD, PRDC, IS) on this network with all that its value depends on; settings
	// are the options of the score.
	Protocol(score string, s Sampling, settings ...fmt.Stringer) string
}

// NetworkOptions say which weights and preparation a network has and where it computes.
type NetworkOptions struct {
	Data        string // of the network "digits": the set that it is trained on
	Weights     string // a file or folder to look in first
	Preparation string // of Inception, as in features.ParsePreparation
	Device      torch.Device
	Log         func(string) // hears of training; may be nil
}

// OpenNetwork returns a network by name: "inception" of FID, "effnet-lite0", or "digits", the classifier that
// OpenClassifier trains on o.Data. The error tells another name, and weights that are missing (*features.Missing) or
// damaged.
func OpenNetwork(ctx context.Context, name string, o NetworkOptions) (Network, error) {
	switch name {
	case "digits":
		return OpenClassifier(ctx, o.Data, ClassifierOptions{Seed: 1, Device: o.Device, Log: o.Log})
	case "inception":
		return openInception(o)
	case "effnet-lite0":
		net := features.NewEfficientNetLite0()
		w, err := features.Load(name, net, o.Weights)
		if err != nil {
			return nil, err
		}
		nn.To(net, nn.ToOptions{Device: &o.Device})
		return &pretrained{net, "effnet-lite0", "EffNetLite0", w, features.Lite, o.Device}, nil
	}
	return nil, fmt.Errorf("there is no feature network %q, only inception, effnet-lite0 and digits", name)
}

// openInception takes weights or NVIDIA's TorchScript, whichever is found first.
func openInception(o NetworkOptions) (Network, error) {
	preparation, err := features.ParsePreparation(o.Preparation)
	if err != nil {
		return nil, err
	}
	file, err := features.FindFile("inception-2015")
	if err != nil {
		return nil, err
	}
	path, err := file.Find(o.Weights)
	if err != nil {
		return nil, err
	}
	if filepath.Ext(path) == ".pt" {
		net, err := features.OpenScript(path, o.Device)
		if err != nil {
			return nil, err
		}
		w, err := file.Identify(path)
		return &pretrained{net, "incep2015-torchscript", "Inception", w, preparation, o.Device}, err
	}
	net := features.NewInception()
	w, err := features.Load(file.Name, net, path)
	if err != nil {
		return nil, err
	}
	nn.To(net, nn.ToOptions{Device: &o.Device})
	return &pretrained{net, "incep2015-tf", "Inception", w, preparation, o.Device}, nil
}

// pretrained is a network with weights from a file.
type pretrained struct {
	net interface {
		Embed(x *torch.Tensor) (features, logits *torch.Tensor)
	}
	part        string // of the protocol
	suffix      string // of the names of scores
	weights     features.Weights
	preparation features.Preparation
	device      torch.Device
}

// atOnce is how many pictures pass a network together: with 100 at 224 pixels the maps of one block are gigabytes.
const atOnce = 25

func (p *pretrained) Embed(pictures *torch.Tensor) (features, logits *torch.Tensor) {
	out := torch.TidyAll(func() []*torch.Tensor {
		var fs, ls []*torch.Tensor
		for from, n := 0, pictures.Size(0); from < n; from += atOnce {
			part := pictures.Narrow(0, from, min(atOnce, n-from))
			both := torch.TidyAll(func() (both []*torch.Tensor) {
				torch.NoGrad(func() {
					f, l := p.net.Embed(p.preparation.Apply(Quantise(part.ToDevice(p.device))))
					both = []*torch.Tensor{f, l}
				})
				return both
			})
			fs, ls = append(fs, both[0]), append(ls, both[1])
		}
		return []*torch.Tensor{torch.Cat(fs), torch.Cat(ls)}
	})
	return out[0], out[1]
}

// Protocol names the scores of Inception's published weights FID, KID, IS and PRDC, and all others with the network's
// name: FD-EffNetLite0. NVIDIA states no checksum of its TorchScript, so that its scores are FD-Inception.
func (p *pretrained) Protocol(score string, s Sampling, settings ...fmt.Stringer) string {
	published := map[string]string{"FD": "FID", "KD": "KID"}
	switch {
	case p.suffix != "Inception" || p.weights.Published == "":
		score += "-" + p.suffix
	case published[score] != "":
		score = published[score]
	}
	parts := []string{p.part, p.weights.String(), p.preparation.String(), "u8"}
	for _, o := range settings {
		parts = append(parts, o.String())
	}
	return Protocol(score, append(parts, s.String())...)
}
