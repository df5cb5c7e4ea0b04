package fetch

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/forgergan/forger/torch/data/fetch/internal/svg"
	"github.com/forgergan/forger/torch/vision"
)

// EmojiStyles are the folders of the set emoji64: the same glyphs, drawn by four teams.
var EmojiStyles = []string{"fluent", "noto", "openmoji", "twemoji"}

// Emoji is an entry of the set emoji64's index.json.
type Emoji struct {
	Code     string   `json:"code"` // of the file, CODE.png: the code points in hexadecimal, with hyphens
	Name     string   `json:"name"`
	Category string   `json:"category"` // "Food & Drink"
	Group    string   `json:"group"`    // "food-fruit"
	Keywords []string `json:"keywords"`
	Split    string   `json:"split"` // the folder, train or test
}

var openmojiPackage = Package{
	Kind: "npm", Name: "openmoji", Version: "17.0.0", Size: 4339458,
	SHA256:      "55ee7d13485dec86e9f38c1f3a645a13382d33ff97c0cd845ee824b0aef45e68",
	Licence:     "CC-BY-SA-4.0: all emojis designed by OpenMoji, the open-source emoji and icon project",
	licenceFile: "LICENSE.txt",
}

var emoji64 = Set{
	Name:     "emoji64",
	Holds:    "1,852 emoji in 4 styles (noto, twemoji, fluent, openmoji), 64 x 64, colour on white, 8 classes",
	Licence:  "Apache-2.0 (Noto), CC-BY-4.0 (Twemoji), MIT (Fluent), CC-BY-SA-4.0 (OpenMoji)",
	Source:   "5 npm packages",
	Version:  "1",
	Download: 162870421,
	Packages: []Package{
		{
			Kind: "npm", Name: "emoji-datasource-google", Version: "16.0.0", Size: 74344091,
			SHA256:  "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438",
			Licence: "noto: Apache-2.0, Google's Noto Emoji; names and categories: MIT, Cal Henderson", licenceFile: "LICENSE",
		},
		{
			Kind: "npm", Name: "emoji-datasource-twitter", Version: "16.0.0", Size: 61683754,
			SHA256:  "f64a530c63bca463bd8317fdc4615ce63a53a0c65018e4ce2d848aaba7a28877",
			Licence: "twemoji: CC-BY-4.0, Twitter, Inc. and other contributors", licenceFile: "LICENSE",
		},
		{
			Kind: "npm", Name: "@lobehub/fluent-emoji-3d", Version: "1.1.0", Size: 15792027,
			SHA256:  "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58",
			Licence: "fluent: MIT, Microsoft's Fluent Emoji; scaled down from 256 x 256",
		},
		openmojiPackage,
		{
			Kind: "npm", Name: "emojibase-data", Version: "17.0.0", Size: 6711091,
			SHA256:  "d01d0e2ca4e22cb402679532155342c71e2e871f25c32223c013b8b166ebdf5a",
			Licence: "keywords in index.json: MIT, Miles Johnson", licenceFile: "LICENSE",
		},
	},
	convert: convertEmoji,
}

// convertEmoji keeps the glyphs without a skin tone that all styles have. All styles of a glyph, and all glyphs that
// begin with the same code point, lie in the same split, because they resemble each other.
func convertEmoji(ctx context.Context, st *stage) error {
	var entries []struct {
		Name, Image, Category, Subcategory string
	}
	if err := readJSON(st.source("emoji-datasource-google", "emoji.json"), &entries); err != nil {
		return err
	}
	keywords, err := emojiKeywords(st.source("emojibase-data", "en/data.json"))
	if err != nil {
		return err
	}
	fluent, err := byCode(st.source("@lobehub/fluent-emoji-3d", "assets"), ".webp")
	if err != nil {
		return err
	}
	open, err := byCode(st.source("openmoji", "color/svg"), ".svg")
	if err != nil {
		return err
	}
	var index []Emoji
	files := map[string]map[string]string{} // by code and style
	for _, e := range entries {
		code := strings.TrimSuffix(e.Image, ".png")
		key := plain(code)
		f := map[string]string{
			"noto":     st.source("emoji-datasource-google", filepath.Join("img", "google", "64", e.Image)),
			"twemoji":  st.source("emoji-datasource-twitter", filepath.Join("img", "twitter", "64", e.Image)),
			"fluent":   fluent[key],
			"openmoji": open[key],
		}
		if slices.ContainsFunc(EmojiStyles, func(style string) bool { return !exists(f[style]) }) {
			continue
		}
		name := e.Name
		if k := keywords[key]; k.Label != "" {
			name = k.Label
		}
		first, _, _ := strings.Cut(code, "-")
		index = append(index, Emoji{code, name, e.Category, e.Subcategory, keywords[key].Tags, splitOf(first)})
		files[code] = f
	}
	slices.SortFunc(index, func(a, b Emoji) int { return strings.Compare(a.Code, b.Code) })
	err = st.each(ctx, "pictures", len(index)*len(EmojiStyles), func(i int) error {
		style, e := EmojiStyles[i%len(EmojiStyles)], index[i/len(EmojiStyles)]
		im, err := onWhite(files[e.Code][style], 64)
		if err != nil {
			return err
		}
		return st.png(style+"/"+e.Split+"/"+e.Code+".png", im)
	})
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(index, "", " ")
	if err != nil {
		return err
	}
	return st.write("index.json", append(text, '\n'))
}

// onWhite reads a picture of any kind as RGB on white with sides of size pixels. A larger one is scaled down by the mean of the
// pixels under each new one.
func onWhite(path string, size int) (*vision.Image, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if filepath.Ext(path) == ".svg" {
		return svg.Render(path, text, size)
	}
	im, err := vision.DecodeBytes(path, text, vision.RGBA)
	if err != nil {
		return nil, err
	}
	im = im.Over(255, 255, 255)
	if im.H != size || im.W != size {
		im = im.Resize(size, size, vision.Box)
	}
	return im, nil
}

type emojiWords struct {
	Label, Hexcode string
	Tags           []string
}

func emojiKeywords(path string) (map[string]emojiWords, error) {
	var list []emojiWords
	if err := readJSON(path, &list); err != nil {
		return nil, err
	}
	out := map[string]emojiWords{}
	for _, e := range list {
		out[plain(e.Hexcode)] = e
	}
	return out, nil
}

// byCode lists the files of dir by the code points in their names.
func byCode(dir, ending string) (map[string]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, e := range entries {
		if code, ok := strings.CutSuffix(e.Name(), ending); ok {
			out[plain(code)] = filepath.Join(dir, e.Name())
		}
	}
	return out, nil
}

// plain drops the selector of the colourful form, FE0F, which some packages write and others do not.
func plain(code string) string {
	return strings.ReplaceAll(strings.ToLower(code), "-fe0f", "")
}

func exists(path string) bool {
	if path == "" {
		return false
	}
	_, err := os.Stat(path)
	return err == nil
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return nil
}
