package features

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/forgergan/forger/internal/atomicfile"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
)

// Add takes the file at path, PyTorch's .pth or safetensors, for the weights of a name, "" for those that its tensors
// fit, checks names and shapes, and writes them to Folder as <name>.safetensors with the checksum of the file. NVIDIA's
// TorchScript of Inception is checked and copied as inception-2015.pt, since it runs as it is.
//
// The error tells a name that is not known, a file that cannot be read and one that fits no network. Weights that nobody
// is known to have published are taken as well; their scores name them.
func Add(path, name string) (File, Weights, error) {
	candidates := files
	if name != "" {
		f, err := FindFile(name)
		if err != nil {
			return File{}, Weights{}, err
		}
		candidates = []File{f}
	}
	if _, err := os.Stat(path); err != nil {
		return File{}, Weights{}, err
	}
	folder, err := Folder()
	if err != nil {
		return File{}, Weights{}, err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return File{}, Weights{}, err
	}
	f, w, err := addTensors(path, folder, candidates)
	if err != nil && filepath.Ext(path) == ".pt" {
		if f, w, misfit := addScript(path, folder, candidates); misfit == nil {
			return f, w, nil
		} else if !errors.Is(misfit, errNoCandidate) {
			err = fmt.Errorf("%w; %w", misfit, err)
		}
	}
	return f, w, err
}

func addTensors(path, folder string, candidates []File) (f File, w Weights, err error) {
	err = scoped(func() error {
		state, err := checkpoint.Load(path)
		if err != nil {
			return err
		}
		var why []string
		for _, f = range candidates {
			picked, misfit := f.pick(state)
			if misfit != nil {
				why = append(why, f.Name+": "+misfit.Error())
				continue
			}
			if w, err = f.Identify(path); err != nil {
				return err
			}
			w.Path = filepath.Join(folder, f.Name+".safetensors")
			text, err := json.Marshal(origin{f.Name, filepath.Base(path), w.SHA256})
			if err != nil {
				return err
			}
			return checkpoint.Save(w.Path, checkpoint.FromState(picked), map[string]string{weightsKey: string(text)})
		}
		return fmt.Errorf("%s fits none of the known networks (%s)", path, strings.Join(why, "; "))
	})
	return f, w, err
}

// errNoCandidate tells that none of the candidates may be TorchScript.
var errNoCandidate = errors.New("no TorchScript is asked for")

func addScript(path, folder string, candidates []File) (File, Weights, error) {
	i := slices.IndexFunc(candidates, func(f File) bool { return f.script })
	if i < 0 {
		return File{}, Weights{}, errNoCandidate
	}
	f := candidates[i]
	net, err := OpenScript(path, torch.Device{})
	if err != nil {
		return f, Weights{}, err
	}
	net.Free()
	w, err := f.Identify(path)
	if err != nil {
		return f, w, err
	}
	w.Path = filepath.Join(folder, f.Name+".pt")
	return f, w, copyFile(path, w.Path)
}

func copyFile(path, to string) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	return atomicfile.Write(to, func(w io.Writer) error {
		_, err := io.Copy(w, from)
		return err
	})
}
