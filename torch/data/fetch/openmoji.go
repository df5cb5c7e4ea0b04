package fetch

import (
	"context"
	"path/filepath"
	"strings"
)

var openmoji = Set{
	Name:     "openmoji",
	Holds:    "2,132 pairs of OpenMoji, A line art and B colour, 256 x 256, on white",
	Licence:  "CC-BY-SA-4.0",
	Source:   "npm package openmoji",
	Version:  "1",
	Download: 4339458,
	Packages: []Package{openmojiPackage},
	convert:  convertOpenmoji,
}

// convertOpenmoji renders outline and colour of every emoji that is no flag, no part of one and no repeat in another
// skin tone. The splits are those of emoji64.
func convertOpenmoji(ctx context.Context, st *stage) error {
	var entries []struct {
		Hexcode, Group, Subgroups string
		Skintone                  any // "" or a number
	}
	if err := readJSON(st.source("openmoji", "data/openmoji.json"), &entries); err != nil {
		return err
	}
	var codes []string
	for _, e := range entries {
		if e.Skintone == "" && e.Group != "component" && !strings.Contains(e.Group+e.Subgroups, "flag") {
			codes = append(codes, e.Hexcode)
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
		return st.png(splitOf(first)+side.name+"/"+strings.ToLower(code)+".png", im)
	})
}
