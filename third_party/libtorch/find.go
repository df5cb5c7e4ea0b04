package libtorch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Find looks for LibTorch 2.11.0 in $LIBTORCH, in the cache and in the Python that python3 starts, in this order. It
// downloads nothing and imports nothing into Python.
//
// Tried lists the places that came before the one found, or all of them with an error. Where LIBTORCH is set, only it
// counts: a wrong folder there is an error, never a silent fallback.
func Find(ctx context.Context) (Install, []Tried, error) {
	if root := os.Getenv("LIBTORCH"); root != "" {
		inst, err := check(root, "LIBTORCH")
		if err != nil {
			return Install{}, []Tried{{"LIBTORCH=" + root, err.Error()}}, wrongLIBTORCH(root, err)
		}
		return inst, nil, nil
	}
	tried := []Tried{{"LIBTORCH", "not set"}}
	cache, err := CacheDir()
	if err != nil {
		return Install{}, tried, err
	}
	inst, err := check(cached(cache), "cache")
	if err == nil {
		return inst, tried, nil
	}
	tried = append(tried, Tried{cached(cache), err.Error()})
	place, inst, err := findPython(ctx)
	if err == nil {
		return inst, tried, nil
	}
	tried = append(tried, Tried{place, err.Error()})
	return Install{}, tried, notFound("LibTorch "+Version, tried)
}

func wrongLIBTORCH(root string, err error) error {
	return fmt.Errorf("LIBTORCH=%s cannot be used: %w; correct it, or unset it and run `forger setup`", root, err)
}

// cached is the root of the installation that Get downloads.
func cached(cache string) string {
	return filepath.Join(cache, "libtorch-"+Version, "torch")
}

// whereTorch prints the folder of the torch package without importing it. The working folder is taken off the path:
// a folder named torch there, as in Forger's own tree, is not the package.
const whereTorch = `import sys
sys.path[:] = [p for p in sys.path if p]
import importlib.util as u
s = u.find_spec("torch")
print(s.origin if s and s.origin else "")`

func findPython(ctx context.Context) (place string, inst Install, err error) {
	python, err := exec.LookPath("python3")
	if err != nil {
		return "python3", Install{}, errors.New("not on PATH")
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, python, "-c", whereTorch).Output()
	if err != nil {
		return python, Install{}, fmt.Errorf("it could not be asked for torch: %w", err)
	}
	origin := strings.TrimSpace(string(out))
	if origin == "" {
		return python, Install{}, errors.New("it has no torch")
	}
	root := filepath.Dir(origin)
	inst, err = check(root, "python")
	return root, inst, err
}

// notFound is one sentence: what was missed, each place and its fault, and the command that helps.
func notFound(what string, tried []Tried) error {
	var places []string
	for _, t := range tried {
		places = append(places, t.Place+": "+t.Why)
	}
	return fmt.Errorf("%s was not found (%s): run `forger setup`, or scripts/setup.sh in Forger's repository", what, strings.Join(places, "; "))
}
