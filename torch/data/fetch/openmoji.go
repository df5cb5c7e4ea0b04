package fetch

import (
	"context"
	"path/filepath"
	"strings"
)

var openmoji = Set{
	Name:     "openmoji",
	Holds:    "2,132 pairs of OpenMoji, A line art and B colour, 256 x 256, on white, with names and keywords of B",
	Licence:  "CC-BY-SA-4.0",
	Source:   "npm package openmoji",
	Version:  "2",
	Download: 4339458,
	Packages: []Package{openmojiPackage},
	convert:  convertOpenmoji,
}

// convertOpenmoji renders outline and colour of every emoji that is no flag, no part of one and no repeat in another
// skin tone. The splits are those of emoji64.
func convertOpenmoji(ctx context.Context, st *stage) error {
	var entries []struct {
		Hexcode, Group, Subgroups, Annotation, Tags string
		Skintone                                    any // "" or a number
	}
	if err := readJSON(st.source("openmoji", "data/openmoji.json"), &entries); err != nil {
		return err
	}
	var codes, captions []string
	for _, e := range entries {
		if e.Skintone == "" && e.Group != "component" && !strings.Contains(e.Group+e.Subgroups, "flag") {
			codes, captions = append(codes, e.Hexcode), append(captions, strings.Join(Captions(e.Annotation, strings.Split(e.Tags, ",")), "\n")+"\n")
		}
	}
	sides := []struct{ name, folder string }{{"A", "black"}, {"B", "color"}}
	return st.each(ctx, "pictures", 2*len(codes), func(i int) error {
		code, side := codes[i/2], sides[i%2]
		im, err := onWhite(st.source("openmoji", filepath.Join(side.folder, "svg", code+".svg")), 256)
		if err != nil {
			return err
		}
		first, _, _ := strings.Cut(strings.ToLower(code), "-")
		name := splitOf(first) + side.name + "/" + strings.ToLower(code)
		if side.name == "B" {
			if err := st.write(name+".txt", []byte(captions[i/2])); err != nil {
				return err
			}
		}
		return st.png(name+".png", im)
	})
}

// Captions are sentences for what has a name and keywords: the name, then the name with a keyword that it does not hold, of at
// most 4.
func Captions(name string, keywords []string) []string {
	const most = 4
	captions := []string{name}
	for _, word := range keywords {
		if word = strings.TrimSpace(word); len(captions) <= most && !strings.Contains(name, word) {
			captions = append(captions, name+", "+word)
		}
	}
	return captions
}
