package fetch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/forgergan/forger/torch/vision"
)

// debianPackage is a package of the Debian archive, with the copyright file that each has.
func debianPackage(name, version string, size int64, sum, licence string) Package {
	return Package{
		Kind: "Debian", Name: name, Version: version, Size: size, SHA256: sum, Licence: licence,
		licenceFile: "usr/share/doc/" + name + "/copyright",
	}
}

var endlessSky = debianPackage("endless-sky-data", "0.9.8-1.2", 69735632, "e45835e05a11e84bb1a890a0ded390246a53b8318f21a25925aa70fa54f80c13",
	"images/land: public domain, and CC-BY-SA-3.0 or 4.0 for the files that the text names, the Endless Sky contributors")

var land = Set{
	Name:     "land",
	Holds:    "273 photographs of landscapes and cities, 720 x 360",
	Licence:  "public domain, CC-BY-SA-3.0 and CC-BY-SA-4.0 (by file)",
	Source:   "Debian package endless-sky-data",
	Version:  "1",
	Download: 69735632,
	Packages: []Package{endlessSky},
	convert: func(ctx context.Context, st *stage) error {
		photos, err := landPhotos(st)
		if err != nil {
			return err
		}
		return st.each(ctx, "pictures", len(photos), func(i int) error {
			text, err := os.ReadFile(photos[i])
			if err != nil {
				return err
			}
			return st.write(splitOf(stem(photos[i]))+"/"+filepath.Base(photos[i]), text)
		})
	},
}

func landPhotos(st *stage) ([]string, error) {
	photos, err := filepath.Glob(st.source(endlessSky.Name, "usr/share/games/endless-sky/images/land/*.jpg"))
	if err == nil && len(photos) == 0 {
		err = fmt.Errorf("the %v holds no photographs", endlessSky)
	}
	return photos, err
}

func stem(path string) string { return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) }

var photos = Set{
	Name:     "photos",
	Holds:    "310 photographs at half their size for training, 16 known test pictures (baboon, astronaut, butterfly, ...)",
	Licence:  "public domain, CC0, CC-BY, CC-BY-SA, MIT, GPL-2+, BSD, Apache-2.0 (by file)",
	Source:   "7 Debian packages",
	Version:  "1",
	Download: 354010916,
	Packages: []Package{
		endlessSky,
		debianPackage("mate-backgrounds", "1.26.0-1", 46638500, "7bf4c2209f34b4f61ba6d24c8b58c28b361e82e4b943aae6d42c030169af9e04",
			"GPL-2+ and Creative Commons by file, see the text"),
		debianPackage("lomiri-wallpapers-16.04", "20.04.0-2", 15783184, "a99ff6a3bfe451e4cc0682ecb3cc82e71740626d59e4845ae34a0a0e45421eab",
			"CC-BY or CC-BY-SA by file, whose name says by whom"),
		debianPackage("lomiri-wallpapers-20.04", "20.04.0-2", 11377208, "d44e89b8473aafe64a5b678f014862dc31335aaaf18665c544d985d854f1a709",
			"CC-BY or CC-BY-SA by file, whose name says by whom"),
		debianPackage("plasma-workspace-wallpapers", "4:5.27.5-2", 94047772, "32cd18b71c8c938a18b3b351f217c02ac590e323caa3cf322fbb875ce8892f8b",
			"by file, see the text"),
		debianPackage("python3-skimage", "0.19.3-8", 20713608, "728d88c3e3440f1f3712de0805dc834d29248ff07e1eec8c0f3da07606f752f9",
			"test pictures: BSD-3-Clause and public domain by file, see the text"),
		debianPackage("opencv-doc", "4.6.0+dfsg-12", 95715012, "4b12681df35878207ac7097dc66184b2ae552e4bf4ddd2af04a0f03ed0b8682a",
			"test pictures: as OpenCV, see the text"),
	},
	convert: convertPhotos,
}

// The wallpapers that are photographs, chosen by looking at them.
var wallpapers = []struct {
	pkg, folder string
	names       []string
}{
	{"mate-backgrounds", "usr/share/backgrounds/mate/nature", []string{"*"}},
	{"lomiri-wallpapers-16.04", "usr/share/backgrounds", []string{
		"Bridge_*", "Dragonfly_*", "Picture_0B_*", "Picture_1A_*", "Wine_*", "aitzgorri_*", "free_*", "friends_*", "greentock_*", "life_*",
		"picosdeeuropa_*", "seeding_*", "sunset_*",
	}},
	{"lomiri-wallpapers-20.04", "usr/share/backgrounds", []string{"Kleiber_*"}},
	{"plasma-workspace-wallpapers", "usr/share/wallpapers", []string{
		"BytheWater", "ColdRipple", "ColorfulCups", "DarkestHour", "EveningGlow", "FallenLeaf", "Grey", "Kite", "OneStandsOut", "Path", "summer_1am",
	}},
}

// The test pictures, as they are.
var testPictures = []struct {
	pkg, folder string
	names       []string
}{
	{"python3-skimage", "usr/lib/python3/dist-packages/skimage/data", []string{
		"astronaut.png", "chelsea.png", "coffee.png", "hubble_deep_field.jpg", "ihc.png", "motorcycle_left.png", "retina.jpg", "rocket.jpg",
	}},
	{"opencv-doc", "usr/share/doc/opencv-doc/examples/data", []string{
		"aloeL.jpg", "baboon.jpg", "building.jpg", "butterfly.jpg", "fruits.jpg", "graf1.png", "leuvenA.jpg", "rubberwhale1.png",
	}},
}

// convertPhotos halves the sides of the photographs, which takes away most of what JPEG did to them.
func convertPhotos(ctx context.Context, st *stage) error {
	st.notes = append(st.notes, "The training pictures were scaled down by 2; the test pictures are as they came.")
	sources, err := landPhotos(st)
	if err != nil {
		return err
	}
	names := make([]string, len(sources))
	for i, path := range sources {
		names[i] = "land_" + stem(path)
	}
	for _, w := range wallpapers {
		for _, pattern := range w.names {
			found, err := filepath.Glob(st.source(w.pkg, w.folder+"/"+pattern))
			if err != nil || len(found) == 0 {
				return fmt.Errorf("the package %s holds no %s", w.pkg, pattern)
			}
			for _, path := range found {
				name := stem(path)
				if w.pkg == "plasma-workspace-wallpapers" { // a folder with the same picture in several sizes
					if path, err = largest(filepath.Join(path, "contents", "images")); err != nil {
						return err
					}
				}
				sources, names = append(sources, path), append(names, name)
			}
		}
	}
	err = st.each(ctx, "photographs", len(sources), func(i int) error {
		im, err := vision.Decode(sources[i], vision.RGB)
		if err != nil {
			return err
		}
		return st.png("train/"+names[i]+".png", im.Resize(im.H/2, im.W/2, vision.Bicubic))
	})
	if err != nil {
		return err
	}
	for _, t := range testPictures {
		for _, name := range t.names {
			text, err := os.ReadFile(st.source(t.pkg, t.folder+"/"+name))
			if err != nil {
				return err
			}
			if err := st.write("test/"+name, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// largest returns the file of a folder that has the most bytes.
func largest(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	best, size := "", int64(-1)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return "", err
		}
		if info.Size() > size {
			best, size = filepath.Join(dir, e.Name()), info.Size()
		}
	}
	if best == "" {
		return "", fmt.Errorf("%s is empty", dir)
	}
	return best, nil
}
