package fetch

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/forgergan/forger/torch/vision"
)

var stamps = Set{
	Name:     "stamps",
	Holds:    "538 stamps of Tux Paint, photographs and drawings with an English sentence each, 256 x 256, on white",
	Licence:  "GPL-2",
	Source:   "Debian package tuxpaint-stamps-default",
	Version:  "1",
	Download: 160880444,
	Packages: []Package{{
		Kind: "Debian", Name: "tuxpaint-stamps-default", Version: "2022.06.04-1", Size: 160880444,
		SHA256:  "6db6c1bfc870a47f1499d6203b083522eacb57c5f9c87d468f2e92eb6d9d5f34",
		Licence: "GPL-2: the Tux Paint team and the contributors that the text names; what is made of the pictures is under it as well",

		licenceFile: "usr/share/doc/tuxpaint-stamps-default/copyright",
	}},
	convert: convertStamps,
}

// stamp is a picture and its sentence.
type stamp struct{ path, name, text string }

// convertStamps takes the PNG pictures that have a sentence, without those of symbols: letters, digits, coins, flags. The
// SVG ones need more than package svg draws. Pictures of one sentence lie in the same split.
func convertStamps(ctx context.Context, st *stage) error {
	root := st.source("tuxpaint-stamps-default", "usr/share/tuxpaint/stamps")
	var found []stamp
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "symbols" {
			return fs.SkipDir
		}
		base, ok := strings.CutSuffix(path, ".png")
		if !ok || !exists(base+".txt") {
			return nil
		}
		text, err := firstLine(base + ".txt")
		if err != nil {
			return err
		}
		if name, err := filepath.Rel(root, base); err == nil && text != "" {
			found = append(found, stamp{path, strings.ReplaceAll(filepath.ToSlash(name), "/", "-"), text})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return st.each(ctx, "pictures", len(found), func(i int) error {
		s := found[i]
		im, err := squareOnWhite(s.path, 256)
		if err != nil {
			return err
		}
		name := splitOf(s.text) + "/" + s.name
		if err := st.write(name+".txt", []byte(s.text+"\n")); err != nil {
			return err
		}
		return st.png(name+".png", im)
	})
}

// firstLine is the English sentence of a stamp; translations follow.
func firstLine(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Scan()
	return strings.TrimSpace(lines.Text()), lines.Err()
}

// squareOnWhite reads a picture as RGB in the middle of a white square.
func squareOnWhite(path string, size int) (*vision.Image, error) {
	im, err := vision.Decode(path, vision.RGBA)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	im = im.Over(255, 255, 255)
	side := max(im.H, im.W)
	left, top := (side-im.W)/2, (side-im.H)/2
	im = im.Pad(left, top, side-im.W-left, side-im.H-top, vision.Constant, 255)
	return im.Resize(size, size, vision.Bicubic), nil
}
