package captions

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/fetch"
)

// styles says in words how each of the four teams draws.
var styles = map[string]string{"fluent": "in 3D style", "noto": "in shaded style", "openmoji": "in outlined style", "twemoji": "in flat style"}

// emoji lists a view of the set emoji64, with the captions of [fetch.Captions] and the style.
func emoji(ctx context.Context, name, view string, o Options) (l listing, err error) {
	set, err := data.Open(ctx, name, o.pictures())
	if err != nil {
		return l, err
	}
	f := set.(*data.Folder)
	text, err := os.ReadFile(filepath.Join(f.Name(), "index.json"))
	if err != nil {
		return l, fmt.Errorf("data %s: %w", name, err)
	}
	var index []fetch.Emoji
	if err := json.Unmarshal(text, &index); err != nil {
		return l, fmt.Errorf("data %s: index.json: %w", name, err)
	}
	concepts := map[string]int{}
	for i, e := range index {
		concepts[e.Code] = i
	}
	l = listing{pictures: folder{f}, classes: f.Classes()}
	for i := range f.Len() {
		path := f.Path(i) // STYLE/SPLIT/CODE.png
		concept := concepts[strings.TrimSuffix(filepath.Base(path), ".png")]
		style := styles[filepath.Base(filepath.Dir(filepath.Dir(path)))]
		if slices.Contains(fetch.EmojiStyles, view) {
			style = "" // there is but one
		}
		captions := fetch.Captions(index[concept].Name, index[concept].Keywords)
		if style != "" {
			for k := range captions {
				captions[k] += ", " + style
			}
		}
		l.captions = append(l.captions, captions)
		l.concepts, l.labels = append(l.concepts, concept), append(l.labels, f.Label(i))
	}
	return l, nil
}
