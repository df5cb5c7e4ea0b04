package data

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/forgergan/forger/torch/data/fetch"
)

// Open returns a set by the name of a known one, which is fetched if need be, by a folder: one that holds IDX
// files as MNIST names them, an unpacked archive of CIFAR-10 or CIFAR-100 (binary or Python's, see [CIFAR]), or pictures (see [OpenFolder]), or by the file of a shard (see [OpenShard]), or the name of a Mixture. A known name
// wins over a folder of that name; write ./mnist for the folder.
//
// emoji64 has views: "emoji64" is all four styles labelled by category, "emoji64:styles" the same labelled by style,
// "emoji64:pairs" by both, and "emoji64:noto", "emoji64:twemoji", "emoji64:fluent" and "emoji64:openmoji" are one style,
// labelled by category; flags and the parts of other emoji are left out. Of the other known sets of pictures those without
// inputs and targets can be opened here; the others are for systems that translate pictures.
//
// The error is one sentence: an unknown name or folder, an option that cannot be, and what
// [fetch.Get], [ReadIDX], [OpenFolder] and [OpenShard] find wrong, or what is wrong with a CIFAR batch.
func Open(ctx context.Context, nameOrDir string, o Options) (Dataset, error) {
	switch {
	case o.Split == "":
		o.Split = Train
	case o.Split != Train && o.Split != Test:
		return nil, fmt.Errorf("data %s: there is no split %q, only train and test", nameOrDir, o.Split)
	}
	if o.Size < 0 {
		return nil, fmt.Errorf("data %s: a size of %d is not possible", nameOrDir, o.Size)
	}
	if o.Channels != 0 && o.Channels != 1 && o.Channels != 3 {
		return nil, fmt.Errorf("data %s: pictures have 1 or 3 channels, not %d", nameOrDir, o.Channels)
	}
	if m := FindMixture(nameOrDir); m != nil {
		return m, nil
	}
	name, view, _ := strings.Cut(nameOrDir, ":")
	switch set, ok := fetch.Find(name); {
	case ok && len(set.Packages) > 0:
		return openFetched(ctx, name, view, o)
	case ok && view == "":
		dir, err := fetch.Get(ctx, name, o.Log)
		if err != nil {
			return nil, err
		}
		return digits(openDigits(name, dir, o))
	}
	info, err := os.Stat(nameOrDir)
	if err != nil {
		return nil, fmt.Errorf("data %s: there is no such set and no such folder; known sets are %s", nameOrDir, fetch.Names())
	}
	if !info.IsDir() {
		shard, err := OpenShard(nameOrDir, o)
		if err != nil {
			return nil, err
		}
		return shard, nil
	}
	if isIDX(nameOrDir) {
		return digits(openDigits(nameOrDir, nameOrDir, o))
	}
	if form, _ := findCIFAR(nameOrDir); form != nil {
		set, err := openCIFAR(nameOrDir, o)
		if err != nil {
			return nil, err
		}
		return set, nil
	}
	return folder(OpenFolder(nameOrDir, o))
}

// digits keeps a nil pointer from becoming an interface that is not nil.
func digits(d *Digits, err error) (Dataset, error) {
	if err != nil {
		return nil, err
	}
	return d, nil
}

// isIDX reports whether dir holds the pictures of any split as IDX.
func isIDX(dir string) bool {
	for _, split := range []Split{Train, Test} {
		if images, _ := idxNames(split); idxPath(dir, images) != "" {
			return true
		}
	}
	return false
}
