package jpeg

import (
	"bytes"
	stdlib "image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// files returns the JPEG files of the kit, by name.
func files(t testing.TB) map[string][]byte {
	paths, err := filepath.Glob("../../../../testdata/parity-core/vision/files/*.jpg")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	out := map[string][]byte{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		if bytes.HasPrefix(data, []byte("\xff\xd8")) {
			out[filepath.Base(path)] = data
		}
	}
	return out
}

func TestEveryCutOffFileIsRefused(t *testing.T) {
	for name, data := range files(t) {
		if _, err := Decode(data); err != nil {
			continue
		}
		for end := 2; end < len(data)-2; end += 1 + end/40 {
			_, err := Decode(data[:end])
			require.ErrorIs(t, err, errCutOff, "%s cut off after %d of %d bytes", name, end, len(data))
		}
	}
}

func TestPlanesDifferFromTheStandardLibraryByItsRounding(t *testing.T) {
	compared := 0
	for name, data := range files(t) {
		p, err := Decode(data)
		if err != nil || p.Space != Gray {
			continue
		}
		im, err := stdlib.Decode(bytes.NewReader(data))
		require.NoError(t, err)
		for y := range p.H {
			for x := range p.W {
				r, _, _, _ := im.At(x, y).RGBA()
				require.InDelta(t, r>>8, p.Planes[0].Row(y)[x], 1, name)
			}
		}
		compared++
	}
	require.NotZero(t, compared)
}

func TestBrokenHeadersAreNamed(t *testing.T) {
	frame := "\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00"
	for want, body := range map[string]string{
		"no frame header":                 "\xff\xd9",
		"a second frame header":           frame + frame,
		"no data of component 1":          frame + "\xff\xd9",
		"samples of 12 bits":              "\xff\xc1\x00\x0b\x0c\x00\x08\x00\x08\x01\x01\x11\x00",
		"arithmetic":                      "\xff\xc9\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00",
		"2 components":                    "\xff\xc0\x00\x0e\x08\x00\x08\x00\x08\x02\x01\x11\x00\x02\x11\x00",
		"two components are called 1":     "\xff\xc0\x00\x11\x08\x00\x08\x00\x08\x03\x01\x11\x00\x01\x11\x00\x02\x11\x00",
		"sampling factors 2 x 1 beside 3": "\xff\xc0\x00\x11\x08\x00\x08\x00\x08\x03\x01\x31\x00\x02\x21\x00\x03\x11\x00",
		"a size of 0 x 8":                 "\xff\xc0\x00\x0b\x08\x00\x08\x00\x00\x01\x01\x11\x00",
		"a scan before the frame header":  "\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00",
		"Huffman table is missing":        frame + "\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00",
		"component 7, which there is not": frame + "\xff\xda\x00\x08\x01\x07\x00\x00\x3f\x00",
		"more codes than there are":       "\xff\xc4\x00\x16\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03",
		"quantisation table with the":     "\xff\xdb\x00\x03\x04",
		"quantisation table that is too":  "\xff\xdb\x00\x03\x00",
		"0xffdb has a length of 1":        "\xff\xdb\x00\x01",
	} {
		_, err := Decode([]byte("\xff\xd8" + body))
		require.ErrorContains(t, err, want)
	}
}

// FuzzDecode checks that any file gives whole planes or an error, and that the standard library sees the same size.
func FuzzDecode(f *testing.F) {
	for _, data := range files(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 2 {
			return
		}
		w, h, err := Config(data)
		if err != nil || w*h > 1<<20 {
			return
		}
		p, err := Decode(data)
		if err != nil {
			return
		}
		if p.W != w || p.H != h {
			t.Fatalf("%d x %d, not %d x %d", p.W, p.H, w, h)
		}
		for _, plane := range p.Planes {
			if plane.W != (w+plane.ScaleX-1)/plane.ScaleX || len(plane.Row(plane.H-1)) != plane.W {
				t.Fatalf("plane %d x %d of %d x %d", plane.W, plane.H, w, h)
			}
		}
		if c, err := stdlib.DecodeConfig(bytes.NewReader(data)); err == nil && (c.Width != w || c.Height != h) {
			t.Fatalf("the standard library sees %d x %d, not %d x %d", c.Width, c.Height, w, h)
		}
	})
}
