package pairs

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/goldentest"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

// golden is what testdata/golden.py wrote.
func golden(t *testing.T) map[string]goldentest.Tensor {
	return goldentest.Load(t, filepath.Join("testdata", "golden.safetensors"))
}

func fromTestdata(t *testing.T, name string, channels int) picture {
	p, err := load(filepath.Join("testdata", name), channels)
	require.NoError(t, err)
	return p
}

// bytesOf undoes the normalisation: what is left must be whole numbers, laid out (H, W, C).
func bytesOf(t *testing.T, f data.Field, x []float32) []uint8 {
	h, w := size(f)
	return vision.FromFloats(x, f.Shape[0], h, w, -1, 1, vision.HalfUp).Pix
}

func TestPicturesComeOutAsTheOfficialTransformsGiveThem(t *testing.T) {
	want := golden(t)
	raw, err := os.ReadFile(filepath.Join("testdata", "golden.json"))
	require.NoError(t, err)
	var cases []struct {
		Options
		Top, Left int
		Flip      bool
	}
	require.NoError(t, json.Unmarshal(raw, &cases))
	require.Len(t, cases, 12)
	ab := fromTestdata(t, "ab.png", 3)
	a, err := ab.cut(left)
	require.NoError(t, err)
	b, err := ab.cut(right)
	require.NoError(t, err)
	grey, err := fromTestdata(t, "ab.png", 1).cut(left)
	require.NoError(t, err)
	label, err := loadIDs(filepath.Join("testdata", "label.png"))
	require.NoError(t, err)
	instance, err := loadIDs(filepath.Join("testdata", "instance.png"))
	require.NoError(t, err)
	for n, c := range cases {
		t.Run(fmt.Sprintf("%d %s", n, c.Preprocess), func(t *testing.T) {
			o, err := c.Options.fill("golden")
			require.NoError(t, err)
			bilinear := o
			bilinear.Bilinear = true
			at := place{c.Top, c.Left, c.Flip}
			for _, p := range []struct {
				name string
				picture
				o        Options
				channels int
			}{{"A", a, o, 3}, {"B", b, o, 3}, {"grey", grey, o, 1}, {"bilinear", a, bilinear, 3}} {
				f := p.o.field(p.name, p.h, p.w, p.channels)
				x := make([]float32, f.Size())
				require.NoError(t, p.put(p.o, at, f, x))
				w := want[fmt.Sprintf("%d.%s", n, p.name)]
				require.Equal(t, w.Shape[:2], f.Shape[1:], p.name)
				require.Equal(t, w.Uint8(), bytesOf(t, f, x), p.name)
			}
			for name, ids := range map[string]*vision.IDs{"label": label, "instance": instance} {
				f := o.field(name, ids.H, ids.W)
				got := make([]int64, f.Size())
				require.NoError(t, putIDs(o, name, ids, at, f, got))
				w := want[fmt.Sprintf("%d.%s", n, name)]
				require.Equal(t, w.Shape, f.Shape, name)
				for i, v := range w.Float64() {
					require.EqualValues(t, v, got[i], "%s, pixel %d", name, i)
				}
			}
			deep := fromTestdata(t, "deep.png", 1)
			f := o.field("deep", deep.h, deep.w, 1)
			x := make([]float32, f.Size())
			require.NoError(t, deep.put(o, at, f, x))
			require.Len(t, x, want[fmt.Sprintf("%d.deep", n)].Len())
			for i, v := range want[fmt.Sprintf("%d.deep", n)].Float32() {
				require.InDelta(t, (max(0, min(65535, v))/65535-0.5)/0.5, x[i], 1e-7, "pixel %d", i)
			}
		})
	}
}

func TestValuesAreThoseOfToTensorAndNormalize(t *testing.T) {
	want := golden(t)
	o, err := Options{Load: 19, Size: 16}.fill("golden")
	require.NoError(t, err)
	a, err := fromTestdata(t, "ab.png", 3).cut(left)
	require.NoError(t, err)
	x := make([]float32, 3*16*16)
	require.NoError(t, a.put(o, place{2, 1, true}, o.field("A", a.h, a.w, 3), x))
	require.Equal(t, want["values.A"].Float32(), x)

	ids, err := loadIDs(filepath.Join("testdata", "label.png"))
	require.NoError(t, err)
	require.NotEmpty(t, want["values.label"].Float32())
	for i, v := range want["values.label"].Float32() {
		require.EqualValues(t, v, ids.Pix[i], "the 8-bit ids are exact in float32")
	}
}

func TestLabIsThatOfScikitImage(t *testing.T) {
	want := golden(t)
	o, err := Options{Load: 19, Size: 16}.fill("golden")
	require.NoError(t, err)
	p, err := fromTestdata(t, "ab.png", 3).cut(left)
	require.NoError(t, err)
	im, err := p.part(o, place{2, 1, true}, o.field("A", p.h, p.w, 3))
	require.NoError(t, err)
	l, ab := make([]float32, 256), make([]float32, 512)
	lab(im, l, ab)
	require.InDeltaSlice(t, want["lab.A"].Float32(), l, 1e-6)
	require.InDeltaSlice(t, want["lab.B"].Float32(), ab, 1e-6)

	values := want["lab.values"].Float32()
	h, w := want["lab.values"].Shape[1], want["lab.values"].Shape[2]
	require.Equal(t, 3*h*w, want["lab.back"].Len())
	got, off := FromLab(values[:h*w], values[h*w:], h, w), 0
	for i, v := range want["lab.back"].Uint8() {
		if d := int(v) - int(got.Pix[i]); d != 0 {
			require.LessOrEqual(t, max(d, -d), 1, "value %d", i)
			off++
		}
	}
	require.LessOrEqual(t, off, 4, "values of %d that truncation puts on the other side", len(got.Pix))
}
