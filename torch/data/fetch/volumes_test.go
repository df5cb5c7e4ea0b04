package fetch

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// nifti is a volume as a file holds it.
func nifti(nx, ny, nz int, voxels []uint8) []byte {
	b := make([]byte, 352, 352+len(voxels))
	le := binary.LittleEndian
	le.PutUint32(b, 348)
	for i, d := range []int{3, nx, ny, nz, 1, 1, 1, 1} {
		le.PutUint16(b[40+2*i:], uint16(d))
	}
	le.PutUint16(b[70:], 2)
	le.PutUint32(b[108:], math.Float32bits(352))
	copy(b[344:], "n+1\x00")
	return append(b, voxels...)
}

func TestVolumeIsReadWithXFastest(t *testing.T) {
	v, err := parseNIfTI(nifti(2, 1, 2, []uint8{1, 2, 3, 4}))
	require.NoError(t, err)
	require.Equal(t, []uint8{2, 3}, []uint8{v.at(1, 0, 0), v.at(0, 0, 1)})
}

func TestBrokenVolumesAreRefused(t *testing.T) {
	change := func(at int, bytes ...byte) []byte {
		b := nifti(2, 1, 2, []uint8{1, 2, 3, 4})
		copy(b[at:], bytes)
		return b
	}
	for problem, text := range map[string][]byte{
		"no NIfTI-1 volume":                    change(344, 'x'),
		"big-endian":                           change(0, 0, 0, 1, 92),
		"dimensions [2 2 1 2 1 1 1 1]":         change(40, 2),
		"dimensions [4 2 1 2 9 1 1 1]":         append(change(40, 4)[:48], append([]byte{9}, change(40, 4)[49:]...)...),
		"of type 16":                           change(70, 16),
		"cannot begin at byte NaN":             change(108, 0, 0, 0xc0, 0x7f),
		"6 voxels are announced and 4 are the": change(46, 3),
	} {
		_, err := parseNIfTI(text)
		require.ErrorContains(t, err, problem)
	}
}

func FuzzNIfTI(f *testing.F) {
	f.Add(nifti(2, 1, 2, []uint8{1, 2, 3, 4}))
	f.Fuzz(func(t *testing.T, text []byte) {
		if v, err := parseNIfTI(text); err == nil {
			v.at(v.nx-1, v.ny-1, v.nz-1)
		}
	})
}

func TestSlicesStandUprightAndTissueOutsideTheAtlasIsLabelled(t *testing.T) {
	head := volume{2, 2, 2, []uint8{0, 40, 200, 3, 50, 60, 70, 80}}
	atlas := volume{2, 2, 2, []uint8{0, 0, 0, 0, 9, 0, 0, 0}}
	image, label, regions := cut(head, atlas, 2, 0) // z = 0: y upwards, x to the right
	require.Equal(t, []uint8{200, 3, 0, 40}, image.Pix)
	require.Equal(t, []uint8{mrBright, 0, 0, mrDark}, label.Pix)
	require.False(t, regions)
	image, label, regions = cut(head, atlas, 0, 0) // x = 0: z upwards, y to the right
	require.Equal(t, []uint8{50, 70, 0, 200}, image.Pix)
	require.Equal(t, []uint8{9, mrDark, 0, mrBright}, label.Pix)
	require.True(t, regions)
	image, _, _ = cut(head, atlas, 1, 1) // y = 1: z upwards, x to the right
	require.Equal(t, []uint8{70, 80, 200, 3}, image.Pix)
}

func TestPatchesOfTheEarthHoldLandAndKeepTheSplitsApart(t *testing.T) {
	m := mask{180, make([]uint8, 360*180)}
	for lat := range 180 {
		for lon := range 360 {
			if lat >= 60 { // land north of 30 S
				m.kinds[lat*360+lon] = 1
			}
		}
	}
	require.Equal(t, []uint8{1, 0}, []uint8{m.at(0, 0, 180), m.at(179, 0, 180)}, "north is up")
	f := frame{360, m}
	seen := map[string]int{}
	for _, p := range f.patches(40) {
		seen[p.split]++
		if p.split == "train" {
			require.LessOrEqual(t, p.x+40, 480, "60 E")
		} else {
			require.GreaterOrEqual(t, p.x, 480)
			require.Zero(t, p.y%40)
		}
		require.LessOrEqual(t, p.y, 232, "a fifth is land")
	}
	require.Equal(t, map[string]int{"train": 12 * 23, "test": 6 * 6}, seen)
}

func TestClassesOfTheEarthFollowMaskAndColour(t *testing.T) {
	require.Equal(t, []uint8{3, 0, 2, 4, 6, 9}, []uint8{
		earthClass(2, []uint8{18, 95, 205}), earthClass(0, []uint8{20, 90, 200}), earthClass(0, []uint8{173, 217, 244}),
		earthClass(1, []uint8{53, 130, 39}), earthClass(1, []uint8{238, 207, 168}), earthClass(1, []uint8{224, 224, 224}),
	})
}
