package features

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/forgergan/forger/third_party/libtorch"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
)

// Weights is a file of weights that was found, and what is known of it.
type Weights struct {
	Path      string `json:"path"`
	SHA256    string `json:"sha256"`              // of the file that was published or added, before its conversion
	Published string `json:"published,omitempty"` // who publishes a file of this checksum; "" where it is another one
}

// String is the part of a protocol that names weights which nobody is known to have published: "weights=0f3a9c21"; "" for
// those with a known checksum.
func (w Weights) String() string {
	if w.Published != "" {
		return ""
	}
	return "weights=" + w.SHA256[:8]
}

// Missing is the error for weights that are nowhere: one line that says what they are for, where they were looked for
// and how to add them.
type Missing struct {
	File   File
	Places []string
}

// Error says what is missing, where it was looked for and how to bring it.
func (m *Missing) Error() string {
	way := fmt.Sprintf("get %s (%s) and run: forger weights add %s", m.File.Sources[0].File, m.File.Sources[0].From, m.File.Sources[0].File)
	if m.File.Packaged() {
		way = "run: forger weights get " + m.File.Name
	}
	return fmt.Sprintf("the weights %s (%s) are not in %s; %s", m.File.Name, m.File.Holds, strings.Join(m.Places, ", "), way)
}

// Places are the files and folders where weights are looked for, in this order: given, where it is not "", the places
// in the variable FORGER_WEIGHTS, forger/weights in the user's configuration folder, weights in the cache folder.
func Places(given string) []string {
	var places []string
	if given != "" {
		places = append(places, given)
	}
	places = append(places, filepath.SplitList(os.Getenv("FORGER_WEIGHTS"))...)
	if dir, err := os.UserConfigDir(); err == nil {
		places = append(places, filepath.Join(dir, "forger", "weights"))
	}
	if dir, err := Folder(); err == nil {
		places = append(places, dir)
	}
	return places
}

// Folder is where Add puts weights: weights in the cache folder.
func Folder() (string, error) {
	cache, err := libtorch.CacheDir()
	return filepath.Join(cache, "weights"), err
}

// Find returns the file of f: the first that Places has. A folder holds it under our name, <name>.safetensors, or under
// one of the published names. A file is taken as it is where it was given, otherwise if it has one of these names. The
// error is a *Missing, or tells a place that cannot be read.
func (f File) Find(given string) (string, error) {
	names := []string{f.Name + ".safetensors"}
	if f.script {
		names = append(names, f.Name+".pt")
	}
	for _, s := range f.Sources {
		names = append(names, s.File)
	}
	places := Places(given)
	for i, place := range places {
		info, err := os.Stat(place)
		switch {
		case errors.Is(err, os.ErrNotExist) && (i > 0 || given == ""):
			continue
		case err != nil:
			return "", err
		case !info.IsDir():
			if (i == 0 && given != "") || slices.Contains(names, filepath.Base(place)) {
				return place, nil
			}
			continue
		}
		for _, name := range names {
			if _, err := os.Stat(filepath.Join(place, name)); err == nil {
				return filepath.Join(place, name), nil
			}
		}
	}
	return "", &Missing{f, places}
}

// Load fills a network with weights of a name, such as "vgg19" for [NewVGG19]; given is a file or folder to look in first.
// For "lpips-alex" and the like the network is a metrics.LPIPS. The error is a *Missing, or tells a file that is damaged
// or holds another network; nothing is loaded then.
func Load(name string, network any, given string) (Weights, error) {
	f, err := FindFile(name)
	if err != nil {
		return Weights{}, err
	}
	path, err := f.Find(given)
	if err != nil {
		return Weights{}, err
	}
	var w Weights
	err = scoped(func() error {
		state, err := f.read(path)
		if err != nil {
			return err
		}
		if w, err = f.Identify(path); err != nil {
			return err
		}
		return nn.LoadStateDict(network, state, false)
	})
	return w, err
}

// read returns the tensors of f in a file.
func (f File) read(path string) ([]nn.Entry, error) {
	state, err := checkpoint.Load(path)
	if err != nil {
		return nil, err
	}
	picked, err := f.pick(state)
	if err != nil {
		return nil, fmt.Errorf("%s does not hold the weights %s: %w", path, f.Name, err)
	}
	return picked, nil
}

// weightsKey is where a converted file says what it was made of.
const weightsKey = "forger.weights"

type origin struct {
	Name   string `json:"name"`
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
}

// Identify says what the file at path is, by the checksum of the published file that it is or was made of.
func (f File) Identify(path string) (Weights, error) {
	w := Weights{Path: path}
	if filepath.Ext(path) == ".safetensors" {
		file, err := checkpoint.Open(path)
		if err != nil {
			return w, err
		}
		text := file.Metadata()[weightsKey]
		file.Close()
		var o origin
		if json.Unmarshal([]byte(text), &o) == nil {
			w.SHA256 = o.SHA256
		}
	}
	if w.SHA256 == "" {
		sum, err := sum256(path)
		if err != nil {
			return w, err
		}
		w.SHA256 = sum
	}
	if s := f.source(w.SHA256); s != nil {
		w.Published = s.From
	}
	return w, nil
}

func sum256(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// scoped runs f without recording gradients, frees its tensors, and returns a refused operation as an error.
func scoped(f func() error) (err error) {
	if e := torch.Try(func() { torch.Scope(func() { torch.NoGrad(func() { err = f() }) }) }); e != nil {
		return e
	}
	return err
}

// Check finds the weights of f as Load does, reads them and compares names, shapes and, where the file holds one, the
// checksum of the data. The error is that of Load.
func (f File) Check(given string) (w Weights, err error) {
	path, err := f.Find(given)
	if err != nil {
		return Weights{}, err
	}
	if w, err = f.Identify(path); err != nil {
		return w, err
	}
	if f.script && filepath.Ext(path) == ".pt" {
		s, err := OpenScript(path, torch.Device{})
		if err == nil {
			s.Free()
		}
		return w, err
	}
	return w, scoped(func() error {
		_, err := f.read(path)
		return err
	})
}
