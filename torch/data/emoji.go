package data

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/forgergan/forger/torch/data/fetch"
)

// openFetched opens a known set that holds pictures. view is what followed a colon after its name, or "".
func openFetched(ctx context.Context, name, view string, o Options) (Dataset, error) {
	dir, err := fetch.Get(ctx, name, o.Log)
	if err != nil {
		return nil, err
	}
	if name == "emoji64" {
		return folder(openEmoji(dir, view, o))
	}
	if info, err := os.Stat(filepath.Join(dir, string(Train))); view != "" || err != nil || !info.IsDir() {
		return nil, fmt.Errorf("data %s: the set has inputs and targets, for systems that translate pictures; open one of its folders in %s", name, dir)
	}
	return folder(OpenFolder(dir, o))
}

// openEmoji opens the set emoji64 without its flags and skin tones: all styles together or one of them, labelled by
// category, or with the view "styles" all of them, labelled by style.
func openEmoji(dir, view string, o Options) (*Folder, error) {
	styles := fetch.EmojiStyles
	switch {
	case view == "" || view == "styles":
	case slices.Contains(styles, view):
		styles = []string{view}
	default:
		return nil, fmt.Errorf("data emoji64: there is no view %q, only styles, %s", view, strings.Join(styles, ", "))
	}
	if o.Size == 0 {
		o.Size = 64
	}
	o, err := o.forFolder(dir)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		return nil, fmt.Errorf("data emoji64: %w", err)
	}
	var index []fetch.Emoji
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, fmt.Errorf("data emoji64: index.json: %w", err)
	}
	index = slices.DeleteFunc(index, func(e fetch.Emoji) bool { return e.Category == "Flags" || e.Category == "Component" })
	f := &Folder{dir: dir, o: o}
	for _, e := range index {
		if !slices.Contains(f.classes, e.Category) {
			f.classes = append(f.classes, e.Category)
		}
	}
	slices.Sort(f.classes)
	for k, style := range styles {
		for _, e := range index {
			if e.Split == string(o.Split) {
				path := filepath.Join(dir, style, e.Split, e.Code+".png")
				f.files = append(f.files, pictureFile{path, slices.Index(f.classes, e.Category)})
				if view == "styles" {
					f.files[len(f.files)-1].label = k
				}
			}
		}
	}
	if view == "styles" {
		f.classes = styles
	}
	return f, nil
}

// folder keeps a nil pointer from becoming an interface that is not nil.
func folder(f *Folder, err error) (Dataset, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}
