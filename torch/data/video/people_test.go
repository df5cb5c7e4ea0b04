package video

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

// aFace is the text of 68 keypoints: a jaw around (x, y) of that radius, and the rest within.
func aFace(x, y, r float64) string {
	var b strings.Builder
	for i := range 17 {
		angle := math.Pi * float64(i) / 16
		fmt.Fprintf(&b, "%.1f,%.1f\n", x-r*math.Cos(angle), y+r*math.Sin(angle))
	}
	for i := 17; i < 68; i++ {
		fmt.Fprintf(&b, "%.1f,%.1f\n", x-r/2+r*float64((i*7)%17)/17, y-r/3+float64(i)*r/100)
	}
	return b.String()
}

// save writes a file below a folder.
func save(t testing.TB, content []byte, path ...string) {
	file := filepath.Join(path...)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, content, 0o644))
}

// flat writes a black picture, which has no edges of its own.
func flat(t testing.TB, h, w int, path ...string) {
	var b strings.Builder
	require.NoError(t, vision.EncodePNG(&b, vision.NewImage(h, w, 3)))
	save(t, []byte(b.String()), path...)
}

func read(t testing.TB, s *Set, i int, seed uint64) []data.Array {
	var row []data.Array
	for _, f := range s.Fields() {
		row = append(row, data.Array{Name: f.Name, Shape: f.Shape, Float32: make([]float32, f.Size())})
	}
	require.NoError(t, s.Read(i, rand.New(rand.NewPCG(seed, 0)), row))
	return row
}

func TestAFaceIsCutOutAndDrawnWithItsDistances(t *testing.T) {
	dir := t.TempDir()
	for k := range 3 {
		save(t, []byte(aFace(100+float64(5*k), 70, 20)), dir, "train_keypoints", "ann", fmt.Sprint(k, ".txt"))
		flat(t, 160, 200, dir, "train_img", "ann", fmt.Sprint(k, ".png"))
	}
	s, err := Open(dir, Options{Kind: Face, Frames: 2, Load: 96, Plain: true})
	require.NoError(t, err)
	require.Equal(t, []int{2, 15, 96, 96}, s.Fields()[0].Shape, "the square of 2.5 times 40")
	a := read(t, s, 0, 1)[0].Float32
	edges, jaw := a[:96*96], a[96*96:2*96*96]
	on := 0
	for i, v := range edges {
		require.GreaterOrEqual(t, v, float32(0))
		require.LessOrEqual(t, v, float32(1))
		if v > 0.5 {
			on++
		}
		if jaw[i] > 3.5/255 {
			require.False(t, a[i] > 0.9 && distances(a, i) > 3.5/255, "an edge far from all curves")
		}
	}
	require.Greater(t, on, 100)
	require.Less(t, on, 3000)
	require.Greater(t, jaw[0], jaw[50*96+20], "the corner is farther from the outline")
}

// distances is the least value of the distance maps at pixel i.
func distances(a []float32, i int) float32 {
	least := a[96*96+i]
	for c := 2; c < 15; c++ {
		least = min(least, a[c*96*96+i])
	}
	return least
}

func TestACurveGoesThroughItsPoints(t *testing.T) {
	for _, p := range [][]point{{{0, 0}, {10, 5}, {20, 0}}, {{20, 0}, {10, 5}, {0, 0}}, {{3, 0}, {5, 10}, {3, 20}}, {{0, 4}, {9, 4}}} {
		got := curve(p)
		require.NotEmpty(t, got)
		require.Equal(t, p[0], got[0])
		require.Equal(t, p[len(p)-1], got[len(got)-1])
		if len(p) == 3 {
			near := math.Inf(1)
			for _, q := range got {
				near = min(near, math.Hypot(q.x-p[1].x, q.y-p[1].y))
			}
			require.LessOrEqual(t, near, 1.5)
		}
	}
	require.Empty(t, curve([]point{{0, 0}, {1, 20}, {0, 0}}), "no line along either side")
	require.Empty(t, curve([]point{{5, 5}, {5, 5}}))
}

func TestDistancesAreInSteps(t *testing.T) {
	im := vision.NewImage(3, 4, 1)
	im.Pix[1*4+1] = 255
	require.Equal(t, []int{2, 1, 2, 3, 1, 0, 1, 2, 2, 1, 2, 3}, cityBlock(im))
}

// walker is a person of OpenPose who stands upright around x.
func walker(x float64) person {
	p := person{Body: make([]float64, 75)}
	for i := range 25 {
		copy(p.Body[3*i:], []float64{x + float64(i%3)*6 - 6, 10 + float64(i)*4, 0.9})
	}
	return p
}

func TestAPoseHasItsPartsAndItsSkeletonInTheMiddleOfTheFrame(t *testing.T) {
	dir := t.TempDir()
	for k := range 2 {
		text, err := json.Marshal(map[string]any{"people": []person{walker(128)}})
		require.NoError(t, err)
		save(t, text, dir, "train_openpose", "bob", fmt.Sprintf("%d_keypoints.json", k))
		flat(t, 128, 256, dir, "train_img", "bob", fmt.Sprintf("%d.png", k))
		dense := vision.NewImage(128, 256, 3)
		for i := range 128 * 256 {
			if i%256 > 120 && i%256 < 136 {
				copy(dense.Pix[3*i:], []uint8{10, 20, 24})
			}
		}
		var b strings.Builder
		require.NoError(t, vision.EncodePNG(&b, dense))
		save(t, []byte(b.String()), dir, "train_densepose", "bob", fmt.Sprintf("%d_IUV.png", k))
	}
	s, err := Open(dir, Options{Kind: Pose, Load: 256, Flip: true, Plain: true})
	require.NoError(t, err)
	require.Equal(t, []int{1, 6, 128, 128}, s.Fields()[0].Shape)
	require.Equal(t, []int{1, 3, 128, 128}, s.Fields()[1].Shape)
	a := read(t, s, 0, 1)[0].Float32
	channel := func(c, x, y int) float32 { return a[(c*128+y)*128+x] }
	require.EqualValues(t, 1, channel(2, 64, 64), "part 24 is the brightest")
	require.EqualValues(t, -1, channel(2, 10, 64))
	lit := func(a []float32) (n int) {
		for _, v := range a[3*128*128:] {
			if v > -1 {
				n++
			}
		}
		return n
	}
	require.Greater(t, lit(a), 500)

	s, err = Open(dir, Options{Kind: Pose, Load: 256})
	require.NoError(t, err)
	dropped := 0
	for seed := range uint64(40) {
		if lit(read(t, s, 0, seed)[0].Float32) < lit(a) {
			dropped++
		}
	}
	require.Greater(t, dropped, 10, "1 - 0.95^24 of the drawings lack a limb")
}

func TestKeypointsThatCannotBeAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"1,2\n":                       "keypoints f: there are 1, not the 68 of a face",
		"1;2\n":                       `keypoints f: line 1 is "1;2", not x,y`,
		strings.Repeat("1,1e9\n", 68): `keypoints f: line 1 is "1,1e9", not x,y`,
		strings.Repeat("1,nan\n", 68): `keypoints f: line 1 is "1,nan", not x,y`,
		strings.Repeat("1,2\n", 69):   "keypoints f: there are 69, not the 68 of a face",
	} {
		_, err := parseFace("f", []byte(text))
		require.EqualError(t, err, want)
	}
	for text, want := range map[string]string{
		"{":                                      "keypoints f: the file is no JSON of OpenPose: unexpected end of JSON input",
		`{"people":[{}]}`:                        "keypoints f: the body of person 0 has 0 numbers, not 25 points of 3",
		`{"people":[{"pose_keypoints_2d":[1]}]}`: "keypoints f: the body of person 0 has 1 numbers, not 25 points of 3",
	} {
		_, err := parsePose("f", []byte(text))
		require.EqualError(t, err, want)
	}
	people, err := parsePose("f", []byte(`{"people":[]}`))
	require.NoError(t, err)
	require.Empty(t, people)
	im := vision.NewImage(1, 1, 3)
	im.Pix[2] = 25
	require.EqualError(t, spread(im, "d.png", keeping(true, nil)), "picture d.png: the third channel holds 25 at pixel 0, but DensePose's parts run from 0 to 24")
}

func FuzzKeypoints(f *testing.F) {
	f.Add([]byte(aFace(10, 10, 5)))
	f.Add([]byte(`{"people":[]}`))
	body, err := json.Marshal(map[string]any{"people": []person{walker(9)}})
	require.NoError(f, err)
	f.Add(body)
	f.Fuzz(func(t *testing.T, raw []byte) {
		frame := vision.NewImage(20, 30, 3)
		if pts, err := parseFace("f", raw); err == nil {
			r := around(pts, 20, 30)
			require.True(t, r.top >= 0 && r.left >= 0 && r.h > 0 && r.top+r.h <= 20 && r.left+r.w <= 30)
			require.Len(t, drawFace(pts, frame), faceChannels)
		}
		if people, err := parsePose("f", raw); err == nil && len(people) < 10 {
			drawPose(people, 20, 30, keeping(true, nil))
		}
	})
}
